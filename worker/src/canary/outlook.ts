// What people want to see besides the verdict: where each change may lie, what stands out
// among many guardrails, and when a decision can be expected at this rate. Dearer than the
// verdict, so asked for when somebody looks, not with every batch.
import { frozenUntil } from "#flags/transition.ts";
import { eBenjaminiHochberg } from "#src/stats/e-bh.ts";
import { changeInterval, judgeGuardrail, questionsOf, scaledQuestion } from "./judge-guardrail.ts";
import type { ChangeInterval, Question } from "./question.ts";
import type { VerdictInput } from "./verdict-input.ts";

type GuardrailOutlook = {
  readonly name: string;
  /** Confidence sequence of the relative change at 95 %; null where nothing is known. */
  readonly interval: ChangeInterval | null;
  /** Stands out at a false discovery rate of 5 % over all guardrails. */
  readonly isDiscovery: boolean;
  /** When it is settled either way, if what was seen so far goes on; null beyond any horizon. */
  readonly settledAtMs: number | null;
};

/** When all is there that a ramp needs to go on, if no harm shows. */
type GoesOn = {
  /** What comes last; `person` where all else is there, or where one is asked before it is. */
  readonly waitsFor: "time" | "units" | "proof" | "person";
  /** Null beyond any horizon. */
  readonly atMs: number | null;
  /** Whether somebody must then say so. */
  readonly isByHand: boolean;
  /** When a person is asked because it takes too long; null where it does not. */
  readonly askedAtMs: number | null;
};

export type Outlook = {
  readonly guardrails: readonly GuardrailOutlook[];
  readonly goesOn: GoesOn;
  /** What harm would be shown next and when, if what leans that way by half goes on so. */
  readonly goesBack: { readonly guardrail: string; readonly atMs: number } | null;
  /** When the ramp can go on by itself or must go back; null where neither is in sight. */
  readonly decisionAtMs: number | null;
};

const discoveryRate = 0.05;

/** A decision that needs more than this many times the evidence is not in sight. */
const horizon = 4_096;
const refinements = 4;

/** The outlook on an input, at its own time. */
export function outlookOn(input: VerdictInput): Outlook {
  const questions = questionsOf(input);
  const now = questions.map(judgeGuardrail);
  const discoveries = eBenjaminiHochberg(
    now.map(({ lnE }) => lnE),
    discoveryRate,
  );
  const harms: { readonly guardrail: string; readonly atMs: number }[] = [];
  const clearAt: number[] = [];
  const guardrails = questions.map((question, at): GuardrailOutlook => {
    const { name, role } = question.guardrail;
    const harm = leastFactor(question, "isHarmed");
    const clear = leastFactor(question, "isUnharmed");
    const harmedAtMs = timeOf(input, harm);
    // Of a dozen harmless guardrails one always leans a little: that is no outlook.
    const isLeaning = (now[at]?.lnE ?? 0) >= (now[at]?.lnThreshold ?? Infinity) / 2;
    if (role !== "watch" && isLeaning && harmedAtMs !== null) {
      harms.push({ guardrail: name, atMs: harmedAtMs });
    }
    if (role === "primary") clearAt.push(clear);
    return {
      name,
      interval: changeInterval(question) ?? null,
      isDiscovery: discoveries.includes(at),
      settledAtMs: timeOf(input, Math.min(harm, clear)),
    };
  });
  const goesOn = whenOn(input, timeOf(input, Math.max(...clearAt)));
  const goesBack = harms.toSorted((left, right) => left.atMs - right.atMs)[0] ?? null;
  const known = [goesBack?.atMs ?? null, goesOn.isByHand ? null : goesOn.atMs];
  const times = known.filter((each) => each !== null);
  const decisionAtMs = times.length === 0 ? null : Math.min(...times);
  return { guardrails, goesOn, goesBack, decisionAtMs };
}

/** How many times the evidence of now it takes, if more of the same comes; Infinity past the horizon. */
function leastFactor(question: Question, what: "isHarmed" | "isUnharmed"): number {
  const isSo = (factor: number) => judgeGuardrail(scaledQuestion(question, factor))[what];
  let most = 1;
  while (!isSo(most)) {
    most *= 2;
    if (most > horizon) return Infinity;
  }
  let least = most / 2;
  for (let step = 0; most > 1 && step < refinements; step += 1) {
    const middle = (least + most) / 2;
    if (isSo(middle)) most = middle;
    else least = middle;
  }
  return most;
}

/** When there will be `factor` times the units of now, at the rate of the newest stratum. */
function timeOf(input: VerdictInput, factor: number): number | null {
  const canary = input.strata.reduce((sum, { units }) => sum + units.canary, 0);
  return factor === 1 ? input.nowMs : timeUntil(input, (factor - 1) * canary);
}

/** When so many more units of the canary will have come. */
function timeUntil({ strata, rollout, nowMs }: VerdictInput, units: number): number | null {
  const perMs = (strata.at(-1)?.units.canary ?? 0) / Math.max(1, nowMs - rollout.shareSetAtMs);
  const atMs = Math.round(nowMs + units / perMs);
  return Number.isSafeInteger(atMs) ? atMs : null;
}

/** When it has waited, seen enough units and, at `proofAtMs`, shown no harm; and which comes last. */
function whenOn(input: VerdictInput, proofAtMs: number | null): GoesOn {
  const { rollout, policy, nowMs } = input;
  const { shareSetAtMs, freezes } = rollout;
  const stage = rollout.stages[rollout.stage ?? -1];
  const isLast = rollout.stage === rollout.stages.length - 1;
  const waitMs = Math.max(stage?.minTimeMs ?? 0, isLast ? policy.bakeMs : 0);
  const timeAtMs = Math.max(nowMs, shareSetAtMs + waitMs, frozenUntil(freezes, nowMs) ?? 0);
  const unitsAtMs = enoughAt(input);
  const isByHand = stage?.mode === "manual" || rollout.state === "held";
  const ends = { time: timeAtMs, units: unitsAtMs ?? Infinity, proof: proofAtMs ?? Infinity };
  const last = Math.max(ends.time, ends.units, ends.proof);
  const waitsFor = (["time", "units", "proof"] as const).find((each) => ends[each] === last);
  const atMs = Number.isFinite(last) ? last : null;
  const isReady = isByHand && last <= nowMs;
  const overdueAtMs = shareSetAtMs + policy.maxStageMs;
  const askedAtMs = Math.max(ends.units, ends.proof) > overdueAtMs ? overdueAtMs : null;
  const isPerson = isReady || askedAtMs !== null;
  return { waitsFor: isPerson ? "person" : (waitsFor ?? "proof"), atMs, isByHand, askedAtMs };
}

/** When the stage has its units; null where they no longer come. */
function enoughAt(input: VerdictInput): number | null {
  const { rollout, policy, strata, nowMs } = input;
  const stage = rollout.stages[rollout.stage ?? -1];
  const wanted = Math.max(policy.minViews, stage?.minViews ?? 0);
  const missing = Math.max(0, wanted - (strata.at(-1)?.units.canary ?? 0));
  return missing === 0 ? nowMs : timeUntil(input, missing);
}
