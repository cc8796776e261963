// A guardrail on how often something rare happens, and the one on how many pages speak at
// all: the bad events alone, split between the arms as their units were.
//
// Shares are those of the units that came, not those planned: where whole accounts are
// assigned, one half of the places is seldom one half of the traffic.
import { lnEBinomial } from "#src/stats/binomial.ts";
import { optimalPrecision } from "#src/stats/mean.ts";
import { lnEProportion, type ProportionStage, swapArms } from "#src/stats/proportion.ts";
import { canaryShare, type Answer, type ChangeInterval, type Question } from "./question.ts";
import type { Arms } from "./arms.ts";

/** Bad units at which the bet on "hardly any" is sharpest; a few dozen decide. */
const tunedForBad = 25;

/** Ends of the scale on which a ratio is looked for, and how finely: e^±7, to 0.01. */
const widestLnRatio = 7;
const lnRatioSteps = 1400;

/** Where more of the control is bad, something else is wrong, and no canary looks bad beside it. */
const mostBadControl = 0.5;

type Rates = {
  readonly stages: readonly ProportionStage[];
  readonly units: Arms<number>;
  readonly bad: Arms<number>;
  readonly levels: Arms<number>;
};

function rateOf(bad: Arms<number>, units: Arms<number>): Arms<number> {
  const each = (arm: keyof Arms<number>) => (units[arm] > 0 ? bad[arm] / units[arm] : 0);
  return { control: each("control"), canary: each("canary") };
}

function sumOf(list: readonly Arms<number>[]): Arms<number> {
  const zero = { control: 0, canary: 0 };
  return list.reduce<Arms<number>>(
    (sum, each) => ({ control: sum.control + each.control, canary: sum.canary + each.canary }),
    zero,
  );
}

type Counts = Pick<Rates, "bad" | "units">;

/** Of each stratum the bad events and the units that they are bad ones of. */
function countsOf({ guardrail, evidence, strata }: Question): readonly Counts[] {
  return evidence.strata.map(({ control, canary }, stratum) => {
    const units = { control: control.n, canary: canary.n };
    return guardrail.measure.kind === "arrivals"
      ? arrivalsOf(units, strata[stratum]?.assignments ?? nobody)
      : { bad: { control: control.sum, canary: canary.sum }, units };
  });
}

const nobody = { control: 0, canary: 0 };

// The edge's counts come up to twenty seconds after their pages, and the first that an isolate
// tells is one request: until at least half of what has arrived was counted, how the counts
// are split is more a matter of chance than how the arrivals are.
function arrivalsOf(arrived: Arms<number>, assigned: Arms<number>): Counts {
  const isCounted = 2 * (assigned.control + assigned.canary) >= arrived.control + arrived.canary;
  return isCounted ? { bad: arrived, units: assigned } : { bad: nobody, units: nobody };
}

function ratesOf(question: Question): Rates {
  const counts = countsOf(question);
  const bad = sumOf(counts.map((each) => each.bad));
  const units = sumOf(counts.map((each) => each.units));
  const effect = effectOf(question, bad, units);
  const stages = counts.map((each) => ({
    bad1: each.bad.canary / effect,
    bad0: each.bad.control / effect,
    share: canaryShare(each.units),
  }));
  return { stages, units, bad, levels: rateOf(bad, units) };
}

// Assignments are known one by one, so that of a visitor's views only those that do not
// arrive are a matter of chance.
function effectOf(
  { guardrail, evidence, crowding }: Question,
  bad: Arms<number>,
  units: Arms<number>,
): number {
  if (guardrail.measure.kind !== "arrivals") return evidence.designEffect;
  if (evidence.assignedEffect !== undefined) return evidence.assignedEffect;
  const assigned = units.control + units.canary;
  const missing = assigned > 0 ? 1 - (bad.control + bad.canary) / assigned : 0;
  return Math.max(1, crowding * missing);
}

/** `Answer.lnE` alone. */
export function lnEOfRate(question: Question, rates = ratesOf(question)): number {
  const { guardrail } = question;
  const { units } = rates;
  if (Math.min(units.control, units.canary) < (guardrail.minUnits ?? 0)) return 0;
  return lnEProportion(harmIn(question, rates), guardrail.margin);
}

/** The stages with the worse arm as the canary, whichever way is worse. */
function harmIn({ guardrail }: Question, { stages }: Rates): readonly ProportionStage[] {
  return guardrail.worse === "higher" ? stages : stages.map(swapArms);
}

export function judgeRate(question: Question): Answer {
  const { guardrail, alphaHarm } = question;
  const rates = ratesOf(question);
  const { units, levels } = rates;
  const isEnough = Math.min(units.control, units.canary) >= (guardrail.minUnits ?? 0);
  return {
    units,
    levels,
    lnE: lnEOfRate(question, rates),
    lnThreshold: -Math.log(alphaHarm),
    isUnharmed: isEnough && isUnharmed(question, { ...rates, stages: harmIn(question, rates) }),
  };
}

/** Whether the ratio is shown to be below what may be, or the canary's rate to be next to nothing. */
function isUnharmed(question: Question, { stages, units, bad, levels }: Rates): boolean {
  const { guardrail, advanceMargin, alphaAdvance, evidence, crowding } = question;
  if (guardrail.worse === "higher" && levels.control > mostBadControl) return false;
  const needed = -Math.log(alphaAdvance);
  const margin = 1 / (1 + advanceMargin) - 1;
  if (lnEProportion(stages.map(swapArms), margin) >= needed) return true;
  const { negligible, measure, worse } = guardrail;
  const hasFloor = negligible > 0 && negligible < 1 && worse === "higher";
  if (!hasFloor || measure.kind === "arrivals") return false;
  const effect = Math.max(evidence.designEffect, crowding);
  const q = 1 - negligible;
  const lnE = lnEBinomial({
    successes: (units.canary - bad.canary) / effect,
    trials: units.canary / effect,
    q,
    kappa: Math.max(1, optimalPrecision(tunedForBad / (q * negligible), 2 * alphaAdvance)),
  });
  return lnE >= needed;
}

/** Of the relative change, at every look at once; undefined before the first bad event. */
export function rateChange(question: Question): ChangeInterval | undefined {
  const { stages, bad } = ratesOf(question);
  if (bad.control + bad.canary === 0) return undefined;
  const needed = Math.log(2 / question.alphaAdvance);
  return {
    lower: largestRefuted(stages, needed) - 1,
    upper: 1 / largestRefuted(stages.map(swapArms), needed) - 1,
  };
}

/** The largest ratio that the evidence shows to be too small, by bisection. */
function largestRefuted(stages: readonly ProportionStage[], needed: number): number {
  let refuted = -lnRatioSteps;
  let standing = lnRatioSteps;
  const ratioAt = (step: number) => Math.exp((step / lnRatioSteps) * widestLnRatio);
  while (standing - refuted > 1) {
    const middle = (refuted + standing) >> 1;
    if (lnEProportion(stages, ratioAt(middle) - 1) >= needed) refuted = middle;
    else standing = middle;
  }
  return ratioAt(refuted);
}
