// What a shard does when more comes than it can keep up with: it lets some views go,
// whole ones, counts them, and says so; it never falls over.
import { murmur3 } from "#base/murmur3.ts";

/** Bounds of one shard. What is fuller than half begins to shed. */
export const shardBounds = {
  /** Beacons that wait for the next commit, in characters. */
  pendingChars: 4_000_000,
  openViews: 40_000,
  /** Of its database: a tenth of it is left for what is under way. */
  storedBytes: 9_000_000_000,
} as const;

/** How full a shard is by each of its bounds. */
export type Load = { readonly [K in keyof typeof shardBounds]: number };

/** What share of views to let go, from 0 to 1: none up to half of a bound, all at the bound. */
export function shedShare(load: Load): number {
  const names = Object.keys(shardBounds) as (keyof Load)[];
  const pressure = Math.max(...names.map((name) => load[name] / shardBounds[name]));
  return Math.min(1, Math.max(0, 2 * pressure - 1));
}

/** Whether a view is among those let go: the same answer for all its beacons. */
export function isShed(pvId: string, share: number): boolean {
  return share > 0 && murmur3(pvId, 1) < share * 4_294_967_296;
}
