// A guardrail on a mean, or on how often something frequent happens: the stratified normal
// mixture, and bets on what that cannot see: it waits for twenty values that are not 0 in each
// arm, and where none varies it waits for ever.
import {
  type ArmSums,
  lnEMeanOneSided,
  meanInterval,
  meanRadiusOneSided,
  meanStage,
  MIN_NON_ZERO,
  type Score,
  variance,
} from "#src/stats/mean.ts";
import { lnEProportion, swapArms } from "#src/stats/proportion.ts";
import { logSumExp } from "#src/stats/special.ts";
import { canaryShare, type Answer, type ChangeInterval, type Question } from "./question.ts";
import type { Arms } from "./arms.ts";

const defaultMinUnits = 100;

/** Where fewer values of the control are not 0, how many are not is a metric of its own. */
const sparseBelow = 0.1;

type Totals = Arms<Required<ArmSums>>;

function totalsOf({ evidence }: Question): Totals {
  return { control: total("control"), canary: total("canary") };

  function total(arm: keyof Totals): Required<ArmSums> {
    const zero = { n: 0, sum: 0, sumSq: 0, nonZero: 0 };
    return evidence.strata.reduce(
      (sum, { [arm]: each }) => ({
        n: sum.n + each.n,
        sum: sum.sum + each.sum,
        sumSq: sum.sumSq + each.sumSq,
        nonZero: sum.nonZero + (each.nonZero ?? each.n),
      }),
      zero,
    );
  }
}

function meanOf({ n, sum }: ArmSums): number {
  return n > 0 ? sum / n : 0;
}

function levelsOf({ control, canary }: Totals): Arms<number> {
  return { control: meanOf(control), canary: meanOf(canary) };
}

/** Differences in the metric's unit: what is tolerated, what may not be, what is looked for. */
function unitsOfHarm({ guardrail, advanceMargin }: Question, levels: Arms<number>) {
  const { margin, effect, negligible, base = levels.control } = guardrail;
  const inUnits = (relative: number) => Math.max(relative * Math.abs(base), negligible);
  return {
    tolerated: inUnits(margin),
    bearable: inUnits(advanceMargin),
    precision: 1 / inUnits(effect) ** 2,
  };
}

/** Score and information of all strata, each one compared within itself. */
function scoreOf({ guardrail, evidence }: Question, margin: number): Score {
  const { minUnits = defaultMinUnits, worse } = guardrail;
  const sign = worse === "higher" ? 1 : -1;
  const { designEffect } = evidence;
  return evidence.strata
    .map((arms) => meanStage({ ...arms, margin, sign, minUnits, designEffect }))
    .reduce((sum, { s, i }) => ({ s: sum.s + s, i: sum.i + i }), { s: 0, i: 0 });
}

/** ln E against "the canary's values are not 0 as often as the control's". */
function lnEOften({ guardrail, evidence }: Question): number {
  const stages = evidence.strata.map(({ control, canary }) => ({
    bad1: (canary.nonZero ?? 0) / evidence.designEffect,
    bad0: (control.nonZero ?? 0) / evidence.designEffect,
    share: canaryShare({ control: control.n, canary: canary.n }),
  }));
  const turned = guardrail.worse === "higher" ? stages : stages.map(swapArms);
  return lnEProportion(turned, guardrail.margin);
}

/**
 * ln E against "what a unit shows does not depend on its arm", once every unit of the
 * canary has shown one value and every unit of the control another: the chance that the
 * arms, dealt at random, fall so.
 */
function lnEApart({ crowding }: Question, { control, canary }: Totals): number {
  const share = canaryShare({ control: control.n, canary: canary.n });
  return -(canary.n * Math.log(share) + control.n * Math.log1p(-share)) / crowding;
}

export function judgeMean(question: Question): Answer {
  const { guardrail } = question;
  const { negligible } = guardrail;
  const totals = totalsOf(question);
  const levels = levelsOf(totals);
  const { tolerated, bearable, precision } = unitsOfHarm(question, levels);
  const harm = (levels.canary - levels.control) * (guardrail.worse === "higher" ? 1 : -1);
  const units = { control: totals.control.n, canary: totals.canary.n };
  const answer = { units, levels, lnThreshold: -Math.log(question.alphaHarm) };

  const minUnits = Math.max(2, guardrail.minUnits ?? defaultMinUnits);
  const isEnough = Math.min(units.control, units.canary) >= minUnits;
  if (isEnough && variance(totals.control) === 0 && variance(totals.canary) === 0) {
    const lnE = harm > tolerated ? lnEApart(question, totals) : 0;
    // A metric that never moved may be one that is not measured: only its author can say
    // that this is nothing.
    return { ...answer, lnE, isUnharmed: negligible > 0 && harm <= negligible };
  }
  const { s, i } = scoreOf(question, tolerated);
  const { s: s0 } = scoreOf(question, 0);
  const radius = meanRadiusOneSided(i, precision, question.alphaAdvance);
  const isUnharmed = i > 0 && s0 / i + radius < bearable;
  const lnE = lnEMeanOneSided(s, i, precision);
  const isSparse = totals.control.nonZero < sparseBelow * units.control;
  if (!isSparse || !isEnough) return { ...answer, lnE, isUnharmed };
  // Half of the bet on how much, half on how often: the mean of two e-values is one.
  const often = harm > tolerated ? lnEOften(question) : 0;
  return { ...answer, lnE: logSumExp([lnE, often]) - Math.LN2, isUnharmed };
}

/** Of the relative change, at every look at once; undefined where nothing is known of it. */
export function meanChange(question: Question): ChangeInterval | undefined {
  const totals = totalsOf(question);
  const levels = levelsOf(totals);
  const { precision } = unitsOfHarm(question, levels);
  const base = Math.abs(question.guardrail.base ?? levels.control);
  const { s, i } = scoreOf(question, 0);
  if (!(i > 0 && base > 0 && totals.canary.nonZero >= MIN_NON_ZERO)) return undefined;
  const { estimate, radius } = meanInterval(s, i, precision, question.alphaAdvance);
  const change = question.guardrail.worse === "higher" ? estimate : -estimate;
  return { lower: (change - radius) / base, upper: (change + radius) / base };
}
