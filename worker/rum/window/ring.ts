// Which shard a page view belongs to. All its beacons come to the same one, also while
// the number of shards changes: the edge asks the former home first for as long as it
// may still hold the view, and that home's answer is final (docs/decisions/0013-windows.md).
import { murmur3 } from "#base/murmur3.ts";

/** How many shards each region has, under a number that grows with every change. */
export type Ring = {
  readonly epoch: number;
  /** In each region, from 1. */
  readonly shards: number;
  /** The most that any ring had: shards that are not used any more still have counters. */
  readonly most: number;
  readonly sinceMs: number;
};

/** The ring of a system that nobody has set one for. */
export const firstRing: Ring = { epoch: 0, shards: 2, most: 2, sinceMs: 0 };

/** Most shards that one region may have. */
export const mostShards = 256;

/** How long the former home is asked first: until its views are sealed and every edge knows. */
export const handOverMs = 120_000;

/** The present ring, and the one before while its shards may hold views; newest first. */
export type Rings = readonly [Ring, ...(readonly Ring[])];

/** Rings after a change, or undefined where the last one is not over. */
export function changeRings([present]: Rings, shards: number, nowMs: number): Rings | undefined {
  if (nowMs - present.sinceMs < handOverMs) return undefined;
  const { epoch, most } = present;
  const next = { epoch: epoch + 1, shards, most: Math.max(most, shards), sinceMs: nowMs };
  return [next, present];
}

/** The home of a view and, where it is another, the home to ask first. */
export function homesFor(
  [present, former]: Rings,
  { pvId, continent, nowMs }: { pvId: string; continent: string | undefined; nowMs: number },
): { readonly home: Home; readonly askFirst: Home | undefined } {
  const home = homeOf(present, pvId, continent);
  if (former === undefined || nowMs - present.sinceMs >= handOverMs) {
    return { home, askFirst: undefined };
  }
  const before = homeOf(former, pvId, continent);
  return { home, askFirst: before.shard === home.shard ? undefined : before };
}

/** Whether a view is at home in the shard of that name, whatever its region. */
export function isAtHome(ring: Ring, pvId: string, shard: string): boolean {
  return shard.endsWith(`-${placeOf(murmur3(pvId), ring.shards)}`);
}

/** Regions that a shard can be placed in, as Cloudflare names them, by continent. */
const regions = new Map([
  ["AF", "afr"],
  ["AS", "apac"],
  ["EU", "weur"],
  ["NA", "enam"],
  ["OC", "oc"],
  ["SA", "sam"],
] as const);

type Region = typeof regions extends ReadonlyMap<unknown, infer R> ? R : never;

/** A shard's name, and where it should live; no region where nobody knows the continent. */
export type Home = { readonly shard: string; readonly region: Region | undefined };

/**
 * The home of a page view.
 *
 * @param pvId the same for all beacons of the view.
 * @param continent of the visitor, two letters as in `request.cf.continent`.
 */
export function homeOf(
  { shards }: Pick<Ring, "shards">,
  pvId: string,
  continent: string | undefined,
): Home {
  const region = (regions as ReadonlyMap<string | undefined, Region>).get(continent);
  return { shard: shardName(region, placeOf(murmur3(pvId), shards)), region };
}

/** The one home that edges tell their counts to: no ring is without it. */
export const countingHome: Home = { shard: shardName(undefined, 0), region: undefined };

/** Every home that this ring or one before has, of page views and of sampled deliveries. */
export function homesOf({ most }: Ring): readonly Home[] {
  return [undefined, ...regions.values()].flatMap((region) =>
    Array.from({ length: most }, (_, place) => ({
      shard: shardName(region, place),
      region,
    })).flatMap((home) => [home, { ...home, shard: deliveryName(home.shard) }]),
  );
}

/** The home of the sampled deliveries of an isolate: shards of their own, that no beacon waits for. */
export function deliveryHomeOf(ring: Ring, isolate: string, continent: string | undefined): Home {
  const { shard, region } = homeOf(ring, isolate, continent);
  return { shard: deliveryName(shard), region };
}

function deliveryName(shard: string): string {
  return `deliveries-${shard}`;
}

function shardName(region: Region | undefined, place: number): string {
  return `${region ?? "any"}-${place}`;
}

const two31 = 2_147_483_648;

/**
 * The place of a hash among `places`, from 0. One more place takes its fair share
 * from the others and moves nothing between them.
 *
 * Source: Lamping and Veach, "A Fast, Minimal Memory, Consistent Hash Algorithm"
 * (2014), with a 32-bit generator of Numerical Recipes in place of the 64-bit one.
 */
export function placeOf(hash: number, places: number): number {
  let state = hash >>> 0;
  let place = 0;
  let next = 0;
  while (next < places) {
    place = next;
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    next = Math.floor((place + 1) * (two31 / ((state >>> 1) + 1)));
  }
  return place;
}
