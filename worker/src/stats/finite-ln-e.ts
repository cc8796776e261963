// The last step of every e-value: a judge that meets NaN or Infinity must wait, not act.

/**
 * `lnE` if it is a number, clamped to ±1.8e308; 0, which is no evidence either way,
 * if it is not. Example: `finiteLnE(Number.NaN)` is 0.
 */
export function finiteLnE(lnE: number): number {
  if (Number.isNaN(lnE)) return 0;
  return Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, lnE));
}
