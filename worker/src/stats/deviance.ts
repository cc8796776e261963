// How far a count lies from what was expected, without cancellation.
// Every exact e-value of counts here is a sum of these.

/** Nearer than this share of x + m the series beats the logarithm (Loader 2000). */
const SERIES_WITHIN = 0.1;

/**
 * x ln(x/m) + m − x ≥ 0: half the Poisson deviance of a count `x` whose mean is `m`,
 * x ≥ 0 and m > 0, accurate also where the two are almost equal.
 * Source: Loader, "Fast and accurate computation of binomial probabilities" (2000), bd0.
 * Example: `deviance(110, 100)` is 0.4841197784757346.
 */
export function deviance(x: number, m: number): number {
  if (x === 0) return m;
  const d = x - m;
  if (!(Math.abs(d) < SERIES_WITHIN * (x + m))) return x * Math.log(x / m) - d;
  const v = d / (x + m);
  let power = 2 * x * v;
  let sum = d * v;
  for (let k = 3; ; k += 2) {
    power *= v * v;
    const next = sum + power / k;
    if (next === sum) return sum;
    sum = next;
  }
}
