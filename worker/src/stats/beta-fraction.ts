// The continued fraction behind the incomplete beta function. All its terms are
// of one sign around the mean, so it keeps its digits where counts are in the billions.
// Refuses the side above the mean, where it converges slowly: ask for the complement.

/** Stop when a step changes the value by less than this share. */
const PRECISION = 1e-16;

/** About √(a + b)/10 steps are needed at the mean, far fewer beside it: enough up to a + b = 1e12. */
const MAX_STEPS = 100_000;

/** Rescale numerators and denominators beyond this, long before they overflow. */
const RESCALE_ABOVE = 1e100;

/** A beta law's parameters, and a point with its complement y = 1 − x given apart to keep digits. */
export type BetaPoint = {
  readonly a: number;
  readonly b: number;
  readonly x: number;
  readonly y: number;
};

/**
 * I_x(a, b) · B(a, b) / (x^a y^b) for x ≤ a/(a + b), with y = 1 − x; positive.
 * Source: Didonato and Morris, "Significant digit computation of the incomplete beta
 * function ratios", ACM TOMS 18 (1992), equation 9 (the even part of DLMF 8.17.22).
 * Example: `betaFraction({ a: 1, b: 1, x: 0.5, y: 0.5 })` is 2.
 */
export function betaFraction({ a, b, x, y }: BetaPoint): number {
  const lambda = a * y - b * x;
  let previousTop = 0;
  let previousBottom = 1;
  let top = 1;
  let bottom = (a * (lambda + 1)) / (a + 1);
  let value = top / bottom;
  for (let n = 1; n <= MAX_STEPS; n += 1) {
    const s = a + 2 * n - 1;
    const w = (n * (b - n) * x) / s;
    const alpha = (((a + n - 1) * x) / s) * (a + b + n - 1) * w;
    const beta = n + w + ((a + n) / (s + 2)) * (lambda + 1 + n * (1 + y));
    [previousTop, top] = [top, beta * top + alpha * previousTop];
    [previousBottom, bottom] = [bottom, beta * bottom + alpha * previousBottom];
    const next = top / bottom;
    if (Math.abs(next - value) <= PRECISION * next) return next;
    value = next;
    if (bottom > RESCALE_ABOVE) {
      previousTop /= bottom;
      previousBottom /= bottom;
      top = value;
      bottom = 1;
    }
  }
  return value;
}
