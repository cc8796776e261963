// What a shard knows beside its views: a few hundred characters that every row of the
// log carries, so that the latest row tells all of it.
import type { LaneState } from "#src/adapters/sinks/dispatch.ts";
import type { ShardCounts } from "#src/adapters/window-rpc.ts";
import type { Remembered } from "#rum/window/closed-views.ts";
import { firstRing, type Ring } from "#rum/window/ring.ts";
import type { Sealed } from "#rum/stitch.ts";

export type ShardState = {
  /** Of the last event. */
  readonly seq: number;
  /** The oldest row that is needed. */
  readonly keepFrom: number;
  readonly counts: ShardCounts;
  /** Which closed views were known after it. */
  readonly closed: Remembered;
  /** The newest ring that an edge has told of. */
  readonly ring: Ring;
  readonly lanes: Readonly<Record<string, LaneState>>;
};

const firstState: ShardState = {
  seq: 0,
  keepFrom: 0,
  counts: {
    taken: 0,
    duplicate: 0,
    shed: 0,
    sealed: 0,
    both: 0,
    earlyOnly: 0,
    lateOnly: 0,
    update: 0,
    delivery: 0,
    deliveryDropped: 0,
    pipeline: 0,
  },
  closed: { sinceMs: 0, fromMs: 0 },
  ring: firstRing,
  lanes: {},
};

/** A stored state; what a later version added has its first value. */
export function stateFrom(text: string | undefined): ShardState {
  if (text === undefined) return firstState;
  const stored = JSON.parse(text) as ShardState;
  return { ...firstState, ...stored, counts: { ...firstState.counts, ...stored.counts } };
}

/** What an event counts as. */
export function countOf({ kind, arrivals }: Sealed): "both" | "earlyOnly" | "lateOnly" | "update" {
  if (kind === "page_update") return "update";
  if (kind === "late_only") return "lateOnly";
  return arrivals.length > 1 ? "both" : "earlyOnly";
}
