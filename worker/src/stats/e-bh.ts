// Many metrics in one report: which of them to name without naming too many.
// For reports alone; the judge acts on single e-values with their own thresholds.

/**
 * Indices, ascending, of the hypotheses rejected at false discovery rate `alpha`: the k*
 * largest e-values, k* the largest k whose k-th largest E is at least K/(kα). Holds under
 * any dependence. Pass current e-values, not their running maxima.
 * Source: Wang and Ramdas, "False discovery rate control with e-values" (arXiv
 * 2009.02824), definition 2.
 * Example: `eBenjaminiHochberg([9.1, 0.2, 5, 2], 0.05)` is `[0, 2]`.
 */
export function eBenjaminiHochberg(lnEs: readonly number[], alpha: number): number[] {
  const lnNeeded = (k: number) => Math.log(lnEs.length / (k * alpha));
  const descending = [...lnEs].sort((left, right) => right - left);
  const rejected = descending.findLastIndex((lnE, rank) => lnE >= lnNeeded(rank + 1)) + 1;
  if (rejected === 0) return [];
  return [...lnEs.keys()].filter((index) => (lnEs[index] ?? -Infinity) >= lnNeeded(rejected));
}
