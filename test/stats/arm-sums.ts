// Sums of units that need not be listed.
import type { ArmSums } from "#src/stats/mean.ts";

/** Sums of `n` units whose sample mean and sample variance are given. */
export function sums(n: number, mean: number, spread: number): ArmSums {
  return { n, sum: n * mean, sumSq: Math.max(0, n - 1) * spread + n * mean * mean };
}
