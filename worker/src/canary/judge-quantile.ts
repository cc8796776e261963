// A guardrail on a quantile of a duration: order statistics of the newest run of stages. The
// test begins anew when the arms' ratio changes, and each beginning pays its part of the budget.
import { BIN_RATIO, BINS, binOf, binsOf, quantilePosition } from "#src/stats/histogram.ts";
import { lnEBinomial } from "#src/stats/binomial.ts";
import {
  defaultKappas,
  lnEQuantile,
  type QuantileArms,
  quantileRatioInterval,
} from "#src/stats/quantile.ts";
import { canaryShare, type Answer, type ChangeInterval, type Question } from "./question.ts";
import type { Arms } from "./arms.ts";
import type { BinCounts } from "./verdict-input.ts";

/**
 * A quarter of the default's pseudo-trials: harm is to be seen within the first hundreds of
 * units. A time 1.5 times as long is found in 140 of the canary and not in 200, simulated.
 */
const alertness = 1 / 4;

type Histograms = Arms<readonly number[]>;

/** Counts over all bins, each divided by `effect`; what is below `floor` counts in the floor's bin. */
function spread({ from, counts }: BinCounts, effect: number, floor: number): number[] {
  const lowest = binOf(floor);
  const bins = Array<number>(BINS).fill(0);
  for (const [at, count] of counts.entries()) {
    const bin = Math.max(lowest, from + at);
    bins[bin] = (bins[bin] ?? 0) + count / effect;
  }
  return bins;
}

function histogramsOf({ guardrail, evidence }: Question, floor = guardrail.negligible): Histograms {
  const none = { from: 0, counts: [] };
  const { control, canary } = evidence.bins ?? { control: none, canary: none };
  const { designEffect } = evidence;
  return {
    control: spread(control, designEffect, floor),
    canary: spread(canary, designEffect, floor),
  };
}

function total(bins: BinCounts | undefined): number {
  return (bins?.counts ?? []).reduce((sum, each) => sum + each, 0);
}

function unitsOf({ evidence }: Question): Arms<number> {
  return { control: total(evidence.bins?.control), canary: total(evidence.bins?.canary) };
}

function quantileOf({ guardrail }: Question): number {
  return guardrail.measure.kind === "quantile" ? guardrail.measure.p : 0.5;
}

/** The arms with the worse one first, whichever way is worse. */
function armsOf(question: Question, histograms: Histograms, alpha: number): QuantileArms {
  const p = quantileOf(question);
  const { control, canary } = histograms;
  const isHigherWorse = question.guardrail.worse === "higher";
  const { kappaCanary, kappaControl } = defaultKappas({
    p,
    alpha,
    share: canaryShare(unitsOf(question)),
  });
  return isHigherWorse
    ? { p, canary, control, kappaCanary, kappaControl }
    : { p, canary: control, control: canary, kappaCanary: kappaControl, kappaControl: kappaCanary };
}

function alert({ kappaCanary, kappaControl, ...arms }: QuantileArms): QuantileArms {
  return {
    ...arms,
    kappaCanary: Math.max(1, kappaCanary * alertness),
    kappaControl: Math.max(1, kappaControl * alertness),
  };
}

/** `Answer.lnE` alone. */
export function lnEOfQuantile(question: Question, histograms = histogramsOf(question)): number {
  const { guardrail, alphaHarm, restarts } = question;
  const { control, canary } = unitsOf(question);
  if (Math.min(control, canary) < (guardrail.minUnits ?? 1)) return 0;
  const arms = armsOf(question, histograms, alphaHarm / restarts);
  return lnEQuantile({ ...alert(arms), shift: Math.ceil(binsOf(1 + guardrail.margin)) });
}

export function judgeQuantile(question: Question): Answer {
  const { guardrail, alphaHarm, restarts } = question;
  const histograms = histogramsOf(question);
  const units = unitsOf(question);
  const p = quantileOf(question);
  const level = (bins: BinCounts | undefined) =>
    bins && bins.counts.length > 0
      ? BIN_RATIO ** (bins.from + quantilePosition(bins.counts, p))
      : 0;
  const isEnough = Math.min(units.control, units.canary) >= (guardrail.minUnits ?? 1);
  return {
    units,
    levels: {
      control: level(question.evidence.bins?.control),
      canary: level(question.evidence.bins?.canary),
    },
    lnE: lnEOfQuantile(question, histograms),
    lnThreshold: -Math.log(alphaHarm / restarts),
    isUnharmed: isEnough && isUnharmed(question, histograms),
  };
}

/** Whether the quantiles are shown to be close, or the canary's to be next to nothing. */
function isUnharmed(question: Question, histograms: Histograms): boolean {
  const { advanceMargin, alphaAdvance, guardrail, evidence, crowding } = question;
  const needed = -Math.log(alphaAdvance);
  const arms = armsOf(question, histograms, alphaAdvance);
  const { p, canary, control, kappaCanary, kappaControl } = arms;
  const exchanged = {
    p,
    canary: control,
    control: canary,
    kappaCanary: kappaControl,
    kappaControl: kappaCanary,
  };
  const shift = -Math.floor(binsOf(1 + advanceMargin));
  if (lnEQuantile({ ...exchanged, shift }) >= needed) return true;
  if (guardrail.negligible < 1 || guardrail.worse === "lower") return false;
  // Units are already divided by the design effect, of which a constant has none.
  const more = Math.max(1, crowding / evidence.designEffect);
  const trials = canary.reduce((sum, count) => sum + count, 0) / more;
  const successes = (canary[binOf(guardrail.negligible)] ?? 0) / more;
  return trials > 0 && lnEBinomial({ successes, trials, q: p, kappa: kappaCanary }) >= needed;
}

/** Of the relative change, at every look at once; undefined while an arm is empty. */
export function quantileChange(question: Question): ChangeInterval | undefined {
  const { control, canary } = unitsOf(question);
  if (!(control > 0 && canary > 0)) return undefined;
  const p = quantileOf(question);
  const { alphaAdvance: alpha } = question;
  const kappas = defaultKappas({ p, alpha, share: canaryShare({ control, canary }) });
  const interval = quantileRatioInterval({ ...histogramsOf(question, 0), p, alpha, ...kappas });
  return { lower: interval.lower - 1, upper: interval.upper - 1 };
}
