// The lanes of a shard: one for each sink and, while events wait for it, one for each that
// is not there any more. Those events are parked under its name; what is sealed after it
// went is not meant for it. A sink that comes back meanwhile goes on where it was.
import type { Outbox } from "#rum/window/outbox.ts";
import { reportToLog } from "#src/adapters/report.ts";
import {
  Lane,
  newLane,
  type LaneDependencies,
  type LaneState,
} from "#src/adapters/sinks/dispatch.ts";
import { removedSink } from "#src/adapters/sinks/placeholders.ts";
import type { Sink } from "#src/adapters/sinks/sink.ts";
import type { SinkCounts } from "#src/adapters/window-rpc.ts";
import type { ShardState } from "./shard-state.ts";

export type Sinks = {
  readonly sinks: readonly Sink[];
  /** What stands for a sink that is not among them but may come back; undefined where it is gone. */
  readonly absentSink: (name: string) => Sink | undefined;
};

/** A sink, and where it stands. */
type Opening = { readonly sink: Sink; readonly state: LaneState };

/** Where the lanes of a shard begin. */
export function openingsOf(
  { seq, lanes }: Pick<ShardState, "seq" | "lanes">,
  { sinks, absentSink }: Sinks,
): readonly Opening[] {
  const names = new Set(sinks.map(({ name }) => name));
  const present = sinks.map((sink): Opening => {
    const { until: _, ...state } = lanes[sink.name] ?? newLane(seq);
    return { sink, state };
  });
  const others = Object.entries(lanes).filter(([name]) => !names.has(name));
  return [...present, ...others.flatMap(([name, state]) => openingWithout(name, state, seq))];

  function openingWithout(name: string, state: LaneState, lastSeq: number): readonly Opening[] {
    const absent = absentSink(name);
    if (absent !== undefined) return [{ sink: absent, state }];
    const until = state.until ?? lastSeq;
    if (state.cursor >= until) return [];
    reportToLog("sink_removed", { sink: name, events: until - state.cursor });
    return [{ sink: removedSink(name), state: { ...state, until } }];
  }
}

type LanesDependencies = Pick<
  LaneDependencies,
  "shard" | "park" | "now" | "random" | "onChange"
> & {
  readonly outbox: Outbox;
  readonly isPaused: (sink: string) => boolean;
};

export class Lanes {
  readonly #outbox: Outbox;
  #lanes: readonly Lane[];

  constructor(openings: readonly Opening[], dependencies: LanesDependencies) {
    const { outbox, isPaused, onChange } = dependencies;
    this.#outbox = outbox;
    this.#lanes = openings.map(({ sink, state }) => {
      const { until } = state;
      return new Lane(state, {
        ...dependencies,
        sink,
        outbox: until === undefined ? outbox : outboxUntil(outbox, until),
        isPaused: () => until === undefined && isPaused(sink.name),
        onChange: () => {
          this.#lanes = this.#lanes.filter((each) => !isOver(each));
          onChange();
        },
      });
    });
  }

  /** Whether nobody wants any event. */
  get isEmpty(): boolean {
    return this.#lanes.length === 0;
  }

  /** Events that each sink is not done with. */
  get waiting(): readonly number[] {
    return this.#lanes.map(({ waiting }) => waiting);
  }

  /** Last event that all sinks are done with. */
  get cursor(): number {
    const cursors = this.#lanes.map(({ state }) => state.cursor);
    return Math.min(this.#outbox.lastSeq, ...cursors);
  }

  states(): ShardState["lanes"] {
    return Object.fromEntries(this.#lanes.map(({ name, state }) => [name, state]));
  }

  counts(nowMs: number): readonly SinkCounts[] {
    return this.#lanes.map((lane) => {
      const { name, events, waiting, lastFailure } = lane;
      const { exported, parked, retried, cursor } = lane.state;
      const sinceMs = this.#outbox.waitingSinceMs(cursor);
      const oldestUnsentMs = sinceMs === undefined ? null : nowMs - sinceMs;
      return { name, events, exported, parked, retried, waiting, oldestUnsentMs, lastFailure };
    });
  }

  /** Lets every sink send what is ripe. Never rejects. */
  async pump(): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane.pump()));
  }
}

/** Whether all is put away that waited for a sink that is gone. */
function isOver({ state, waiting }: Lane): boolean {
  return state.until !== undefined && waiting === 0;
}

/** What of the outbox is meant for a sink that went after `until`. */
function outboxUntil(outbox: Outbox, until: number): LaneDependencies["outbox"] {
  return {
    lastSeq: until,
    read: (seq, most) => outbox.read(seq, Math.min(most, until - seq)),
    waitingSinceMs: (seq) => (seq >= until ? undefined : outbox.waitingSinceMs(seq)),
  };
}
