// aviary pipeline: where the beacons are, and where the events went.
import type { PipelineView } from "#src/admin/pipeline-contract.ts";
import { defineAction } from "../action.ts";
import { details } from "../details.ts";
import { counted, harmless } from "../format.ts";
import { paint } from "../paint.ts";
import { table } from "../table.ts";

export const pipeline = defineAction({
  description: "Show what became of beacons, page views and events",
  args: {},
  examples: ["aviary pipeline", "aviary pipeline --json"],
  remarks: [
    "Every beacon that was taken is a duplicate, in an open view or in an event; every event",
    "is exported, waiting or parked at each sink. It says so where that does not add up.",
  ],
  async run({ session }) {
    const seen = await session.api.pipeline();
    return {
      json: seen,
      text: [beaconsText(seen, session.columns()), sinksText(seen), shardsText(seen)].join("\n\n"),
    };
  },
});

function beaconsText(seen: PipelineView, columns: number): string {
  const { edge, taken, duplicate, open, sealed, shed, events, openViews, unaccounted } = seen;
  const refused = Object.entries(edge).filter(
    ([outcome, count]) => count > 0 && outcome !== "taken" && outcome !== "duplicate",
  );
  const rows: [string, string][] = [
    ["beacons taken", number(taken)],
    ["  duplicates", number(duplicate)],
    ["  in open views", `${number(open)} in ${counted(openViews, "view")}`],
    ["  in events", number(sealed)],
    ["shed", number(shed)],
    ...refused.map(([name, count]): [string, string] => [`edge: ${harmless(name)}`, number(count)]),
    [
      "events",
      `${number(events.both)} with both beacons, ${number(events.earlyOnly)} early only, ` +
        `${number(events.lateOnly)} late only, ${counted(events.update, "update")}, ` +
        `${counted(events.delivery, "sampled delivery", "sampled deliveries")}, ${number(events.pipeline)} of the pipeline itself`,
    ],
  ];
  if (unaccounted !== 0) {
    rows.push(["not accounted for", paint("red", counted(unaccounted, "beacon"))]);
  }
  return details(rows, columns);
}

function sinksText({ sinks }: PipelineView): string {
  if (sinks.length === 0) return "No sink was sent anything yet.";
  const heading = ["SINK", "EVENTS", "EXPORTED", "WAITING", "PARKED", "RETRIED", "OLDEST", ""];
  const rows = sinks.map((sink) => [
    harmless(sink.name),
    number(sink.events),
    number(sink.exported),
    number(sink.waiting),
    number(sink.parked),
    number(sink.retried),
    sink.oldestUnsentMs === null ? "-" : `${(sink.oldestUnsentMs / 1_000).toFixed(1)} s`,
    sink.unaccounted === 0
      ? harmless(sink.lastFailure)
      : paint("red", `${number(sink.unaccounted)} not accounted for`),
  ]);
  return table(heading, rows);
}

function shardsText({ shards }: PipelineView): string {
  if (shards.length === 0) return "No shard has taken anything yet.";
  const rows = shards.map(({ shard, counts, openViews, storedBytes }) => [
    harmless(shard),
    number(counts.taken),
    number(counts.duplicate),
    number(counts.shed),
    number(openViews),
    `${number(Math.round(storedBytes / 1_024))} KiB`,
  ]);
  return table(["SHARD", "TAKEN", "DUPLICATES", "SHED", "OPEN VIEWS", "STORED"], rows);
}

function number(value: number): string {
  return value.toLocaleString("en-US");
}
