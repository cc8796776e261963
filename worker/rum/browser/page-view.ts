// The page views of this document, of which one is shown now. Observers write what
// they see straight into its row, at the positions of the wire format.
import { lateBeaconOmittedCount } from "#rum/positions.ts";
import type { Row } from "#rum/wire.ts";
import type { Loose } from "./platform.ts";

/** A late beacon in the making. */
export type LateRow = {
  -readonly [At in keyof Loose<Row<"late">>]: Loose<Row<"late">>[At];
} & unknown[];

export type PageView = {
  readonly index: number;
  /** When it began, as `web-vitals` names it: 0 for the load. */
  readonly startMs: number;
  readonly row: LateRow;
  /** The early beacon that it sent. */
  readonly early: readonly unknown[];
  /** Late beacons that were sent. */
  sequence: number;
  /** What the last completion of its row left out. */
  omitted: number;
  /** What each position said in the last of them. */
  said: readonly string[];
};

/** Puts into a view's row what is true when it begins, such as zeros of counters. */
export type Beginner = (view: PageView) => unknown;

/** Positions up to here are in every beacon, at the same place in early and late ones. */
export const headLength = 11;

const views: PageView[] = [];
const beginners: Beginner[] = [];

/** The view that is shown. */
export let current: PageView;

/** Calls back for the shown view, and for every one that begins after it. */
export const onBegin = (begin: Beginner): void => {
  beginners.push(begin);
  begin(current);
};

/** Begins the next view of this document. */
export const beginView = (startMs: number, early: readonly unknown[]): void => {
  const row = early.slice(0, headLength) as unknown as LateRow;
  // Far behind: ranges of the row can be filled with zeros.
  row[lateBeaconOmittedCount] = 0;
  current = { index: views.length, startMs, row, early, sequence: 0, omitted: 0, said: [] };
  views.push(current);
  for (const begin of beginners) begin(current);
};

/** The view that began at a time. */
export const viewFrom = (startMs: number): PageView | undefined =>
  views.find((view) => view.startMs === startMs);
