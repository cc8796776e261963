// Special functions in logarithms, so that a tail of e^-100000 keeps all its digits.
// Promises 1e-10 relative for arguments up to 1e10, and a finite answer in time beyond.
// Refuses to guess: outside the stated domain the answer is NaN, as with Math.log.
import { type BetaPoint, betaFraction } from "./beta-fraction.ts";
import { deviance } from "./deviance.ts";

/** ½ ln 2π. */
export const HALF_LN_TWO_PI = 0.9189385332046728;

/** 1 − γ, γ the Euler–Mascheroni constant (DLMF 5.2.3). */
const ONE_MINUS_EULER = 0.42278433509846713;

/** ζ(k) − 1 for k = 2 … 27 (DLMF 25.2.1; Abramowitz and Stegun, table 23.3). */
const ZETA_MINUS_ONE: readonly number[] = [
  0.6449340668482264, 0.2020569031595943, 0.08232323371113819, 0.03692775514336993,
  0.01734306198444914, 0.008349277381922827, 0.00407735619794434, 0.0020083928260822143,
  0.0009945751278180853, 0.0004941886041194645, 0.0002460865533080483, 0.00012271334757848915,
  6.124813505870483e-5, 3.058823630702049e-5, 1.528225940865187e-5, 7.637197637899763e-6,
  3.81729326499984e-6, 1.908212716553939e-6, 9.539620338727962e-7, 4.769329867878064e-7,
  2.38450502727733e-7, 1.1921992596531106e-7, 5.960818905125948e-8, 2.980350351465228e-8,
  1.4901554828365043e-8, 7.45071178983543e-9,
];

/** B₂ₖ / (2k(2k−1)) for k = 1 … 6: Stirling's series in 1/x (DLMF 5.11.1). */
const STIRLING: readonly number[] = [
  1 / 12,
  -1 / 360,
  1 / 1260,
  -1 / 1680,
  1 / 1188,
  -691 / 360360,
];

/** From here on six terms of Stirling's series are good to 1e-15. */
const STIRLING_FROM = 10;

/** Below −3 Laplace's continued fraction for Mills' ratio needs no more than this many terms. */
const MILLS_TERMS = 60;

/** lnΓ(2 + z) for |z| ≤ ½: z(1 − γ) + Σ (−z)^k (ζ(k) − 1)/k (DLMF 5.7.3). */
function lnGammaNearTwo(z: number): number {
  let sum = 0;
  for (let k = ZETA_MINUS_ONE.length + 1; k >= 2; k -= 1) {
    sum = (ZETA_MINUS_ONE[k - 2] ?? 0) / k - z * sum;
  }
  return z * (ONE_MINUS_EULER + z * sum);
}

/** Stirling's series for lnΓ(x) − (x − ½) ln x + x − ½ ln 2π, x ≥ 10. */
function stirlingSeries(x: number): number {
  const w = 1 / (x * x);
  return STIRLING.reduceRight((sum, term) => term + w * sum, 0) / x;
}

/**
 * Natural logarithm of the gamma function, x > 0.
 * Series about 2 (DLMF 5.7.3), the recurrence, and Stirling's series from 10 (DLMF 5.11.1).
 * Exact at its zeros 1 and 2. Infinity at 0, NaN below.
 * Example: `lnGamma(10)` is 12.801827480081469.
 */
export function lnGamma(x: number): number {
  if (!(x > 0)) return x === 0 ? Infinity : Number.NaN;
  if (x >= STIRLING_FROM) {
    return (x - 0.5) * (Math.log(x) - 1) - 0.5 + HALF_LN_TWO_PI + stirlingSeries(x);
  }
  if (x < 0.5) return lnGammaNearTwo(x) - Math.log1p(x) - Math.log(x);
  if (x < 1.5) return lnGammaNearTwo(x - 1) - Math.log(x);
  let near = x;
  let product = 1;
  while (near > 2.5) {
    near -= 1;
    product *= near;
  }
  return lnGammaNearTwo(near - 2) + Math.log(product);
}

/**
 * What Stirling's formula leaves: lnΓ(x) − [(x − ½) ln x − x + ½ ln 2π], x > 0.
 * About 1/(12x); keeping it apart lets large gamma functions cancel on paper
 * instead of in floating point (Loader, "Fast and accurate computation of binomial
 * probabilities", 2000). Example: `stirlingRemainder(1)` is 0.08106146679532722.
 */
export function stirlingRemainder(x: number): number {
  if (x >= STIRLING_FROM) return stirlingSeries(x);
  return lnGamma(x) - (x - 0.5) * Math.log(x) + x - HALF_LN_TWO_PI;
}

/**
 * Natural logarithm of the beta function Γ(a)Γ(b)/Γ(a + b), a and b > 0.
 * Large gammas are cancelled by hand (Didonato and Morris, ACM TOMS 18, 1992, ALGDIV).
 * Example: `lnBeta(2, 3)` is ln(1/12) = -2.4849066497880004.
 */
export function lnBeta(a: number, b: number): number {
  const small = Math.min(a, b);
  const large = Math.max(a, b);
  if (large < STIRLING_FROM) return lnGamma(a) + lnGamma(b) - lnGamma(a + b);
  const remainders = stirlingRemainder(large) - stirlingRemainder(small + large);
  const largePower = (0.5 - large) * Math.log1p(small / large);
  if (small < STIRLING_FROM) {
    return lnGamma(small) + remainders + largePower + small - small * Math.log(small + large);
  }
  const smallPower = small * Math.log(small / (small + large)) - 0.5 * Math.log(small);
  return HALF_LN_TWO_PI + remainders + stirlingRemainder(small) + largePower + smallPower;
}

/**
 * ln[x^a y^b / B(a, b)], by deviances, so that nothing large cancels (Loader 2000).
 * Example: `lnBetaPower({ a: 2, b: 3, x: 0.5, y: 0.5 })` is ln(12/32) = -0.9808292530117262.
 */
export function lnBetaPower({ a, b, x, y }: BetaPoint): number {
  const n = a + b;
  const scale = 0.5 * Math.log(a * (b / n)) - HALF_LN_TWO_PI;
  const remainders = stirlingRemainder(n) - stirlingRemainder(a) - stirlingRemainder(b);
  return scale + remainders - deviance(a, n * x) - deviance(b, n * y);
}

/**
 * ln I_x(a, b) − ln[x^a y^b / B(a, b)], 0 < x < 1: the incomplete beta function without
 * its exponent. Differences of two of these are the mixtures of `binomial.ts`.
 * Below the mean it is a continued fraction, above it the complement's.
 * Example: `lnBetaIncScaled({ a: 1, b: 1, x: 0.5, y: 0.5 })` is ln 2 = 0.6931471805599453.
 */
export function lnBetaIncScaled(point: BetaPoint): number {
  const { a, b, x, y } = point;
  if (a * y >= b * x) return Math.log(betaFraction(point));
  const power = lnBetaPower(point);
  const complement = betaFraction({ a: b, b: a, x: y, y: x });
  return Math.log1p(-Math.exp(power + Math.log(complement))) - power;
}

/**
 * Natural logarithm of the regularised incomplete beta function I_x(a, b), a and b > 0.
 * Accurate in both tails: near 0 it is the tail's exponent, near 1 minus the other tail.
 * −Infinity at x ≤ 0, zero at x ≥ 1.
 * Source: DLMF 8.17; Didonato and Morris, ACM TOMS 18 (1992).
 * Example: `lnBetaInc(5, 50, 0.01)` is -8.466582619366317.
 */
export function lnBetaInc(a: number, b: number, x: number): number {
  if (x <= 0) return -Infinity;
  if (x >= 1) return 0;
  const point = { a, b, x, y: 1 - x };
  const power = lnBetaPower(point);
  if (a * point.y >= b * x) return power + Math.log(betaFraction(point));
  const complement = betaFraction({ a: b, b: a, x: point.y, y: x });
  return Math.log1p(-Math.exp(power + Math.log(complement)));
}

/** Φ(−z)/φ(z), z ≥ 3: Laplace's continued fraction (DLMF 7.9.3), from its tail. */
function millsRatio(z: number): number {
  let tail = z;
  for (let k = MILLS_TERMS; k >= 1; k -= 1) tail = z + k / tail;
  return 1 / tail;
}

/** Φ(z) − ½ over φ(z), |z| ≤ 3: z + z³/3 + z⁵/15 + … (DLMF 7.6.2). */
function centralRatio(z: number): number {
  let term = z;
  let sum = z;
  for (let k = 3; Math.abs(term) > Number.EPSILON * Math.abs(sum); k += 2) {
    term *= (z * z) / k;
    sum += term;
  }
  return sum;
}

/**
 * ln Φ(x) + x²/2: the normal distribution function without its exponent, so that
 * e-values far on the harmless side do not cancel. Grows like −ln(−x) downwards.
 * Example: `lnNormalCdfScaled(0)` is -0.6931471805599453.
 */
export function lnNormalCdfScaled(x: number): number {
  if (x < -3) return Math.log(millsRatio(-x)) - HALF_LN_TWO_PI;
  return lnNormalCdf(x) + (x * x) / 2;
}

/**
 * Natural logarithm of the standard normal distribution function.
 * Far above zero it is −Φ(−x), tiny but not yet zero; far below about −x²/2.
 * Example: `lnNormalCdf(-10)` is -53.23128515051247, `lnNormalCdf(8)` -6.220960574271786e-16.
 */
export function lnNormalCdf(x: number): number {
  if (x > 0) return Math.log1p(-Math.exp(lnNormalCdf(-x)));
  if (x < -3) return lnNormalCdfScaled(x) - (x * x) / 2;
  const density = Math.exp(-(x * x) / 2 - HALF_LN_TWO_PI);
  return Math.log(0.5 + density * centralRatio(x));
}

/**
 * ln Σ e^x over `xs`, without overflow. The logarithm of an empty sum is −Infinity.
 * Example: `logSumExp([1000, 1000])` is 1000.6931471805599.
 */
export function logSumExp(xs: readonly number[]): number {
  const top = xs.reduce((most, x) => Math.max(most, x), -Infinity);
  if (!Number.isFinite(top)) return top;
  return top + Math.log(xs.reduce((sum, x) => sum + Math.exp(x - top), 0));
}
