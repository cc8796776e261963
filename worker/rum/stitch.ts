// Puts the beacons of one page view together, whatever order they come in. A view is
// sealed once it has its early beacon and a late one, or 30 s after the first of any.
// Sealing is final: what comes later is counted and goes out on its own, so that a
// sink sees each beacon in one event. Only the server's clock is asked.
import type { Seen } from "./columns.ts";
import type { Beacon } from "./ingest.ts";

/** Longest that a view waits for its other beacon. */
export const sealAfterMs = 30_000;

/** A beacon, and what the server knows of the request that brought it. */
export type Received = Beacon & { readonly seen: Seen };

/** A beacon in a view, and when the server took it, in ms since 1970. */
export type Arrival = { readonly beacon: Received; readonly atMs: number };

type OpenView = {
  readonly state: "open";
  /** When the first beacon was taken. */
  readonly firstAtMs: number;
  /** One of each number, in the order of the numbers. */
  readonly arrivals: readonly Arrival[];
  readonly duplicates: number;
};

/** What is left of a view once it is sealed: enough to know a beacon again. */
type ClosedView = {
  readonly state: "sealed";
  /** Numbers of the beacons that went out. */
  readonly sequences: readonly number[];
};

/** The beacons of one page view so far. */
export type View = OpenView | ClosedView;

/** Beacons that go out as one event. */
export type Sealed = {
  readonly kind: "page_view" | "late_only" | "page_update";
  /** At least one; in the order of their numbers. */
  readonly arrivals: readonly Arrival[];
  readonly duplicates: number;
};

/** What became of a beacon. All but duplicates are in the view or in an event. */
export type Outcome = "opened" | "joined" | "sealed" | "duplicate" | "went_alone";

export type Step = {
  readonly view: View;
  readonly outcome: Outcome;
  /** What is to go out now: at most the view and, when it was overdue, the beacon. */
  readonly sealed: readonly Sealed[];
};

/** Names the view that a beacon belongs to: the same for all its beacons. */
export function viewKey({ said }: Beacon): string {
  return `${said["pv.id"]}-${said["pv.index"]}`;
}

/** When an open view is to be sealed at the latest; undefined for one that is. */
export function sealDueMs(view: View): number | undefined {
  return view.state === "open" ? view.firstAtMs + sealAfterMs : undefined;
}

/**
 * The view after one more of its beacons.
 *
 * The outcome follows from the beacons and when each was taken alone, not from
 * when somebody looked: a view that is overdue is sealed before the beacon.
 * @param view undefined for the first beacon of a view.
 * @param nowMs when the server took the beacon.
 */
export function stitch(view: View | undefined, beacon: Received, nowMs: number): Step {
  const arrival = { beacon, atMs: nowMs };
  if (view === undefined) return open(arrival);
  if (view.state === "sealed") return goAlone(view, arrival);
  if (nowMs < view.firstAtMs + sealAfterMs) return join(view, arrival);
  const overdue = seal(view);
  const step = goAlone(overdue.view, arrival);
  return { ...step, sealed: [overdue.sealed, ...step.sealed] };
}

/** Seals an open view that is due; undefined where there is nothing to seal. */
export function sealIfDue(
  view: View,
  nowMs: number,
): { readonly view: View; readonly sealed: Sealed } | undefined {
  if (view.state === "sealed" || nowMs < view.firstAtMs + sealAfterMs) return undefined;
  return seal(view);
}

function open(arrival: Arrival): Step {
  const view: OpenView = {
    state: "open",
    firstAtMs: arrival.atMs,
    arrivals: [arrival],
    duplicates: 0,
  };
  return { view, outcome: "opened", sealed: [] };
}

function join(view: OpenView, arrival: Arrival): Step {
  const firstAtMs = Math.min(view.firstAtMs, arrival.atMs);
  const sequence = sequenceOf(arrival);
  const twin = view.arrivals.find((each) => sequenceOf(each) === sequence);
  if (twin !== undefined) {
    const kept = isBefore(arrival, twin) ? arrival : twin;
    const arrivals = view.arrivals.map((each) => (each === twin ? kept : each));
    const duplicates = view.duplicates + 1;
    return { view: { ...view, firstAtMs, arrivals, duplicates }, outcome: "duplicate", sealed: [] };
  }
  const arrivals = [...view.arrivals, arrival].sort(
    (left, right) => sequenceOf(left) - sequenceOf(right),
  );
  const joined: OpenView = { ...view, firstAtMs, arrivals };
  const isWhole = arrivals.length > 1 && hasEarly(arrivals);
  if (!isWhole) return { view: joined, outcome: "joined", sealed: [] };
  const done = seal(joined);
  return { view: done.view, outcome: "sealed", sealed: [done.sealed] };
}

function seal({ arrivals, duplicates }: OpenView): {
  readonly view: ClosedView;
  readonly sealed: Sealed;
} {
  const kind = hasEarly(arrivals) ? "page_view" : "late_only";
  const view: ClosedView = {
    state: "sealed",
    sequences: arrivals.map(sequenceOf),
  };
  return { view, sealed: { kind, arrivals, duplicates } };
}

function goAlone(view: ClosedView, arrival: Arrival): Step {
  const sequence = sequenceOf(arrival);
  if (view.sequences.includes(sequence)) return { view, outcome: "duplicate", sealed: [] };
  const sequences = [...view.sequences, sequence];
  const alone: Sealed = { kind: kindAlone(view, sequence), arrivals: [arrival], duplicates: 0 };
  return { view: { ...view, sequences }, outcome: "went_alone", sealed: [alone] };
}

// Each view has one `page_view`, and that is where its early beacon is.
function kindAlone({ sequences }: ClosedView, sequence: number): Sealed["kind"] {
  if (sequence === 0) return "page_view";
  return sequences.some((each) => each > 0) ? "page_update" : "late_only";
}

function hasEarly([first]: readonly Arrival[]): boolean {
  return first !== undefined && sequenceOf(first) === 0;
}

function sequenceOf({ beacon }: Arrival): number {
  return beacon.said["stitch.late_seq"];
}

// Of two beacons under one number the first taken counts. Which one that is must not
// depend on their order here, or a replay could tell another story.
function isBefore(left: Arrival, right: Arrival): boolean {
  if (left.atMs !== right.atMs) return left.atMs < right.atMs;
  return JSON.stringify(left.beacon) < JSON.stringify(right.beacon);
}
