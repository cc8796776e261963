// How beacons and events are written down in a shard's log: beacons as text that the
// edge has put together, values at their positions as on the wire, and that the shard
// adds to its row as it came; events as where their beacons stand. Rows outlive deploys:
// what is read may be of an older version.
import type { Received, Sealed } from "#rum/stitch.ts";
import { decodeOwn, encodeBeacon } from "#rum/wire.ts";
import { bitsOf } from "./closed-views.ts";
import type { Decision, Logged, Place } from "./views.ts";

/** A beacon on its way to the log, as text: several of them are joined with commas. */
export function encodeReceived({ said, ...rest }: Received, atMs: number): string {
  return `[${atMs},${encodeBeacon(said)},${JSON.stringify(rest)}]`;
}

/** A beacon, and when the edge took it. */
export type Taken = { readonly atMs: number; readonly beacon: Received };

type Encoded =
  | readonly [atMs: number, said: readonly unknown[], rest: Omit<Received, "said">]
  // As rows had them at first.
  | readonly [atMs: number, beacon: Received];

/** What `encodeReceived` wrote. Throws on anything else. */
export function decodeReceived(text: string): readonly Taken[] {
  const list = JSON.parse(`[${text}]`) as readonly Encoded[];
  return list.map((encoded) => {
    if (encoded.length === 2) return { atMs: encoded[0], beacon: encoded[1] };
    const [atMs, said, { seen, chars, unknownCount, dropped }] = encoded;
    return { atMs, beacon: { said: decodeOwn(said), seen, chars, unknownCount, dropped } };
  });
}

const kinds = ["page_view", "late_only", "page_update"] as const satisfies Sealed["kind"][];

/** An event as its row keeps it. */
export type Written = {
  readonly kind: Sealed["kind"];
  readonly duplicates: number;
  /** The view, and a bit for the number of each beacon. */
  readonly key: string;
  readonly bits: number;
  /** In the order of the beacons' numbers. */
  readonly beacons: readonly { readonly place: Place; readonly atMs: number }[];
};

type Row = readonly [
  kind: number,
  duplicates: number,
  key: string,
  bits: number,
  // Row, place in the row and time of each beacon, one after the other.
  places: readonly number[],
];

/** Events of one row, numbered from `firstSeq`. */
export function encodeEvents(firstSeq: number, decisions: readonly Decision[]): string {
  if (decisions.length === 0) return "";
  return JSON.stringify([firstSeq, ...decisions.map(rowOf)]);
}

function rowOf({ key, sealed: { kind, duplicates, arrivals } }: Decision): Row {
  const places = arrivals.flatMap(({ beacon, atMs }) => {
    const { row, at } = (beacon as Logged).place;
    return [row, at, atMs];
  });
  return [kinds.indexOf(kind), duplicates, key, bitsOf(arrivals), places];
}

/** What `encodeEvents` wrote. */
export function decodeEvents(text: string): {
  readonly firstSeq: number;
  readonly events: readonly Written[];
} {
  if (text === "") return { firstSeq: 0, events: [] };
  const [firstSeq, ...rows] = JSON.parse(text) as [number, ...Row[]];
  return { firstSeq, events: rows.map(writtenFrom) };
}

function writtenFrom([kind, duplicates, key, bits, places]: Row): Written {
  const beacons = Array.from({ length: places.length / 3 }, (_, nth) => {
    const [row = 0, at = 0, atMs = 0] = places.slice(3 * nth, 3 * nth + 3);
    return { place: { row, at }, atMs };
  });
  return { kind: kinds[kind] ?? "page_view", duplicates, key, bits, beacons };
}
