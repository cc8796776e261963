// Which shard a page view belongs to. All its beacons come to the same one, also while
// the number of shards changes: the edge asks the former home first for as long as it
// may still hold the view, and that home's answer is final (docs/decisions/0013-windows.md).
import { murmur3 } from "#base/murmur3.ts";

/** How many shards each region has, under a number that grows with every change. */
export type Ring = {
  readonly epoch: number;
  /** In each region, from 1. */
  readonly shards: number;
};

/** The ring of a system that nobody has set one for. */
export const firstRing: Ring = { epoch: 0, shards: 2 };

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
export function homeOf({ shards }: Ring, pvId: string, continent: string | undefined): Home {
  const region = (regions as ReadonlyMap<string | undefined, Region>).get(continent);
  return { shard: shardName(region, placeOf(murmur3(pvId), shards)), region };
}

/** Every home that a ring has, of page views and of sampled deliveries. */
export function homesOf({ shards }: Ring): readonly Home[] {
  return [undefined, ...regions.values()].flatMap((region) =>
    Array.from({ length: shards }, (_, place) => ({
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
