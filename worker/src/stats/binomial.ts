// A one-sided bet on a coin: successes come more often than a known chance allows.
// `quantile.ts` plays it once per arm, on counts below and above a bin edge.
import { lnBetaIncScaled } from "./special.ts";

/** Successes among trials, against a chance of at most `q`, with `kappa` prior pseudo-trials. */
export type BinomialBet = {
  readonly successes: number;
  readonly trials: number;
  readonly q: number;
  readonly kappa: number;
};

/** ln of ∫ over chances above q of the likelihood, relative to q's own, under a Beta(κq + k, …) weight. */
function lnMixtureAbove({ successes, trials, q, kappa }: BinomialBet): number {
  const above = kappa * (1 - q) + trials - successes;
  return lnBetaIncScaled({ a: above, b: kappa * q + successes, x: 1 - q, y: q });
}

/**
 * ln E against "each trial succeeds with a chance of at most q", mixed over chances above
 * q by a Beta(κq, κ(1 − q)) cut off at q. Grows with successes; 0 without trials.
 * Needs 0 < q < 1, κ > 0, 0 ≤ successes ≤ trials.
 * Source: Howard et al., "Time-uniform, nonparametric, nonasymptotic confidence
 * sequences" (2021), one-sided beta-binomial mixture, its beta functions cancelled on paper.
 * Example: `lnEBinomial({ successes: 80, trials: 100, q: 0.75, kappa: 100 })` is 0.47394125390353475.
 */
export function lnEBinomial(bet: BinomialBet): number {
  return lnMixtureAbove(bet) - lnMixtureAbove({ ...bet, successes: 0, trials: 0 });
}
