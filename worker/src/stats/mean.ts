// Means: the normal mixture in score form. A stage becomes a score and its information,
// stages add up, and the sum may be looked at after every event, for ever.
// Refuses to speak for an arm below `minUnits`: the central limit has not arrived there.
import { finiteLnE } from "./finite-ln-e.ts";
import { lnNormalCdfScaled } from "./special.ts";

/** Additive sums of one metric in one arm: units, Σx and Σx², and where most are 0 how many are not. */
export type ArmSums = {
  readonly n: number;
  readonly sum: number;
  readonly sumSq: number;
  readonly nonZero?: number;
};

/** Sums of one ramp stage, or of several added up: score Σ(D − δ)/V and information Σ1/V. */
export type Score = { readonly s: number; readonly i: number };

/** What `meanStage` compares. */
export type MeanStage = {
  readonly control: ArmSums;
  readonly canary: ArmSums;
  /** Harm that is tolerated, in the metric's own unit: δ = m·μ_base. */
  readonly margin: number;
  /** 1 where more is harm (milliseconds), −1 where less is (revenue). */
  readonly sign: 1 | -1;
  /** Units that either arm needs before the stage counts. */
  readonly minUnits?: number;
  /** How much wider than independent units the difference spreads, ≥ 1: see `cluster.ts`. */
  readonly designEffect?: number;
};

/** Below this many units an arm's mean is too far from normal; simulated, at 1 % shares. */
const MIN_MEAN_UNITS = 100;

/** A sparse metric, such as revenue, also needs this many values that are not 0; simulated. */
export const MIN_NON_ZERO = 20;

/** Whether an arm has enough units for its mean to be nearly normal. */
function isEnough({ n, nonZero = MIN_NON_ZERO }: ArmSums, minUnits: number): boolean {
  return n >= Math.max(1, minUnits) && nonZero >= MIN_NON_ZERO;
}

/**
 * Unbiased variance of one arm from its sums, in squared units of the metric; 0 below two
 * units, and 0 where n roundings could have made all of it out of a constant.
 * Example: `variance({ n: 3, sum: 6, sumSq: 14 })` is 1.
 */
export function variance({ n, sum, sumSq }: ArmSums): number {
  const centred = sumSq - sum * (sum / n);
  return n >= 2 && centred > n * Number.EPSILON * sumSq ? centred / (n - 1) : 0;
}

/**
 * Score and information of one ramp stage; `{ s: 0, i: 0 }` where there is none yet (an
 * arm below `minUnits` or `MIN_NON_ZERO`, or no variance at all). Positive `s` is harm
 * beyond the margin.
 * Each arm's variance is at least the pooled one: a small canary that has not yet met its
 * heavy tail would otherwise look certain. Units of `s`: 1/metric; of `i`: 1/metric².
 * Source: Johari et al., "Always valid inference" (arXiv 1512.04922), two-sample normal data, in score form.
 * Example: control `{ n: 100, sum: 1000, sumSq: 10099 }`, canary `{ n: 100, sum: 1100,
 * sumSq: 12199 }`, margin 0, sign 1 give `{ s: 50, i: 50 }`.
 */
export function meanStage(stage: MeanStage): Score {
  const { control, canary, margin, sign, minUnits = MIN_MEAN_UNITS, designEffect = 1 } = stage;
  const none = { s: 0, i: 0 };
  if (!isEnough(control, minUnits) || !isEnough(canary, minUnits)) return none;
  const controlVariance = variance(control);
  const canaryVariance = variance(canary);
  const degrees = control.n + canary.n - 2;
  const pooled =
    ((control.n - 1) * controlVariance + (canary.n - 1) * canaryVariance) / Math.max(1, degrees);
  const spread =
    Math.max(controlVariance, pooled) / control.n + Math.max(canaryVariance, pooled) / canary.n;
  const i = 1 / (spread * Math.max(1, designEffect));
  const s = (sign * (canary.sum / canary.n - control.sum / control.n) - margin) * i;
  return Number.isFinite(i) && Number.isFinite(s) ? { s, i } : none;
}

/** Whether a mixture with this precision says anything about this much information. */
function speaks(i: number, g: number): boolean {
  return i > 0 && g > 0 && Number.isFinite(i) && Number.isFinite(g);
}

/**
 * ln E against "the canary does no harm beyond the margin". `s` and `i` are sums of
 * `meanStage` over stages, g = 1/τ² with τ the smallest effect of interest in the
 * metric's unit, fixed before the start. 0 where there is no information.
 * Source: Howard et al., "Time-uniform, nonparametric, nonasymptotic confidence
 * sequences" (2021), §3.2, one-sided normal mixture.
 * Example: `lnEMeanOneSided(10, 100, 12.6)` is -0.1478218.
 */
export function lnEMeanOneSided(s: number, i: number, g: number): number {
  if (!speaks(i, g)) return 0;
  const z = s / Math.sqrt(g + i);
  return finiteLnE(Math.LN2 - 0.5 * Math.log1p(i / g) + lnNormalCdfScaled(z));
}

/**
 * ln E against "the arms do not differ" (or differ by exactly the margin): Robbins'
 * mixture, Johari's mSPRT, with `s`, `i` and `g` as above. Even in `s`.
 * Source: Robbins (1970); Johari et al. (arXiv 1512.04922), the mixture SPRT.
 * Example: `lnEMeanTwoSided(10, 100, 12.6)` is -0.6510227.
 */
export function lnEMeanTwoSided(s: number, i: number, g: number): number {
  if (!speaks(i, g)) return 0;
  return finiteLnE((s / (g + i)) * (s / 2) - 0.5 * Math.log1p(i / g));
}

/** An interval of the harm D, in the metric's unit: `estimate` ± `radius`. */
export type MeanInterval = { readonly estimate: number; readonly radius: number };

/**
 * Confidence sequence of the mean difference at level 1 − `alpha`, valid at every look
 * at once. `s0` is Σ D/V, the score at margin 0. Without information the radius is
 * Number.MAX_VALUE: anything is possible, and it still survives JSON.
 * Source: Waudby-Smith et al., "Time-uniform central limit theory and asymptotic
 * confidence sequences", the Gaussian-mixture sequence.
 * Example: `meanInterval(10, 100, 12.6, 0.05)` is `{ estimate: 0.1, radius: 0.3035209 }`.
 */
// oxlint-disable-next-line max-params -- the published signature
export function meanInterval(s0: number, i: number, g: number, alpha: number): MeanInterval {
  if (!speaks(i, g)) return { estimate: 0, radius: Number.MAX_VALUE };
  const squared = (i + g) * (Math.log1p(i / g) - 2 * Math.log(alpha));
  return { estimate: finiteLnE(s0 / i), radius: finiteLnE(Math.sqrt(squared) / i) };
}

/**
 * Radius of the one-sided confidence sequence: with chance 1 − `alpha`, at every look at
 * once, the harm is below estimate + radius. Not below margin·μ by then: do not advance.
 * A closed form a little above the exact boundary of `lnEMeanOneSided`.
 * Source: Howard et al. (2021), §3.2, closed form above the one-sided normal mixture.
 * Example: `meanRadiusOneSided(100, 12.6, 0.05)` is 0.2779501.
 */
export function meanRadiusOneSided(i: number, g: number, alpha: number): number {
  if (!speaks(i, g)) return Number.MAX_VALUE;
  const odds = Math.sqrt(1 + i / g) / (2 * alpha);
  return finiteLnE(Math.sqrt(2 * (i + g) * Math.log1p(odds)) / i);
}

/**
 * The precision g for which the boundary at level `alpha` is (nearly) the tightest when
 * `information` has been gathered: information/c(α), c = L + ln(1 + L), L = −2 ln α.
 * For a one-sided mixture pass 2·alpha.
 * Source: Howard et al. (2021), §3.5, with Lambert's W approximated.
 * Example: `optimalPrecision(100, 0.05)` is 12.60056.
 */
export function optimalPrecision(information: number, alpha: number): number {
  const l = -2 * Math.log(alpha);
  return information / (l + Math.log1p(l));
}
