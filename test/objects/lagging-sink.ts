// A sink that lags, is down for a while and takes some batches in part, by a clock that
// is told what time it is. Remembers each line of the outbox that it took or that was parked.
import type { Sink, SinkBatch, SinkEvent, SinkOutcome } from "#src/adapters/sinks/sink.ts";

export type Clock = { nowMs: number };

export type Moods = {
  /** From when it was sent something to its answer. */
  readonly delayMs: number;
  readonly downTillMs?: number;
  /** Whether to take an event: not now, or never. All are taken unless given. */
  readonly pick?: (seq: number) => "take" | "retry" | "refuse";
};

type Line = { copies: number; readonly id: string; readonly beacons: string; differs: boolean };

export class LaggingSink implements Sink {
  readonly most = { events: 100, bytes: 4_000_000, ageMs: 1_000 };
  /** By number in the outbox. */
  readonly lines = new Map<number, Line>();
  readonly parked = new Set<number>();
  #answers: { readonly atMs: number; readonly answer: () => void }[] = [];

  readonly name: string;
  readonly #clock: Clock;
  readonly #moods: Moods;

  constructor(name: string, clock: Clock, moods: Moods) {
    this.name = name;
    this.#clock = clock;
    this.#moods = moods;
  }

  send({ events }: SinkBatch): Promise<SinkOutcome> {
    const outcome = this.#outcomeOf(events);
    return new Promise((resolve) => {
      const atMs = this.#clock.nowMs + this.#moods.delayMs;
      this.#answers.push({ atMs, answer: () => resolve(outcome) });
    });
  }

  /** Notes events that were parked instead. */
  park({ events }: SinkBatch): void {
    for (const each of events) {
      this.parked.add(each.seq);
      this.#note(each);
    }
  }

  /** Gives the answers that are due. */
  answer(): void {
    const due = this.#answers.filter(({ atMs }) => atMs <= this.#clock.nowMs);
    this.#answers = this.#answers.filter(({ atMs }) => atMs > this.#clock.nowMs);
    for (const { answer } of due) answer();
  }

  /** Whoever waited for an answer is gone. */
  forget(): void {
    this.#answers = [];
  }

  #outcomeOf(events: readonly SinkEvent[]): SinkOutcome {
    const { downTillMs = 0, pick = () => "take" } = this.#moods;
    if (this.#clock.nowMs < downTillMs) return { outcome: "failed", why: "down" };
    const retry: number[] = [];
    const refused: { seq: number; why: string }[] = [];
    for (const each of events) {
      const picked = pick(each.seq);
      if (picked === "retry") retry.push(each.seq);
      else if (picked === "refuse") refused.push({ seq: each.seq, why: "no" });
      else this.#note(each);
    }
    return { outcome: "taken", retry, refused };
  }

  #note({ seq, event }: SinkEvent): void {
    const id = event["event.id"] ?? "";
    const beacons = `${event["pv.id"]} ${event["stitch.state"]}`;
    const known = this.lines.get(seq);
    if (known === undefined) this.lines.set(seq, { copies: 1, id, beacons, differs: false });
    else {
      known.copies += 1;
      known.differs ||= known.id !== id || known.beacons !== beacons;
    }
  }
}
