// Visitors come back, and what one of them sees again is no new witness. How much less the
// units of a trial weigh for it, from their buckets.
import { visitorBuckets } from "#flags/token.ts";
import { designEffect } from "#src/stats/cluster.ts";
import type { ArmSums } from "#src/stats/mean.ts";
import { canary, control, totalSums, type Tally } from "./tally.ts";

/** An arm's own effect counts for what it is but for this many standard errors. */
const doubts = 2;

/** With so many buckets of accounts, their spread weighs twice what was seen; found by simulation. */
const manyBuckets = 24;

/** Events from which on their own spread is believed rather than what might be feared. */
const fewEvents = 30;
/** What chance alone makes of the spread of 64 counts, and of how few they seem. */
const crowdingByChance = 0.25;
const fewerByChance = 0.15;

type Buckets = { readonly control: readonly ArmSums[]; readonly canary: readonly ArmSums[] };

type Effect = {
  readonly n: number;
  readonly effect: number;
  /** Its standard error, relative. */
  readonly error: number;
};

/**
 * Design effect of a difference between arms of visitors, ≥ 1: that of both together but for
 * one standard error, because that of a few hundred units is mostly chance; and never below
 * what an arm's own certainly is, so that one visitor with twenty errors remains one visitor.
 */
function sharedEffect(tally: Tally, buckets: Buckets): number {
  const arms = effectsOf(tally, buckets);
  const units = arms.reduce((sum, { n }) => sum + n, 0);
  if (units === 0) return 1;
  const shared = arms.reduce((sum, { n, effect }) => sum + n * effect, 0) / units;
  const chance = Math.hypot(...arms.map(({ n, effect, error }) => (n / units) * effect * error));
  const own = arms.map(({ effect, error }) => effect * (1 - doubts * error));
  return Math.max(1, shared - chance, ...own);
}

/**
 * Design effect of a difference between arms of visitors some of whom come far more often than
 * others, ≥ 1: `sharedEffect`, from the start no less than what one frequent visitor could
 * make of a few events, and more of it the fewer visitors the views are of in effect.
 */
export function visitorsEffect(tally: Tally, buckets: Buckets, crowding: number): number {
  const events = totalSums(tally, control).nonZero + totalSums(tally, canary).nonZero;
  const seen = sharedEffect(tally, buckets);
  const feared = Math.max(1, crowding - crowdingByChance);
  const blended = (events * seen + fewEvents * feared) / (events + fewEvents);
  const fewer = manyBuckets / effectiveBuckets(buckets) - manyBuckets / visitorBuckets;
  return Math.max(seen, blended) * (1 + Math.max(0, fewer - fewerByChance));
}

/** How many buckets of equal size would repeat themselves as often, the fewer of both arms'. */
function effectiveBuckets(buckets: Buckets): number {
  const arms = [buckets.control, buckets.canary].map((arm) => {
    const units = arm.reduce((sum, { n }) => sum + n, 0);
    const pairs = arm.reduce((sum, { n }) => sum + n * (n - 1), 0);
    return pairs > 0 ? (units * (units - 1)) / pairs : visitorBuckets;
  });
  return Math.max(1, Math.min(visitorBuckets, ...arms));
}

/**
 * Design effect between arms of whole accounts, ≥ 1: of a few accounts each arm has its own,
 * and how far accounts differ is itself known from a few alone.
 */
export function accountsEffect(tally: Tally, buckets: Buckets): number {
  const larger = Math.max(1, ...effectsOf(tally, buckets).map(({ effect }) => effect));
  return larger * (1 + manyBuckets / Math.max(1, filledBuckets(buckets)));
}

/** Fewest buckets that either arm fills. */
export function filledBuckets(buckets: Buckets): number {
  const arms = [buckets.control, buckets.canary];
  return Math.min(...arms.map((arm) => arm.filter(({ n }) => n > 0).length));
}

function effectsOf(tally: Tally, buckets: Buckets): readonly Effect[] {
  return [
    { sums: totalSums(tally, control), buckets: buckets.control },
    { sums: totalSums(tally, canary), buckets: buckets.canary },
  ].map(({ sums, buckets: [first, ...others] }) => {
    const n = others.reduce((total, each) => total + each.n, first?.n ?? 0);
    if (first === undefined || n === 0) return { n: 0, effect: 1, error: 0 };
    // Most who are in neither arm have no bucket: what is known of squares is known of all.
    const part = n / sums.n;
    // Of squares the effect needs the sum over all buckets alone.
    const effect = designEffect([{ ...first, sumSq: sums.sumSq * part }, ...others]);
    return { n, effect, error: relativeError(sums.nonZero * part) };
  });
}

/** Of a variance over buckets among which `events` fell at random: that of a Poisson's sample variance. */
function relativeError(events: number): number {
  const perBucket = Math.max(1, events) / visitorBuckets;
  return Math.sqrt((2 + 1 / perBucket) / (visitorBuckets - 1));
}

/**
 * How much wider the split of arrivals spreads than if every request arrived or did not by
 * itself, ≥ 1, relative to the arrivals of the arm: a client that runs no script is one visitor
 * however often it asks. From the requests and the arrivals of each bucket of either arm.
 * Source: Kish (1965), the variance of a ratio over clusters of unequal size.
 */
export function arrivalsEffect(assigned: BucketCounts, arrived: BucketCounts): number {
  const arms = (["control", "canary"] as const).map((arm) => {
    const asked = sumOf(assigned[arm]);
    const came = sumOf(arrived[arm]);
    if (!(asked > 0 && came > 0)) return 1;
    const missed = assigned[arm].map((each, at) => (arrived[arm][at] ?? 0) - (each * came) / asked);
    const squares = missed.reduce((sum, each) => sum + each * each, 0);
    return (visitorBuckets / (visitorBuckets - 1)) * (squares / came);
  });
  return Math.max(1, ...arms);
}

type BucketCounts = {
  readonly control: readonly number[];
  readonly canary: readonly number[];
};

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

/**
 * Variance over mean of the buckets' counts, the larger of both arms', ≥ 1: 1 where every
 * unit is another visitor, about the views per visitor where each has as many.
 */
export function crowdingOf(crowds: Float64Array): number {
  const arms = [control, canary].map((arm) =>
    crowds.subarray(arm * visitorBuckets, (arm + 1) * visitorBuckets),
  );
  return Math.max(
    1,
    ...arms.map((counts) => {
      const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
      const squares = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0);
      return mean > 0 ? squares / (counts.length - 1) / mean : 1;
    }),
  );
}
