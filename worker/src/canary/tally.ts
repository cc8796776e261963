// Additive sums of one measure in both arms: what every test and every estimate of a
// guardrail is computed from, and nothing that grows with the traffic.
// Flat arrays of doubles, so that a copy, a sum and a stored row are one pass each.
import { visitorBuckets } from "#flags/token.ts";
import { BINS } from "#src/stats/histogram.ts";
import type { ArmSums } from "#src/stats/mean.ts";

/** The arms of a trial as indices, everywhere in this room. */
export const control = 0;
export const canary = 1;
export type ArmIndex = typeof control | typeof canary;

/** Stages of one attempt whose sums are kept apart; those beyond share the last place. */
export const mostStrata = 64;

const moments = 4;

/** The sums of one measure. */
export type Tally = {
  /** Per stratum and arm: units, Σx, Σx², and how many x are not 0. */
  readonly sums: Float64Array;
  /** Per arm and bucket of visitors, over the whole attempt: units and Σx, of those whose bucket is known. */
  readonly buckets: Float64Array;
  /** Per arm, in the newest run of strata alone: units in each bin. Empty where values are no bins. */
  readonly bins: Float64Array;
};

/** A unit's place in a tally. */
export type Place = {
  readonly stratum: number;
  readonly arm: ArmIndex;
  /** −1 where it is not known. */
  readonly bucket: number;
  /** Whether the stratum is of the newest run, whose bins are kept. */
  readonly isNewest: boolean;
};

export function emptyTally(binned: boolean): Tally {
  return {
    sums: new Float64Array(mostStrata * 2 * moments),
    buckets: new Float64Array(2 * visitorBuckets * 2),
    bins: new Float64Array(binned ? 2 * BINS : 0),
  };
}

export function copyTally({ sums, buckets, bins }: Tally): Tally {
  return { sums: sums.slice(), buckets: buckets.slice(), bins: bins.slice() };
}

/** Adds one value in place. */
export function addValue({ sums, buckets, bins }: Tally, place: Place, value: number): void {
  const at = (place.stratum * 2 + place.arm) * moments;
  sums[at] = (sums[at] ?? 0) + 1;
  sums[at + 1] = (sums[at + 1] ?? 0) + value;
  sums[at + 2] = (sums[at + 2] ?? 0) + value * value;
  if (value !== 0) sums[at + 3] = (sums[at + 3] ?? 0) + 1;
  const bucket = (place.arm * visitorBuckets + place.bucket) * 2;
  if (place.bucket >= 0) {
    buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    buckets[bucket + 1] = (buckets[bucket + 1] ?? 0) + value;
  }
  if (place.isNewest && bins.length > 0) {
    const bin = place.arm * BINS + value;
    bins[bin] = (bins[bin] ?? 0) + 1;
  }
}

/** Adds one array of sums to another of the same length, in place. */
export function addAll(to: Float64Array, from: Float64Array): void {
  for (let at = 0; at < to.length; at += 1) to[at] = (to[at] ?? 0) + (from[at] ?? 0);
}

/** The sums of one arm in one stratum. */
export function armSums({ sums }: Tally, stratum: number, arm: ArmIndex): Required<ArmSums> {
  const at = (stratum * 2 + arm) * moments;
  return {
    n: sums[at] ?? 0,
    sum: sums[at + 1] ?? 0,
    sumSq: sums[at + 2] ?? 0,
    nonZero: sums[at + 3] ?? 0,
  };
}

/** The sums of one arm in all strata. */
export function totalSums(tally: Tally, arm: ArmIndex): Required<ArmSums> {
  const total = { n: 0, sum: 0, sumSq: 0, nonZero: 0 };
  for (let stratum = 0; stratum < mostStrata; stratum += 1) {
    const { n, sum, sumSq, nonZero } = armSums(tally, stratum, arm);
    total.n += n;
    total.sum += sum;
    total.sumSq += sumSq;
    total.nonZero += nonZero;
  }
  return total;
}

/** Units and Σx of each bucket of one arm. Squares are known of the arm as a whole alone: see `sums`. */
export function armBuckets({ buckets }: Tally, arm: ArmIndex): readonly ArmSums[] {
  return Array.from({ length: visitorBuckets }, (_, bucket) => {
    const at = (arm * visitorBuckets + bucket) * 2;
    return { n: buckets[at] ?? 0, sum: buckets[at + 1] ?? 0, sumSq: 0 };
  });
}

/** Units of one arm in each bin, in the newest run. */
export function armBins({ bins }: Tally, arm: ArmIndex): Float64Array {
  return bins.subarray(arm * BINS, (arm + 1) * BINS);
}
