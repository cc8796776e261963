// A sink behind the outbox's own lane, while it is down for two hours of a clock that is
// moved by hand.
import { Lane, newLane } from "#src/adapters/sinks/dispatch.ts";
import type { Sink, SinkEvent } from "#src/adapters/sinks/sink.ts";
import { pageView } from "./events.ts";

const minuteMs = 60_000;

type Outage = {
  readonly sink: Sink;
  /** Called when the sink goes down, and when it is well again. */
  readonly turn: (isWell: boolean) => void;
};

export type Survived = {
  /** Ids of the events that there were, one in five minutes. */
  readonly ids: readonly string[];
  readonly exported: number;
  readonly waiting: number;
  readonly parked: readonly SinkEvent[];
  /** Attempts that failed. */
  readonly retried: number;
};

/** Three hours: well for ten minutes, down for two hours, and well again. */
export async function surviveOutage({ sink, turn }: Outage): Promise<Survived> {
  let nowMs = Date.parse("2026-11-23T12:00:00.000Z");
  const startMs = nowMs;
  const events: (SinkEvent & { readonly sealedAtMs: number })[] = [];
  const parked: SinkEvent[] = [];
  const lane = new Lane(newLane(0), {
    sink,
    shard: "s7",
    outbox: {
      get lastSeq() {
        return events.length;
      },
      read: (seq, most) => events.slice(seq, seq + most),
      waitingSinceMs: (seq) => events[seq]?.sealedAtMs,
    },
    park: (_sink, batch) => {
      parked.push(...batch.events);
      return Promise.resolve();
    },
    now: () => nowMs,
    isPaused: () => false,
    random: () => 0.5,
    onChange: () => {},
  });
  for (let minute = 0; minute < 180; minute += 5) {
    if (minute === 10) turn(false);
    if (minute === 130) turn(true);
    if (minute < 170) {
      const seq = events.length + 1;
      events.push({ seq, event: pageView(seq, nowMs), sealedAtMs: nowMs });
    }
    nowMs = startMs + (minute + 5) * minuteMs;
    await lane.pump();
  }
  return {
    ids: events.map(({ event }) => event["event.id"] ?? ""),
    exported: lane.state.exported,
    waiting: lane.waiting,
    parked,
    retried: lane.state.retried,
  };
}
