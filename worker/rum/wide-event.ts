// Makes the one row that a page view becomes: column name → value, absent where
// nobody could say. The same beacons make the same row, with the same id.
import type { Column } from "./column.ts";
import {
  columnTable,
  schemaVersion,
  type Carried,
  type ColumnValues,
  type Said,
  type Seen,
} from "./columns.ts";
import { carriedFields } from "./columns/carried.ts";
import { derivedColumns } from "./derive.ts";
import { viewKey, type Arrival, type Sealed } from "./stitch.ts";

type Extras = { readonly [extra: `x.${string}`]: string | number | boolean };

/** A row. Names that begin with `x.` are the customer's own, 40 at most. */
export type WideEvent = ColumnValues & Extras;

const mostExtras = 40;

const carriedNames: ReadonlySet<string> = new Set(Object.keys(carriedFields));
const tokenNames: ReadonlySet<string> = new Set(
  Object.entries<Column>(columnTable)
    .filter(([, { source }]) => source === "token")
    .map(([name]) => name),
);

/** The row of a sealed view, or of a beacon that went out alone. */
export function wideEvent({ kind, arrivals, duplicates }: Sealed): WideEvent {
  const row: Writable = {};
  const carried: Writable = {};
  // A later beacon's word counts; what it leaves out stands.
  for (const { beacon } of arrivals) {
    write(row, beacon.said, (name) => !carriedNames.has(name));
    write(carried, beacon.said, (name) => carriedNames.has(name));
    write(row, beacon.seen, (name) => !tokenNames.has(name));
  }
  write(row, tokenWord(arrivals), (name) => tokenNames.has(name));
  write(row, derivedColumns(row, carried));
  write(row, stitchColumns(arrivals));
  write(row, { "event.kind": kind, "schema.version": schemaVersion });
  write(row, { "stitch.dup_count": duplicates });
  write(row, extrasOf(carried));
  return row as WideEvent;
}

/** How many page views or requests an event stands for: 1 in n was looked at. */
export function sampleRateOf(event: WideEvent): number {
  return event["pv.sample_rate"] ?? event["delivery.sample_rate"] ?? 1;
}

type Writable = { [name: string]: unknown };

// Name by name: engines take three times as long to spread objects of this size.
function write(
  row: Writable,
  values: ColumnValues | Said | Extras,
  isMeant: (name: string) => boolean = () => true,
): void {
  const from: Readonly<Writable> = values;
  for (const name in from) if (isMeant(name)) row[name] = from[name];
}

/**
 * What is said of the arms, whole: by the first token that held, else by the edge that worked
 * them out, else by the first token that came.
 */
function tokenWord(arrivals: readonly Arrival[]): Seen {
  const all = arrivals.map(({ beacon }) => beacon.seen);
  return (
    all.find((seen) => seen["delivery.token_ok"] === true) ??
    all.find((seen) => seen["delivery.arms_source"] === "inferred") ??
    all.find((seen) => seen["delivery.token_ok"] !== undefined) ??
    {}
  );
}

function stitchColumns(arrivals: readonly Arrival[]): ColumnValues {
  const beacons = arrivals.map(({ beacon }) => beacon);
  const early = arrivals.filter(({ beacon }) => beacon.said["stitch.late_seq"] === 0);
  const late = arrivals.filter(({ beacon }) => beacon.said["stitch.late_seq"] > 0);
  const state = early.length === 0 ? "late_only" : late.length === 0 ? "early_only" : "both";
  return {
    ...idOf(arrivals),
    "event.at": new Date(Math.min(...arrivals.map(({ atMs }) => atMs))).toISOString(),
    "stitch.state": state,
    ...takenAt("stitch.early_at", early),
    ...takenAt("stitch.late_at", late),
    ...skewOf(arrivals),
    "beacon.chars": sum(beacons.map(({ chars }) => chars)),
    "beacon.unknown_count": sum(beacons.map(({ unknownCount }) => unknownCount)),
    "beacon.dropped": [...new Set(beacons.flatMap(({ dropped }) => dropped))],
  };
}

// A beacon is the first of one event alone, so that its number tells events of a view apart.
function idOf([first]: readonly Arrival[]): ColumnValues {
  if (first === undefined) return {};
  const { beacon } = first;
  return { "event.id": `${viewKey(beacon)}-${beacon.said["stitch.late_seq"]}` };
}

function takenAt(
  name: "stitch.early_at" | "stitch.late_at",
  arrivals: readonly Arrival[],
): ColumnValues {
  if (arrivals.length === 0) return {};
  return { [name]: new Date(Math.max(...arrivals.map(({ atMs }) => atMs))).toISOString() };
}

// Each beacon's figure is the true skew and the time that it was on its way, so that
// the least of them is nearest to the truth.
function skewOf(arrivals: readonly Arrival[]): ColumnValues {
  const skews = arrivals.flatMap(({ beacon, atMs }) => {
    const clock = beacon.said["client.clock"];
    return clock === undefined ? [] : [atMs - clock];
  });
  return skews.length === 0 ? {} : { "stitch.clock_skew_ms": Math.min(...skews) };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

function extrasOf(carried: Carried): Extras {
  const extras = new Map<string, string | number | boolean>();
  for (const [name, times, total] of carried["beacon.events"] ?? []) {
    extras.set(`x.event.${name}.count`, times);
    if (total !== null) extras.set(`x.event.${name}.value`, total);
  }
  for (const [name, value] of carried["beacon.marks"] ?? []) extras.set(`x.mark.${name}`, value);
  return Object.fromEntries([...extras].slice(0, mostExtras));
}
