// What the pipeline says of itself: one row a minute for each shard that worked, one for
// each of its sinks, and one for each thing that edges told it became of beacons.
import { server } from "#rum/column.ts";
import { bytes, count, instant, label, ms, oneOf, text } from "#rum/kinds.ts";

const scopes = ["shard", "sink", "edge"] as const;

/** Of `pipeline` events alone. Counts are of the time since `pipeline.since`. */
export const pipelineColumns = {
  "pipeline.scope": server(
    oneOf(scopes),
    "What the row is of: a shard, one of its sinks, or one outcome of beacons at edges.",
  ),
  "pipeline.shard": server(label, "Part of the shard's id: the same in all its rows."),
  "pipeline.since": server(instant, "When the row before it was made; absent in a shard's first."),
  "pipeline.taken": server(count, "Beacons that became durable."),
  "pipeline.duplicate": server(count, "Of those, beacons that came again."),
  "pipeline.shed": server(count, "Beacons that the shard let go because it was overloaded."),
  "pipeline.sealed": server(count, "Beacons that went into events."),
  "pipeline.both": server(count, "Page views with an early and a late beacon."),
  "pipeline.early_only": server(count, "Page views of which no late beacon came in time."),
  "pipeline.late_only": server(count, "Views of late beacons alone."),
  "pipeline.updates": server(count, "Events of beacons that came after their view was sealed."),
  "pipeline.deliveries": server(count, "Events of sampled requests."),
  "pipeline.deliveries_dropped": server(count, "Events of sampled requests that were lost."),
  "pipeline.open_views": server(count, "Views that were open when the row was made."),
  "pipeline.stored_bytes": server(bytes, "Size of the shard's database."),
  "pipeline.sink": server(label, "The sink."),
  "pipeline.exported": server(count, "Events that the sink took."),
  "pipeline.parked": server(count, "Events that were put away for it."),
  "pipeline.retried": server(count, "Attempts of batches that failed."),
  "pipeline.waiting": server(count, "Events that waited for it when the row was made."),
  "pipeline.oldest_unsent_ms": server(ms, "How long the oldest of those had waited."),
  "pipeline.failure": server(text(200), "Why the last attempt failed, where it did."),
  "pipeline.outcome": server(label, "What became of beacons at an edge: `taken`, or why not."),
  "pipeline.beacons": server(count, "Beacons that edges told of with this outcome."),
} as const;
