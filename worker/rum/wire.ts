// What a beacon looks like on its way: one JSON array, each value at the position
// that the table gives its column, null where there is none. The head is the same in
// every version: version, number within the view, view, index. A position that the
// reader does not know is left alone; one that is not there has no value.
import { fieldTable, type FieldName, type Said, type ValueOf } from "./columns.ts";
import type { Column } from "./column.ts";

/** The early beacon is number 0 of its view; all others are late ones. */
export type BeaconKind = "early" | "late";

/** The kind of a beacon by its number within the view. */
export function kindOf(sequence: number): BeaconKind {
  return sequence === 0 ? "early" : "late";
}

/** What every beacon says, or it is none. */
export type Head = {
  readonly "beacon.schema": number;
  readonly "stitch.late_seq": number;
  readonly "pv.id": string;
  readonly "pv.index": number;
};

type Fields = typeof fieldTable;

/**
 * What stands where in one kind of beacon, for the page's code: it sets values by the
 * constants of `positions.ts` or, in fewer bytes, is a literal array `satisfies` this.
 */
export type Row<B extends BeaconKind> = {
  [K in FieldName as PlaceOf<K, B>]?: ValueOf<K> | null;
};

type PlaceOf<K extends FieldName, B extends BeaconKind> =
  Fields[K]["places"] extends Readonly<Record<B, infer N extends number>> ? N : never;

/** A field and how to read it. */
type Placed = { readonly name: keyof Said; readonly read: (value: unknown) => unknown };

/** The fields of each kind of beacon, by position. */
export const layout: { readonly [B in BeaconKind]: readonly Placed[] } = {
  early: placed("early"),
  late: placed("late"),
};

function placed(kind: BeaconKind): readonly Placed[] {
  const row: Placed[] = [];
  for (const [name, { places, kind: values }] of Object.entries<Column>(fieldTable)) {
    const at = places[kind];
    if (at !== undefined) row[at] = { name: name as keyof Said, read: values.read };
  }
  return row;
}

/** A beacon's text. Fields that its kind has no position for are left out. */
export function encodeBeacon(said: Said & Head): string {
  const row = layout[kindOf(said["stitch.late_seq"])].map(({ name }) => said[name] ?? null);
  const end = row.findLastIndex((value) => value !== null);
  return JSON.stringify(row.slice(0, end + 1));
}

/** What `encodeBeacon` was given, from its text as JSON has it. Checks nothing: for own words. */
export function decodeOwn(row: readonly unknown[]): Said & Head {
  const fields = layout[kindOf(row[1] as number)];
  const said: { [name: string]: unknown } = {};
  for (let at = 0; at < row.length; at += 1) {
    const field = fields[at];
    const value = row[at];
    if (field !== undefined && value !== null) said[field.name] = value;
  }
  return said as Said & Head;
}
