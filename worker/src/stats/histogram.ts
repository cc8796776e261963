// One fixed log histogram for every timing: counts at its edges are exact, merging is
// addition, and a relative margin is a shift by whole bins. Digests with approximate
// ranks would void the guarantee of `quantile.ts`.

/** Ratio of neighbouring edges: a bin is 2 % wide. */
export const BIN_RATIO = 1.02;

/** Bins from 1 ms to past 120 s: ⌈ln 120,000 / ln 1.02⌉ = 591, and one for what is beyond. */
export const BINS = 592;

const LN_BIN_RATIO = Math.log(BIN_RATIO);

/**
 * Bin edges in ms, `BINS + 1` of them: bin i holds edges[i] ≤ ms < edges[i + 1]. What is
 * below 1 ms counts in bin 0, what is beyond the end in the last.
 * Example: `edges[35]` is 1.02^35 = 1.9998895527 ms.
 */
export const edges: readonly number[] = Array.from({ length: BINS + 1 }, (_, i) => BIN_RATIO ** i);

/**
 * The bin of a duration in ms, 0 to `BINS − 1`. Not a number counts as 0: leave it out before.
 * Example: `binOf(100)` is 232.
 */
export function binOf(ms: number): number {
  if (!(ms >= 1)) return 0;
  const guess = Math.min(BINS - 1, Math.floor(Math.log(ms) / LN_BIN_RATIO));
  if (ms < (edges[guess] ?? 0)) return guess - 1;
  return guess < BINS - 1 && ms >= (edges[guess + 1] ?? Infinity) ? guess + 1 : guess;
}

/**
 * Counts of both histograms together, bin by bin; a shorter one ends in zeros.
 * Example: `merge([1, 2], [0, 1, 4])` is `[1, 3, 4]`.
 */
export function merge(left: readonly number[], right: readonly number[]): number[] {
  const length = Math.max(left.length, right.length);
  return Array.from({ length }, (_, bin) => (left[bin] ?? 0) + (right[bin] ?? 0));
}

/**
 * How many bins a ratio of durations spans, not rounded: round up for the margin of a
 * roll-back and down for the margin of an advance, so that rounding never makes a claim.
 * Example: `binsOf(1.1)` is 4.813.
 */
export function binsOf(ratio: number): number {
  return Math.log(ratio) / LN_BIN_RATIO;
}

/**
 * Where the p-quantile lies, in bins from the left edge of bin 0, straight within its bin;
 * `BIN_RATIO **` it is the quantile in ms. 0 for an empty histogram.
 * Example: `quantilePosition([0, 4, 0], 0.5)` is 1.5.
 */
export function quantilePosition(counts: readonly number[], p: number): number {
  const wanted = p * counts.reduce((sum, count) => sum + count, 0);
  let below = 0;
  for (const [bin, count] of counts.entries()) {
    if (count > 0 && below + count >= wanted) return bin + (wanted - below) / count;
    below += count;
  }
  return 0;
}
