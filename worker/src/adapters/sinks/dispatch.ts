// One sink's way through a shard's outbox: what it is done with, what is under way, and
// when to try again. A sink never waits for another. Each event is sent until the sink
// took it, refused it, or outlived its budget; the latter two are parked, never dropped.
import { backOffMs } from "#rum/window/back-off.ts";
import { BatchCutter } from "./event-bytes.ts";
import type { Sink, SinkBatch, SinkEvent, SinkOutcome } from "./sink.ts";

/** Puts away events that a sink will not get any more; rejects where it could not. */
export type Park = (sink: string, batch: SinkBatch, why: string) => Promise<void>;

/** What a sink has had of one shard's events. Small: it is written down many times a second. */
export type LaneState = {
  /** Last event before the sink came. */
  readonly since: number;
  /** Last event of those that it is done with. */
  readonly cursor: number;
  /** Where a batch was taken in part: its last event, and those that are left of it. */
  readonly part?: { readonly to: number; readonly left: readonly number[] };
  /** Where the sink is gone: the last event that was meant for it. */
  readonly until?: number;
  readonly exported: number;
  readonly parked: number;
  /** Attempts that failed, of batches. */
  readonly retried: number;
};

type LaneOutbox = {
  readonly lastSeq: number;
  read(seq: number, most: number): readonly SinkEvent[];
  waitingSinceMs(seq: number): number | undefined;
};

export type LaneDependencies = {
  readonly sink: Sink;
  readonly shard: string;
  readonly outbox: LaneOutbox;
  readonly park: Park;
  readonly now: () => number;
  /** Whether an operator has told the sink to wait. */
  readonly isPaused: () => boolean;
  /** From 0 to 1. */
  readonly random: () => number;
  /** Called when the state has changed. */
  readonly onChange: () => void;
};

/** How long a batch is tried before it is parked. */
export const budgetMs = 4 * 3_600_000;
/** How often a batch may be taken in part before the rest of it is parked. */
export const mostPartAttempts = 8;
/** Longest that a sink's own wish to be left alone counts: it may be a mistake. */
const mostAskedMs = 3_600_000;

export function newLane(lastSeq: number): LaneState {
  return { since: lastSeq, cursor: lastSeq, exported: 0, parked: 0, retried: 0 };
}

export class Lane {
  readonly #deps: LaneDependencies;
  readonly #cutter: BatchCutter;
  #state: LaneState;
  #isSending = false;
  #attempts = 0;
  #partAttempts = 0;
  #notBeforeMs = 0;
  #lastFailure = "";

  constructor(state: LaneState, dependencies: LaneDependencies) {
    this.#state = state;
    this.#deps = dependencies;
    this.#cutter = new BatchCutter(dependencies.sink.most);
  }

  get name(): string {
    return this.#deps.sink.name;
  }

  get state(): LaneState {
    return this.#state;
  }

  /** Events that are or were meant for the sink. */
  get events(): number {
    return this.#deps.outbox.lastSeq - this.#state.since;
  }

  /** Events that the sink is not done with. */
  get waiting(): number {
    const { cursor, part } = this.#state;
    const { lastSeq } = this.#deps.outbox;
    return part === undefined ? lastSeq - cursor : lastSeq - part.to + part.left.length;
  }

  /** Why the last attempt failed; empty after one that did not. */
  get lastFailure(): string {
    return this.#lastFailure;
  }

  /** Sends what is ripe, batch after batch, until nothing is. Never rejects. */
  async pump(): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    try {
      while (this.#deps.now() >= this.#notBeforeMs) {
        const batch = this.#nextBatch();
        if (batch === undefined) return;
        if (this.#isOver()) {
          const isParked = await this.#parkAll(batch, `not taken in time: ${this.#whyNot()}`);
          if (!isParked) return;
          continue;
        }
        if (this.#deps.isPaused()) return;
        await this.#sendOnce(batch);
      }
    } finally {
      this.#isSending = false;
    }
  }

  #nextBatch(): readonly SinkEvent[] | undefined {
    const { sink, outbox, now } = this.#deps;
    const { cursor, part } = this.#state;
    if (part !== undefined) return this.#restOf(part);
    const sinceMs = outbox.waitingSinceMs(cursor);
    if (sinceMs === undefined) return undefined;
    const { events, isFull } = this.#cutter.cut(outbox.read(cursor, sink.most.events));
    const isRipe = isFull || now() - sinceMs >= sink.most.ageMs;
    return isRipe && events.length > 0 ? events : undefined;
  }

  #restOf({ to, left }: { to: number; left: readonly number[] }): readonly SinkEvent[] {
    const wanted = new Set(left);
    const events: SinkEvent[] = [];
    let seq = this.#state.cursor;
    while (seq < to) {
      const read = this.#deps.outbox.read(seq, to - seq);
      if (read.length === 0) break;
      events.push(...read.filter((each) => wanted.has(each.seq)));
      seq += read.length;
    }
    return events;
  }

  async #sendOnce(events: readonly SinkEvent[]): Promise<void> {
    const batch = { shard: this.#deps.shard, events };
    const outcome = await this.#try(() => this.#deps.sink.send(batch));
    if (outcome.outcome === "taken") return this.#taken(events, outcome);
    this.#lastFailure = outcome.why;
    this.#failed(outcome.retryAfterMs);
  }

  async #taken(
    events: readonly SinkEvent[],
    { retry, refused }: Extract<SinkOutcome, { outcome: "taken" }>,
  ): Promise<void> {
    const again = new Set(retry);
    const why = new Map(refused.map((each) => [each.seq, each.why]));
    const good = events.filter(({ seq }) => !again.has(seq) && !why.has(seq));
    const left = events.filter(({ seq }) => again.has(seq) || why.has(seq));
    this.#lastFailure = "";
    this.#settle(events, left, { exported: good.length });
    const bad = left.filter(({ seq }) => why.has(seq));
    if (bad.length > 0) {
      const [first] = bad;
      const reason = first === undefined ? "" : (why.get(first.seq) ?? "");
      const isParked = await this.#park(bad, `refused: ${reason}`);
      if (!isParked) return;
      this.#settle(
        events,
        left.filter(({ seq }) => !why.has(seq)),
        { parked: bad.length },
      );
    }
    this.#partAttempts = again.size === 0 ? 0 : this.#partAttempts + 1;
    // It answers: how often it did not before is past.
    this.#attempts = Math.max(0, this.#partAttempts - 1);
    if (again.size === 0) return;
    this.#failed();
    if (this.#partAttempts < mostPartAttempts) return;
    this.#partAttempts = 0;
    const rest = left.filter(({ seq }) => !why.has(seq));
    await this.#parkAll(rest, `not taken in ${mostPartAttempts} attempts`);
  }

  #failed(askedMs = 0): void {
    this.#attempts += 1;
    this.#state = { ...this.#state, retried: this.#state.retried + 1 };
    const asked = Math.min(askedMs, mostAskedMs);
    this.#notBeforeMs = this.#deps.now() + backOffMs(this.#attempts, this.#deps.random(), asked);
  }

  // A sink that has been down for so long is asked now and then; what waited is not kept
  // until it was asked about each batch, or the backlog would grow for ever.
  #isOver(): boolean {
    const isDown = this.#attempts > 0 || this.#deps.isPaused();
    const sinceMs = this.#deps.outbox.waitingSinceMs(this.#state.cursor);
    return isDown && sinceMs !== undefined && this.#deps.now() - sinceMs >= budgetMs;
  }

  #whyNot(): string {
    return this.#deps.isPaused() ? "the sink is paused" : this.#lastFailure;
  }

  async #parkAll(events: readonly SinkEvent[], why: string): Promise<boolean> {
    const isParked = await this.#park(events, why);
    if (isParked) this.#settle(events, [], { parked: events.length });
    return isParked;
  }

  async #park(events: readonly SinkEvent[], why: string): Promise<boolean> {
    const parked = await this.#try(async () => {
      await this.#deps.park(this.name, { shard: this.#deps.shard, events }, why);
      return { outcome: "taken", retry: [], refused: [] };
    });
    if (parked.outcome === "taken") return true;
    this.#lastFailure = `not parked: ${parked.why}`;
    this.#failed();
    return false;
  }

  async #try(send: () => Promise<SinkOutcome>): Promise<SinkOutcome> {
    try {
      return await send();
    } catch (error) {
      return { outcome: "failed", why: error instanceof Error ? error.message : "threw" };
    }
  }

  /** Notes what became of a batch, of which `left` is not done with yet. */
  #settle(
    events: readonly SinkEvent[],
    left: readonly SinkEvent[],
    { exported = 0, parked = 0 }: { exported?: number; parked?: number },
  ): void {
    const before = this.#state;
    const to = before.part?.to ?? events.at(-1)?.seq ?? before.cursor;
    const { part: _, ...state } = before;
    this.#state = {
      ...state,
      exported: before.exported + exported,
      parked: before.parked + parked,
      ...(left.length === 0 ? { cursor: to } : { part: { to, left: left.map(({ seq }) => seq) } }),
    };
    this.#deps.onChange();
  }
}
