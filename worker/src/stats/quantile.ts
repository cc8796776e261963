// Quantiles: two bets on order statistics, and the worst case over where the control's
// quantile may lie. Exact on histogram counts, whatever the timings' shape: rounding,
// two modes and ties do no harm. Refuses to speak while an arm is empty.
import { type BinomialBet, lnEBinomial } from "./binomial.ts";
import { BIN_RATIO, quantilePosition } from "./histogram.ts";
import { optimalPrecision } from "./mean.ts";
import { finiteLnE } from "./finite-ln-e.ts";

/** Histogram counts of both arms, the quantile 0 < p < 1, and the bets' pseudo-trials. */
export type QuantileArms = {
  readonly canary: readonly number[];
  readonly control: readonly number[];
  readonly p: number;
  readonly kappaCanary: number;
  readonly kappaControl: number;
};

/** Variance of the ranks, n·p(1 − p), at which the default bets are sharpest: 2,667 units at p75. */
const TUNED_FOR = 500;

/** A share is kept this far from 0 and 1, so that pseudo-trials stay finite. */
const SHARE_MARGIN = 1e-6;

/** Cumulative counts, one longer than the histogram: entry i is what lies below edge i. */
function cumulate(counts: readonly number[], bins: number): number[] {
  const below = [0];
  for (let bin = 0, sum = 0; bin < bins; bin += 1) {
    sum += counts[bin] ?? 0;
    below.push(sum);
  }
  return below;
}

/** What one arm bets, by how many of its units fall on the far side of an edge. */
function rememberedBet(bet: Omit<BinomialBet, "successes">): (successes: number) => number {
  const known = new Map<number, number>();
  return (successes) => {
    const value = known.get(successes) ?? lnEBinomial({ ...bet, successes });
    known.set(successes, value);
    return value;
  };
}

/**
 * Smallest rising(i) + falling(i), 0 ≤ i < length. Over a stretch the sum is at least
 * rising(first) + falling(last), so most stretches are never looked into.
 */
function smallestSum(
  rising: (i: number) => number,
  falling: (i: number) => number,
  length: number,
): number {
  let best = Infinity;
  const search = (first: number, last: number): void => {
    if (first > last || rising(first) + falling(last) >= best) return;
    const middle = (first + last) >> 1;
    best = Math.min(best, rising(middle) + falling(middle));
    search(first, middle - 1);
    search(middle + 1, last);
  };
  search(0, length - 1);
  return best;
}

/**
 * ln E as a function of the shift, for both arms as they stand now. If the control's
 * quantile lies in bin i, what lies below bin i bets that it is further left, and what
 * lies above bin i + shift bets that the canary's is further right.
 */
function lnEByShift(arms: QuantileArms): (shift: number) => number {
  const bins = Math.max(arms.canary.length, arms.control.length);
  const control = cumulate(arms.control, bins);
  const canary = cumulate(arms.canary, bins);
  const controlUnits = control[bins] ?? 0;
  const canaryUnits = canary[bins] ?? 0;
  if (!(controlUnits > 0 && canaryUnits > 0)) return () => 0;
  const betBelow = rememberedBet({ trials: controlUnits, q: arms.p, kappa: arms.kappaControl });
  const betAbove = rememberedBet({ trials: canaryUnits, q: 1 - arms.p, kappa: arms.kappaCanary });
  return (shift) => {
    const edgeAfter = (i: number) => Math.max(0, Math.min(bins, i + Math.ceil(shift) + 1));
    return smallestSum(
      (i) => betBelow(control[i] ?? 0),
      (i) => betAbove(canaryUnits - (canary[edgeAfter(i)] ?? 0)),
      bins,
    );
  };
}

/** The arms with their names, and their bets, exchanged. */
function exchanged(arms: QuantileArms): QuantileArms {
  return {
    p: arms.p,
    canary: arms.control,
    control: arms.canary,
    kappaCanary: arms.kappaControl,
    kappaControl: arms.kappaCanary,
  };
}

/**
 * ln E against "the canary's p-quantile is at most γ^shift times the control's", γ =
 * `BIN_RATIO`. A fractional shift is rounded up, towards less evidence. Falls as the
 * shift grows; 0 while an arm is empty. To show that harm stays below M, exchange arms
 * and kappas and pass minus M's shift. Restart per ramp stage; over K stages the
 * threshold is K/α.
 * Source: Howard and Ramdas, "Sequential estimation of quantiles with applications to
 * A/B testing" (2022), the two-sample test, with one-sided beta-binomial bets.
 * Example: canary `[0, 0, 40]` and control `[40, 0, 0]`, p ½, shift 0, both kappas 100
 * give 4.673172293.
 */
export function lnEQuantile({ shift, ...arms }: QuantileArms & { readonly shift: number }): number {
  return finiteLnE(lnEByShift(arms)(shift));
}

/** Canary's quantile over control's: 1.1 is ten per cent slower. */
export type RatioInterval = {
  readonly estimate: number;
  readonly lower: number;
  readonly upper: number;
};

/** The largest shift in −bins … bins that is still rejected; −bins, the end of the scale, if none is. */
function largestRejected(
  lnE: (shift: number) => number,
  bins: number,
  lnThreshold: number,
): number {
  let rejected = -bins;
  let standing = bins;
  while (standing - rejected > 1) {
    const middle = (rejected + standing) >> 1;
    if (lnE(middle) >= lnThreshold) rejected = middle;
    else standing = middle;
  }
  return rejected;
}

/**
 * Confidence sequence for the ratio of the arms' p-quantiles at level 1 − `alpha`, valid
 * at every look at once: the shifts that neither arm's test rejects at α/2. As wide as
 * the histogram, γ^±bins, while an arm is empty.
 * Source: inversion of `lnEQuantile` (Howard and Ramdas 2022).
 * Example: 400 units in bin 2 against 400 in bin 0 (p ½, both kappas 100, alpha 0.05)
 * give estimate 1.0404, lower 1.02 and upper 1.0612.
 */
export function quantileRatioInterval({
  alpha,
  ...arms
}: QuantileArms & { readonly alpha: number }): RatioInterval {
  const bins = Math.max(arms.canary.length, arms.control.length);
  const lnThreshold = Math.log(2 / alpha);
  const slower = largestRejected(lnEByShift(arms), bins, lnThreshold);
  const faster = largestRejected(lnEByShift(exchanged(arms)), bins, lnThreshold);
  const shift = quantilePosition(arms.canary, arms.p) - quantilePosition(arms.control, arms.p);
  return {
    estimate: BIN_RATIO ** shift,
    lower: BIN_RATIO ** slower,
    upper: BIN_RATIO ** -faster,
  };
}

/**
 * Pseudo-trials of both bets: sharpest when p(1 − p) times the canary's units is 500, and
 * stretched for the control as much as its traffic is larger. `share` is the canary's
 * share of canary + control, `alpha` below ½.
 * Source: Howard et al. (2021), §3.5, by way of `optimalPrecision` at 2α (one-sided).
 * Example: `defaultKappas({ p: 0.75, alpha: 0.05, share: 0.01 })` is
 * `{ kappaCanary: 421.35, kappaControl: 41713.68 }`.
 */
export function defaultKappas({
  p,
  alpha,
  share,
}: {
  readonly p: number;
  readonly alpha: number;
  readonly share: number;
}): { readonly kappaCanary: number; readonly kappaControl: number } {
  const kappaCanary = Math.max(1, optimalPrecision(TUNED_FOR / (p * (1 - p)), 2 * alpha));
  const kept = Math.max(SHARE_MARGIN, Math.min(1 - SHARE_MARGIN, share));
  return { kappaCanary, kappaControl: kappaCanary * Math.max(1, (1 - kept) / kept) };
}
