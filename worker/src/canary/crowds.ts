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

type Buckets = { readonly control: readonly ArmSums[]; readonly canary: readonly ArmSums[] };

type Effect = {
  readonly n: number;
  readonly effect: number;
  /** What it is at least, chance aside. */
  readonly certain: number;
};

/**
 * Design effect of a difference between arms of visitors, ≥ 1: that of both together,
 * because a small canary's own is mostly chance; but never below what its own certainly
 * is, so that one visitor of the canary with twenty errors remains one visitor.
 */
export function sharedEffect(tally: Tally, buckets: Buckets): number {
  const arms = effectsOf(tally, buckets);
  const units = arms.reduce((sum, { n }) => sum + n, 0);
  if (units === 0) return 1;
  const shared = arms.reduce((sum, { n, effect }) => sum + n * effect, 0) / units;
  return Math.max(1, shared, ...arms.map(({ certain }) => certain));
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
  ].map(({ sums: { n, sumSq, nonZero }, buckets: [first, ...others] }) => {
    if (first === undefined || n === 0) return { n: 0, effect: 1, certain: 1 };
    // Of squares the effect needs the sum over all buckets alone.
    const effect = designEffect([{ ...first, sumSq }, ...others]);
    return { n, effect, certain: effect * (1 - doubts * relativeError(nonZero)) };
  });
}

/** Of a variance over buckets among which `events` fell at random: that of a Poisson's sample variance. */
function relativeError(events: number): number {
  const perBucket = Math.max(1, events) / visitorBuckets;
  return Math.sqrt((2 + 1 / perBucket) / (visitorBuckets - 1));
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
