// The page views of one shard: those that are open, with their beacons, and for some
// minutes those that were sealed, so that a beacon that comes again is known. Knows no
// clock and no storage; the same calls lead to the same events.
import {
  sealAfterMs,
  sealIfDue,
  stitch,
  viewKey,
  type Outcome,
  type Received,
  type Arrival,
  type Sealed,
  type View,
} from "#rum/stitch.ts";
import { ClosedViews } from "./closed-views.ts";

/** Where a beacon stands in the log. */
export type Place = { readonly row: number; readonly at: number };

/** A beacon that the log holds. */
export type Logged = Received & { readonly place: Place };

/** Beacons that go out as one event; each is a `Logged`. */
export type Decision = { readonly key: string; readonly sealed: Sealed };

/** How much earlier than its row a beacon may have been taken. */
export const mostEarlierMs = 1_000;

/**
 * When a beacon of a row counts as taken: as the edge says, or about when the row was
 * logged, for clocks of edges differ and views are sealed by the shard's.
 */
export function timeInRow(edgeMs: number, rowAtMs: number): number {
  return Math.min(rowAtMs, Math.max(edgeMs, rowAtMs - mostEarlierMs));
}

export type Take = {
  readonly outcome: Outcome;
  /** What is to go out now. */
  readonly decisions: readonly Decision[];
  /** Whether the log is to keep the beacon, because a view or an event is made of it. */
  readonly isHeld: boolean;
  /** Where a copy stands that it took the place of. */
  readonly instead: Place | undefined;
};

type OpenView = { readonly view: View; readonly rowAtMs: number };

export class Views {
  readonly closed: ClosedViews;
  // In the order in which their first beacons were logged.
  readonly #open = new Map<string, OpenView>();
  #beacons = 0;

  constructor(closed = new ClosedViews()) {
    this.closed = closed;
  }

  /** Views that are open. */
  get openCount(): number {
    return this.#open.size;
  }

  /** Beacons in open views, without those that came again. */
  get openBeacons(): number {
    return this.#beacons;
  }

  /** Whether a beacon of the view was taken, not longer ago than closed views are kept. */
  knows(key: string): boolean {
    return this.#open.has(key) || this.closed.has(key);
  }

  /**
   * Takes a beacon.
   *
   * @param rowAtMs when its row was logged; never goes back.
   * @param atMs when the beacon was taken.
   */
  take(beacon: Logged, rowAtMs: number, atMs: number): Take {
    const key = viewKey(beacon);
    const open = this.#open.get(key);
    const step = stitch(open?.view ?? this.closed.get(key), beacon, atMs);
    this.#keep(key, step.view, open?.rowAtMs ?? rowAtMs);
    const { outcome, sealed } = step;
    const decisions = sealed.map((each) => ({ key, sealed: each }));
    if (outcome !== "duplicate") return { outcome, decisions, isHeld: true, instead: undefined };
    // Of two copies the first taken counts, which may be the one that was logged last.
    const isHeld = arrivalsOf(step.view).some((each) => each.beacon === beacon);
    const kept = new Set(arrivalsOf(step.view).map((each) => each.beacon));
    const gone = arrivalsOf(open?.view).find((each) => !kept.has(each.beacon));
    const instead = isHeld ? (gone?.beacon as Logged | undefined)?.place : undefined;
    return { outcome, decisions, isHeld, instead };
  }

  /** Where the beacons of open views stand. */
  *openPlaces(): Iterable<Place> {
    for (const { view } of this.#open.values()) {
      for (const { beacon } of arrivalsOf(view)) yield (beacon as Logged).place;
    }
  }

  /** Seals what is due, in the order in which it was opened. */
  sealDue(nowMs: number): readonly Decision[] {
    const decisions: Decision[] = [];
    for (const [key, { view, rowAtMs }] of this.#open) {
      if (rowAtMs - mostEarlierMs + sealAfterMs > nowMs) break;
      const due = sealIfDue(view, nowMs);
      if (due === undefined) continue;
      this.#keep(key, due.view, rowAtMs);
      decisions.push({ key, sealed: due.sealed });
    }
    return decisions;
  }

  /** When to look again for views that are due, ms since 1970; undefined while none is open. */
  nextDueMs(): number | undefined {
    for (const { rowAtMs } of this.#open.values()) return rowAtMs + sealAfterMs;
    return undefined;
  }

  #keep(key: string, view: View, rowAtMs: number): void {
    const before = this.#open.get(key)?.view;
    if (before?.state === "open") this.#beacons -= before.arrivals.length;
    if (view.state === "open") {
      this.#open.set(key, { view, rowAtMs });
      this.#beacons += view.arrivals.length;
      return;
    }
    this.#open.delete(key);
    this.closed.set(key, view);
  }
}

function arrivalsOf(view: View | undefined): readonly Arrival[] {
  return view?.state === "open" ? view.arrivals : [];
}
