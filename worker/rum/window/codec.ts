// How beacons and events are written down in a shard's log: beacons as text that the
// edge has put together and the shard adds to its row as it came; events as where
// their beacons stand. Rows outlive deploys: what is read may be of an older version.
import type { Received, Sealed } from "#rum/stitch.ts";
import type { Logged, Place } from "./views.ts";

/** A beacon on its way to the log, as text: several of them are joined with commas. */
export function encodeReceived(beacon: Received, atMs: number): string {
  return `[${atMs},${JSON.stringify(beacon)}]`;
}

/** A beacon, and when the edge took it. */
export type Taken = { readonly atMs: number; readonly beacon: Received };

/** What `encodeReceived` wrote. Throws on anything else. */
export function decodeReceived(text: string): readonly Taken[] {
  const list = JSON.parse(`[${text}]`) as readonly (readonly [number, Received])[];
  return list.map(([atMs, beacon]) => ({ atMs, beacon }));
}

const kinds = ["page_view", "late_only", "page_update"] as const satisfies Sealed["kind"][];

/** An event as its row keeps it. */
export type Written = {
  readonly kind: Sealed["kind"];
  readonly duplicates: number;
  /** In the order of the beacons' numbers. */
  readonly beacons: readonly { readonly place: Place; readonly atMs: number }[];
};

/** Events of one row, numbered from `firstSeq`. */
export function encodeEvents(firstSeq: number, events: readonly Sealed[]): string {
  if (events.length === 0) return "";
  const list = events.map(({ kind, duplicates, arrivals }) => [
    kinds.indexOf(kind),
    duplicates,
    ...arrivals.flatMap(({ beacon, atMs }) => {
      const { row, at } = (beacon as Logged).place;
      return [row, at, atMs];
    }),
  ]);
  return JSON.stringify([firstSeq, ...list]);
}

/** What `encodeEvents` wrote. */
export function decodeEvents(text: string): {
  readonly firstSeq: number;
  readonly events: readonly Written[];
} {
  if (text === "") return { firstSeq: 0, events: [] };
  const [firstSeq, ...list] = JSON.parse(text) as [number, ...(readonly number[])[]];
  return { firstSeq, events: list.map(writtenFrom) };
}

function writtenFrom([kind = 0, duplicates = 0, ...places]: readonly number[]): Written {
  const beacons = Array.from({ length: places.length / 3 }, (_, nth) => {
    const [row = 0, at = 0, atMs = 0] = places.slice(3 * nth, 3 * nth + 3);
    return { place: { row, at }, atMs };
  });
  return { kind: kinds[kind] ?? "page_view", duplicates, beacons };
}
