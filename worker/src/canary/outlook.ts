// What people want to see besides the verdict: where each change may lie, what stands out
// among many guardrails, and when a decision can be expected at this rate. Dearer than the
// verdict, so asked for when somebody looks, not with every batch.
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

export type Outlook = {
  readonly guardrails: readonly GuardrailOutlook[];
  /** When the ramp can go on or must go back, times of waiting included; null beyond any horizon. */
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
  const harmAt: number[] = [];
  const clearAt: number[] = [];
  const guardrails = questions.map((question, at): GuardrailOutlook => {
    const { name, role } = question.guardrail;
    const harm = leastFactor(question, "isHarmed");
    const clear = leastFactor(question, "isUnharmed");
    if (role !== "watch") harmAt.push(harm);
    if (role === "primary") clearAt.push(clear);
    return {
      name,
      interval: changeInterval(question) ?? null,
      isDiscovery: discoveries.includes(at),
      settledAtMs: timeOf(input, Math.min(harm, clear)),
    };
  });
  const back = timeOf(input, Math.min(...harmAt));
  const on = timeOf(input, Math.max(...clearAt));
  const earliest = earliestAdvance(input);
  const waited = on === null || earliest === null ? null : Math.max(on, earliest);
  const known = [back, waited].filter((each) => each !== null);
  return { guardrails, decisionAtMs: known.length === 0 ? null : Math.min(...known) };
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

/** The end of every wait that is known in advance; null where units no longer come. */
function earliestAdvance(input: VerdictInput): number | null {
  const { rollout, policy, strata, nowMs } = input;
  const stage = rollout.stages[rollout.stage ?? -1];
  const isLast = rollout.stage === rollout.stages.length - 1;
  const waitMs = Math.max(stage?.minTimeMs ?? 0, isLast ? policy.bakeMs : 0);
  const wanted = Math.max(policy.minViews, stage?.minViews ?? 0);
  const missing = Math.max(0, wanted - (strata.at(-1)?.units.canary ?? 0));
  const enoughAtMs = missing === 0 ? nowMs : timeUntil(input, missing);
  return enoughAtMs === null ? null : Math.max(enoughAtMs, rollout.shareSetAtMs + waitMs);
}
