// The page views of this document, of which one is shown now. Observers write what
// they see straight into its row, at the positions of the wire format.
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
  /** What each position said in the last of them. */
  said: readonly string[];
};

/** Positions up to here are in every beacon, at the same place in early and late ones. */
export const headLength = 11;

const views: PageView[] = [];
const beginners: ((row: LateRow, index: number) => void)[] = [];

/** The view that is shown. */
export let current: PageView;

/** Calls back for the row of every view that begins, to put zeros where there is a counter. */
export const onBegin = (begin: (row: LateRow, index: number) => void): void => {
  beginners.push(begin);
};

/** Begins the next view of this document. */
export const beginView = (startMs: number, early: readonly unknown[]): void => {
  const row = early.slice(0, headLength) as unknown as LateRow;
  current = { index: views.length, startMs, row, early, sequence: 0, said: [] };
  views.push(current);
  for (const begin of beginners) begin(row, current.index);
};

/** The view that began at a time. */
export const viewFrom = (startMs: number): PageView | undefined =>
  views.find((view) => view.startMs === startMs);
