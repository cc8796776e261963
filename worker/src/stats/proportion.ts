// Proportions: the bad events alone, split between the arms as the traffic was.
// Exact at any count, and blind to rates that drift in both arms alike.
// Refuses frequent events (above about 10 %): there `mean.ts` on 0 and 1 sees more.
import { finiteLnE } from "./finite-ln-e.ts";
import { logSumExp } from "./special.ts";

/** Bad events of one ramp stage, and the canary's share of canary + control traffic, 0 to 1. */
export type ProportionStage = {
  readonly bad1: number;
  readonly bad0: number;
  readonly share: number;
};

/** Rate ratios beyond the margin that the mixture bets on, in equal parts: from barely worse to broken. */
const BETS: readonly number[] = [1.05, 1.1, 1.2, 1.35, 1.5, 1.75, 2, 2.5, 3, 4, 6, 10];

/** Chance that a bad event is the canary's when its rate is `ratio` times the control's. */
function canaryChance(share: number, ratio: number): number {
  return (share * ratio) / (share * ratio + 1 - share);
}

/** ln of the likelihood ratio of rate ratio r·bet over r, r = 1 + margin, in one stage. */
function lnLikelihoodRatio({ bad1, bad0, share }: ProportionStage, ratio: number, bet: number) {
  if (!(share > 0 && share < 1)) return 0;
  const growth = Math.log1p(canaryChance(share, ratio) * (bet - 1));
  return bad1 * (Math.log(bet) - growth) - bad0 * growth;
}

/**
 * ln E against "the canary's rate of bad events is at most 1 + `margin` times the
 * control's". Stages with no split of traffic (share 0 or 1) say nothing; no events, 0.
 * For "lower is worse", and for showing that harm stays below M (margin 1/M − 1), pass
 * stages through `swapArms`. Counts may be fractions, once divided by a design effect.
 * Source: Lindon et al., "Rapid regression detection in software deployments through
 * sequential testing" (arXiv 2205.14762), conditional on the total; mixture on a grid.
 * Example: `lnEProportion([{ bad1: 25, bad0: 990, share: 0.01 }], 0.1)` is 4.968513788255406.
 */
export function lnEProportion(stages: readonly ProportionStage[], margin: number): number {
  const ratio = 1 + margin;
  const wagers = BETS.map((bet) =>
    stages.reduce((sum, stage) => sum + lnLikelihoodRatio(stage, ratio, bet), 0),
  );
  return finiteLnE(logSumExp(wagers) - Math.log(BETS.length));
}

/**
 * The same stage with the arms' names exchanged.
 * Example: `swapArms({ bad1: 3, bad0: 200, share: 0.01 })` is `{ bad1: 200, bad0: 3, share: 0.99 }`.
 */
export function swapArms({ bad1, bad0, share }: ProportionStage): ProportionStage {
  return { bad1: bad0, bad0: bad1, share: 1 - share };
}
