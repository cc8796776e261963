// Visitors come back, and their page views are not independent. Hashed into buckets they
// nearly are: the spread between buckets is the honest one.
import { type ArmSums, variance } from "./mean.ts";

/** Sums with one more unit's worth of each field added. */
function add(left: ArmSums, right: ArmSums): ArmSums {
  return { n: left.n + right.n, sum: left.sum + right.sum, sumSq: left.sumSq + right.sumSq };
}

/**
 * How many times wider the mean's variance is than if units were independent, ≥ 1, from
 * the sums of each visitor-hash bucket of one arm (64 by default; empty ones belong in
 * the list). Multiply V by it in `meanStage`, divide counts by it in `lnEProportion` and
 * `lnEQuantile`; where the arms differ, by the larger one. 1 where there is nothing to
 * see: one bucket, one unit, no variance.
 * Source: Kish, "Survey Sampling" (1965): a mean's variance over clusters of unequal
 * size, B/(B − 1) · Σ(X_b − x̄N_b)²/(ΣN)², over v/ΣN.
 * Example: `designEffect([{ n: 2, sum: 0, sumSq: 0 }, { n: 2, sum: 2, sumSq: 2 }])` is 3.
 */
export function designEffect(buckets: readonly ArmSums[]): number {
  const total = buckets.reduce(add, { n: 0, sum: 0, sumSq: 0 });
  const independent = variance(total) * total.n;
  if (!(independent > 0) || buckets.length < 2) return 1;
  const mean = total.sum / total.n;
  const between = buckets.reduce((sum, bucket) => sum + (bucket.sum - mean * bucket.n) ** 2, 0);
  const effect = (buckets.length / (buckets.length - 1)) * (between / independent);
  return effect > 1 && Number.isFinite(effect) ? effect : 1;
}
