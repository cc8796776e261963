// The control API's documents about the pipeline, as schemas.
import * as v from "valibot";
import { mostShards } from "#rum/window/ring.ts";

const sinkEntries = {
  name: v.string(),
  /** Events since the sink was there. */
  events: v.number(),
  exported: v.number(),
  waiting: v.number(),
  parked: v.number(),
  /** Batches that were not taken, or in part. */
  retried: v.number(),
  /** Age of the oldest event that waits; null where none does. */
  oldestUnsentMs: v.nullable(v.number()),
  /** Why the last attempt failed; empty where it did not. */
  lastFailure: v.string(),
};

const shardView = v.object({
  shard: v.string(),
  counts: v.object({
    taken: v.number(),
    duplicate: v.number(),
    shed: v.number(),
    sealed: v.number(),
    both: v.number(),
    earlyOnly: v.number(),
    lateOnly: v.number(),
    update: v.number(),
    delivery: v.number(),
    deliveryDropped: v.number(),
    pipeline: v.number(),
  }),
  openBeacons: v.number(),
  openViews: v.number(),
  sinks: v.array(v.object(sinkEntries)),
  storedBytes: v.number(),
  edge: v.record(v.string(), v.number()),
  /** Since the object started last. */
  rowsWritten: v.number(),
  alarmsSet: v.number(),
});

/** GET /pipeline. */
export const pipelineView = v.object({
  /** What became of the beacons that edges were sent, by outcome. */
  edge: v.record(v.string(), v.number()),
  taken: v.number(),
  duplicate: v.number(),
  shed: v.number(),
  open: v.number(),
  sealed: v.number(),
  /** Beacons taken that are in no view and no duplicates: 0, or there is a bug. */
  unaccounted: v.number(),
  events: v.object({
    both: v.number(),
    earlyOnly: v.number(),
    lateOnly: v.number(),
    update: v.number(),
    delivery: v.number(),
    pipeline: v.number(),
  }),
  /** Sampled deliveries that never arrived. */
  deliveryDropped: v.number(),
  openViews: v.number(),
  sinks: v.array(v.object({ ...sinkEntries, unaccounted: v.number() })),
  shards: v.array(shardView),
});

const shardsRule = `must be a whole number from 1 to ${mostShards}`;

/** PUT /pipeline/shards. */
export const shardsBody = v.object({
  shards: v.pipe(
    v.number(shardsRule),
    v.integer(shardsRule),
    v.minValue(1, shardsRule),
    v.maxValue(mostShards, shardsRule),
  ),
});
export const shardsView = v.object({
  /** Grows with every change. */
  epoch: v.number(),
  /** In each region. */
  shards: v.number(),
  since: v.string(),
});

export type PipelineView = v.InferOutput<typeof pipelineView>;
