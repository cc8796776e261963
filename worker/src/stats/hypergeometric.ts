// Whether what befell some of the clusters befell one arm's: exact, however few they are.
// Looks at which clusters, never at how many page views: those of one account are one witness.
import { finiteLnE } from "./finite-ln-e.ts";
import { lnGamma, logSumExp } from "./special.ts";

/** Clusters of each arm, and how many of them are marked. */
export type MarkedClusters = {
  readonly canary: number;
  readonly control: number;
  readonly markedCanary: number;
  readonly markedControl: number;
};

/** Odds ratios that are bet on, and how much on each: from often to always, which is usual. */
const BETS: readonly { readonly odds: number; readonly part: number }[] = [
  { odds: 10, part: 1 / 4 },
  { odds: 1_000, part: 3 / 4 },
];

function lnChoose(n: number, k: number): number {
  return lnGamma(n + 1) - lnGamma(k + 1) - lnGamma(n - k + 1);
}

/**
 * ln E against "which clusters are marked has nothing to do with which arm they are in": the
 * likelihood of Fisher's noncentral hypergeometric law over that of the central one, given how
 * many are marked in all. 0 where none or all of them are.
 * Source: Fisher, "The logic of inductive inference" (1935); the conditional likelihood ratio is
 * an e-value, because its mean under the null law is 1.
 * Example: all of 8 canary clusters and none of 8 give 9.1308, near ln C(16, 8) = 9.4615.
 */
export function lnEMarked(clusters: MarkedClusters): number {
  const { canary, control, markedCanary, markedControl } = clusters;
  const marked = markedCanary + markedControl;
  const least = Math.max(0, marked - control);
  const most = Math.min(canary, marked);
  const ways = Array.from({ length: most - least + 1 }, (_, at) => {
    const inCanary = least + at;
    return { inCanary, ln: lnChoose(canary, inCanary) + lnChoose(control, marked - inCanary) };
  });
  const lnAll = logSumExp(ways.map(({ ln }) => ln));
  const wagers = BETS.map(({ odds, part }) => {
    const lnOdds = Math.log(odds);
    const lnTilted = logSumExp(ways.map(({ inCanary, ln }) => ln + inCanary * lnOdds));
    return Math.log(part) + markedCanary * lnOdds - lnTilted + lnAll;
  });
  return finiteLnE(logSumExp(wagers));
}
