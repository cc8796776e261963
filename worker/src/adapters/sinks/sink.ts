// What every sink is: somewhere that batches of wide events go. A sink sends and says
// what became of each event; when to send, and again, is the outbox's business. Knows
// no schedule, keeps nothing, and never rejects: a failure is an outcome.
import type { WideEvent } from "#rum/wide-event.ts";

/** One line of a shard's outbox. */
export type SinkEvent = {
  /** Grows by one from line to line of its shard, from 1. */
  readonly seq: number;
  readonly event: WideEvent;
};

/** Events of one shard, in its order. May come twice, in whole or in part. */
export type SinkBatch = { readonly shard: string; readonly events: readonly SinkEvent[] };

/** What became of a batch. */
export type SinkOutcome =
  /** Taken, but for those named: `retry` may yet be taken, `refused` never will be. */
  | {
      readonly outcome: "taken";
      readonly retry: readonly number[];
      readonly refused: readonly { readonly seq: number; readonly why: string }[];
    }
  /** Nothing was taken, or nobody knows: all of it is to be sent again. */
  | { readonly outcome: "failed"; readonly why: string; readonly retryAfterMs?: number };

/** The largest batch that a sink takes, and the longest that events may wait for it to fill. */
type SinkMost = {
  readonly events: number;
  /** Of the events as JSON. */
  readonly bytes: number;
  readonly ageMs: number;
};

export type Sink = {
  /** Its name in the configuration. */
  readonly name: string;
  readonly most: SinkMost;
  /** Sends a batch. Never rejects. */
  readonly send: (batch: SinkBatch) => Promise<SinkOutcome>;
};

/** Names a batch: the same text for the same events of the same shard. */
export function batchId({ shard, events }: SinkBatch): string {
  return `${shard}-${events[0]?.seq ?? 0}-${events.at(-1)?.seq ?? 0}`;
}
