// One shard of page views: takes beacons in commits, each of them one row of the log,
// seals views, and keeps the sinks going. All that it knows follows from its log, so
// that a crash at any moment loses nothing that was answered. Asks no clock: the time
// is an argument.
import { viewKey } from "#rum/stitch.ts";
import { wideEvent, type WideEvent } from "#rum/wide-event.ts";
import { bitsOf, noteClosing, type ClosingsByGeneration } from "#rum/window/closed-views.ts";
import { encodeEvents, encodeReceived, type Taken } from "#rum/window/codec.ts";
import { LogRows } from "#rum/window/log-rows.ts";
import { Outbox } from "#rum/window/outbox.ts";
import { isAtHome, type Ring } from "#rum/window/ring.ts";
import { isShed } from "#rum/window/shed.ts";
import { timeInRow, type Views, type Decision, type Logged } from "#rum/window/views.ts";
import type { Park } from "#src/adapters/sinks/dispatch.ts";
import type { Fate, ShardCounts, ShardView, TakeCall } from "#src/adapters/window-rpc.ts";
import { Lanes, openingsOf, type Sinks } from "./lanes.ts";
import { restore } from "./restore-shard.ts";
import { countOf, stateFrom, type ShardState } from "./shard-state.ts";
import type { WindowLog } from "./window-log.ts";

export type ShardDependencies = Sinks & {
  readonly name: string;
  readonly log: WindowLog;
  readonly park: Park;
  readonly isPaused: (sink: string) => boolean;
  readonly now: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
};

/** What one call of the edge brought. */
export type Delivery = Pick<TakeCall, "shard" | "ring" | "onlyKnown"> & {
  readonly text: string;
  readonly beacons: readonly Taken[];
};

/** Closings are written down this often, or when there are so many. */
const closeEveryMs = 5_000;
const mostUnwrittenClosings = 5_000;
/** More than that are sealed in rows of their own: a row has a bound of 2 MB. */
const mostDecisionsOfRow = 5_000;

export class Shard {
  readonly lanes: Lanes;
  readonly #log: WindowLog;
  readonly #views: Views;
  readonly #rows = new LogRows();
  readonly #outbox: Outbox;
  readonly #counts: { -readonly [K in keyof ShardCounts]: number };
  #ring: Ring;
  #row: number;
  #atMs: number;
  #decided: readonly Decision[];
  /** What was closed since it was last written down, by generation, and the first row that did. */
  #closings: ClosingsByGeneration;
  #unclosedFrom: number;
  #closedAtMs = 0;
  #isChanged = false;

  constructor(dependencies: ShardDependencies) {
    const { log, name } = dependencies;
    this.#log = log;
    const state = stateFrom(log.lastState());
    this.#counts = { ...state.counts };
    this.#ring = state.ring;
    const openings = openingsOf(state, dependencies);
    const cursor = Math.min(state.seq, ...openings.map((each) => each.state.cursor));
    const laidDown = Math.max(cursor, log.laidDown());
    this.#outbox = new Outbox(log, openings.length === 0 ? state.seq : laidDown, laidDown);
    this.lanes = new Lanes(openings, {
      ...dependencies,
      shard: name,
      outbox: this.#outbox,
      onChange: () => this.#advance(),
    });
    const restored = restore({ log, state, rows: this.#rows, outbox: this.#outbox });
    this.#views = restored.views;
    this.#row = restored.row;
    this.#atMs = restored.atMs;
    this.#decided = restored.decisions;
    this.#closings = restored.closings;
    this.#unclosedFrom = restored.closings.size > 0 ? state.keepFrom : Infinity;
  }

  get openViews(): number {
    return this.#views.openCount;
  }

  /** Counts beacons that were let go unread. */
  letGo(beacons: number): void {
    this.#counts.shed += beacons;
    this.#isChanged = true;
  }

  /** Whether nothing is open and nothing waits to be sent or written. */
  get isIdle(): boolean {
    return (
      this.#views.openCount === 0 &&
      !this.#isChanged &&
      this.#closings.size === 0 &&
      this.lanes.waiting.every((events) => events === 0)
    );
  }

  /**
   * Takes what came since the last commit and seals what is due: one row of the log,
   * durable once the object's output gate opens.
   *
   * @param share of views to let go, from 0 to 1.
   * @returns a text of `Fate`s for each delivery.
   */
  commit(deliveries: readonly Delivery[], nowMs: number, share = 0): readonly string[] {
    this.#atMs = Math.max(this.#atMs, nowMs);
    const forgetBeforeMs = this.#views.closed.turn(this.#atMs);
    if (forgetBeforeMs !== undefined) this.#log.forgetClosings(forgetBeforeMs);
    const decisions = [...this.#decided, ...this.#views.sealDue(this.#atMs)];
    this.#decided = [];
    while (decisions.length > mostDecisionsOfRow) {
      this.#row += 1;
      this.#write("", decisions.splice(0, mostDecisionsOfRow), 0);
    }
    this.#row += 1;
    const texts: string[] = [];
    let at = 0;
    let held = 0;
    const fates = deliveries.map((delivery) => {
      const { text, beacons, ring } = delivery;
      if (ring.epoch > this.#ring.epoch) this.#ring = ring;
      const kept: Taken[] = [];
      const all = beacons
        .map((each): Fate => {
          if (this.#isElsewhere(each, delivery)) return "m";
          if (isShed(each.beacon.said["pv.id"], share)) {
            this.#counts.shed += 1;
            return "s";
          }
          kept.push(each);
          const logged: Logged = { ...each.beacon, place: { row: this.#row, at } };
          at += 1;
          const take = this.#views.take(logged, this.#atMs, timeInRow(each.atMs, this.#atMs));
          this.#counts.taken += 1;
          if (take.isHeld) held += 1;
          if (take.instead?.row === this.#row) held -= 1;
          else if (take.instead !== undefined) this.#rows.release([take.instead.row]);
          decisions.push(...take.decisions);
          if (take.outcome !== "duplicate") return "t";
          this.#counts.duplicate += 1;
          return "d";
        })
        .join("");
      const isWhole = kept.length === beacons.length;
      texts.push(
        isWhole ? text : kept.map((each) => encodeReceived(each.beacon, each.atMs)).join(),
      );
      return all;
    });
    this.#write(texts.filter((text) => text !== "").join(), decisions, held);
    return fates;
  }

  /** The newest ring that this shard has heard of. */
  get ring(): Ring {
    return this.#ring;
  }

  // What is known here stays here. What is not may be at home elsewhere: that is decided
  // once, when the shard hears of the ring, and holds for edges that have not yet.
  #isElsewhere({ beacon }: Taken, { onlyKnown, ring, shard }: Delivery): boolean {
    const isMoved =
      onlyKnown ||
      (ring.epoch < this.#ring.epoch && !isAtHome(this.#ring, beacon.said["pv.id"], shard));
    return isMoved && !this.#views.knows(viewKey(beacon));
  }

  /** Seals what is due and writes down what has changed, where no commit did. */
  settle(nowMs: number): void {
    this.#writeClosings(nowMs);
    const isDue = (this.#views.nextDueMs() ?? Infinity) <= nowMs;
    if (isDue || this.#isChanged || this.#decided.length > 0) this.commit([], nowMs);
    if (this.isIdle) this.#log.erase(this.#rows.takeFree());
  }

  /** Takes events that were made elsewhere, of sampled deliveries; durable as a commit is. */
  deliver(events: readonly WideEvent[], dropped: number, nowMs: number): void {
    this.#counts.delivery += events.length;
    this.#counts.deliveryDropped += dropped;
    this.#append(events, nowMs);
  }

  /** Sends what the shard tells of itself; durable as a commit is. */
  tell(events: readonly WideEvent[], nowMs: number): void {
    this.#counts.pipeline += events.length;
    this.#append(events, nowMs);
  }

  /** Lets every sink send what is ripe. Never rejects. */
  async pump(): Promise<void> {
    await this.lanes.pump();
  }

  view(nowMs: number): Omit<ShardView, "shard" | "edge" | "alarmsSet"> {
    return {
      counts: { ...this.#counts },
      openBeacons: this.#views.openBeacons,
      openViews: this.#views.openCount,
      storedBytes: this.#log.storedBytes,
      rowsWritten: this.#log.rowsWritten,
      sinks: this.lanes.counts(nowMs),
    };
  }

  #write(beacons: string, decisions: readonly Decision[], held: number): void {
    const firstSeq = this.#outbox.lastSeq + 1;
    const slot = this.#rows.nextSlot();
    const waits = this.lanes.isEmpty ? 0 : decisions.length;
    this.#rows.hold(this.#row, slot, held + waits);
    for (const decision of decisions) this.#send(decision);
    this.#rows.release(this.#outbox.layDown());
    this.#outbox.drop();
    const row = { slot, row: this.#row, atMs: this.#atMs, beacons };
    const state = JSON.stringify(this.#state());
    this.#log.write({ ...row, events: encodeEvents(firstSeq, decisions), state });
    this.#isChanged = false;
  }

  #append(events: readonly WideEvent[], nowMs: number): void {
    if (this.lanes.isEmpty) this.#outbox.skip(this.#outbox.lastSeq + events.length);
    else if (events.length > 0) this.#rows.release(this.#outbox.append(events, nowMs));
    this.commit([], nowMs);
  }

  #send({ key, sealed }: Decision): void {
    const { arrivals } = sealed;
    const seq = this.#outbox.lastSeq + 1;
    this.#counts.sealed += arrivals.length;
    this.#counts[countOf(sealed)] += 1;
    const { sinceMs } = this.#views.closed.remembered;
    noteClosing(this.#closings, sinceMs, { key, bits: bitsOf(arrivals) });
    this.#unclosedFrom = Math.min(this.#unclosedFrom, this.#row);
    const rows = arrivals.map(({ beacon }) => (beacon as Logged).place.row);
    if (this.lanes.isEmpty) {
      this.#outbox.skip(seq);
      this.#rows.release(rows);
      return;
    }
    const all = [...rows, this.#row];
    this.#outbox.push({ seq, event: wideEvent(sealed), sealedAtMs: this.#atMs, rows: all });
  }

  #state(): ShardState {
    return {
      seq: this.#outbox.lastSeq,
      keepFrom: Math.min(this.#rows.oldest ?? this.#row, this.#unclosedFrom),
      counts: this.#counts,
      closed: this.#views.closed.remembered,
      ring: this.#ring,
      lanes: this.lanes.states(),
    };
  }

  #advance(): void {
    this.#isChanged = true;
    this.#rows.release(this.#outbox.release(this.lanes.cursor));
  }

  #writeClosings(nowMs: number): void {
    const sizes = [...this.#closings.values()].map(({ size }) => size);
    const isDue =
      nowMs - this.#closedAtMs >= closeEveryMs || Math.max(...sizes) >= mostUnwrittenClosings;
    if (!isDue) return;
    this.#closedAtMs = nowMs;
    for (const [sinceMs, closings] of this.#closings) this.#log.close(sinceMs, closings);
    this.#closings = new Map();
    this.#unclosedFrom = Infinity;
    this.#rows.settle();
  }
}
