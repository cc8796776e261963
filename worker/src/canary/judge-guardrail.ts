// One guardrail's evidence, weighed. What is too little to say anything says nothing:
// e-values of 1, and not unharmed.
import { fewestBuckets, type Guardrail } from "./guardrails.ts";
import { judgeMean, meanChange } from "./judge-mean.ts";
import { judgeQuantile, lnEOfQuantile, quantileChange } from "./judge-quantile.ts";
import { judgeRate, lnEOfRate, rateChange } from "./judge-rate.ts";
import type { Answer, ChangeInterval, Question } from "./question.ts";
import { initialPart } from "./restarts.ts";
import { runsOf, stratumOf } from "./trial.ts";
import type { EvidenceSince, GuardrailEvidence, VerdictInput } from "./verdict-input.ts";

/** What is known of one guardrail. */
export type GuardrailNumbers = Answer & {
  readonly name: string;
  readonly role: Guardrail["role"];
  /** The canary's level relative to the control's, −0.1 for ten per cent less; null without a control. */
  readonly change: number | null;
  /** So few visitors, or accounts, were seen that nothing is concluded from them. */
  readonly isAnecdote: boolean;
  /** Where harm is seen best: what came after so many units of the canary; missing for all of it. */
  readonly sinceUnits?: number;
  /** Harm is shown: `lnE` has reached its threshold. */
  readonly isHarmed: boolean;
};

/** Chance that harm beyond the advance margin is overlooked; every primary guardrail must rule it out. */
const alphaAdvance = 0.05;

/** Harm to rule out before a ramp goes on, by the share it goes on from: the more see it, the less. */
const advanceMargins: readonly {
  readonly upToPpm: number;
  readonly rate: number;
  readonly other: number;
}[] = [
  { upToPpm: 10_000, rate: 2, other: 0.3 },
  { upToPpm: 50_000, rate: 1, other: 0.2 },
  { upToPpm: 250_000, rate: 0.5, other: 0.1 },
  { upToPpm: Infinity, rate: 0.3, other: 0.05 },
];

/** The question about each guardrail of an input, in the policy's order. */
export function questionsOf(input: VerdictInput): readonly Question[] {
  const { policy, rollout, strata, crowding } = input;
  const deciding = policy.guardrails.filter(({ role }) => role !== "watch");
  const weights = deciding.reduce((sum, { weight }) => sum + weight, 0);
  const restarts = restartsOf(input);
  const margins = advanceMargins.find(({ upToPpm }) => rollout.sharePpm <= upToPpm);
  return policy.guardrails.map((guardrail, at) => {
    const isRate = guardrail.measure.kind === "rate";
    return {
      guardrail,
      evidence: input.evidence[at] ?? { strata: [], designEffect: 1, buckets: 0 },
      strata,
      crowding,
      alphaHarm: (policy.alpha * guardrail.weight) / Math.max(weights, guardrail.weight),
      alphaAdvance,
      advanceMargin: guardrail.advanceMargin ?? (isRate ? margins?.rate : margins?.other) ?? 0,
      restarts,
    };
  });
}

/** Ratios of the arms that the ramp has had, and will have as far as is planned. */
function restartsOf({ rollout, strata }: VerdictInput): number {
  const { stages, stage = 0, holdoutPpm } = rollout;
  const past = strata.map(({ allocation }) => ({
    canaryPpm: allocation.canary,
    controlPpm: allocation.control,
  }));
  const coming = stages
    .slice(stage + 1)
    .map(({ sharePpm }) => stratumOf({ sharePpm, holdoutPpm }, 0));
  return 1 + (runsOf([...past, ...coming]).at(-1) ?? 0);
}

/** The numbers of one guardrail, each of them finite. */
export function judgeGuardrail(question: Question): GuardrailNumbers {
  const { guardrail, evidence } = question;
  const answer = answerOf(question);
  const isAnecdote = evidence.buckets < fewestBuckets;
  const best = bestOf(question, answer.lnE);
  const lnE = isAnecdote ? 0 : best.lnE;
  const { control, canary } = answer.levels;
  const change = control === 0 ? null : (canary - control) / Math.abs(control);
  return {
    name: guardrail.name,
    role: guardrail.role,
    ...answer,
    change: change !== null && Number.isFinite(change) ? change : null,
    lnE,
    isAnecdote,
    ...(best.since && { sinceUnits: best.since.units }),
    isHarmed: lnE >= answer.lnThreshold,
    isUnharmed: !isAnecdote && answer.isUnharmed,
  };
}

type Best = { readonly lnE: number; readonly since?: EvidenceSince };

// Each bet counts for its part, and the largest is no more than all together. Parts are lost
// where nothing is said yet, too: ln E is then a little below 0.
function bestOf(question: Question, lnE: number): Best {
  const { since } = question.evidence;
  if (since === undefined) return { lnE };
  return since.reduce<Best>(
    (best, each) => {
      const { strata, bins } = each;
      const evidence = { ...question.evidence, strata, ...(bins && { bins }) };
      // What a bet must show is sharpest where it must show as much as its small part asks for.
      const alphaHarm = question.alphaHarm * each.part;
      const later = lnEOf({ ...question, evidence, alphaHarm }) + Math.log(each.part);
      return later > best.lnE ? { lnE: later, since: each } : best;
    },
    { lnE: lnE + Math.log(initialPart) },
  );
}

/**
 * The same input without what its verdict does not depend on: of what came after restarts,
 * only where harm is seen best. Small enough to be stored with every verdict.
 */
export function sharpened(input: VerdictInput): VerdictInput {
  const evidence = questionsOf(input).map((question) => {
    if (question.evidence.since === undefined) return question.evidence;
    const { since } = bestOf(question, lnEOf(question));
    return withSince(question.evidence, since === undefined ? [] : [since]);
  });
  return { ...input, evidence };
}

function withSince(
  evidence: GuardrailEvidence,
  since: readonly EvidenceSince[],
): GuardrailEvidence {
  return { ...evidence, since };
}

function answerOf(question: Question): Answer {
  switch (question.guardrail.measure.kind) {
    case "quantile":
      return judgeQuantile(question);
    case "mean":
    case "share":
      return judgeMean(question);
    case "rate":
    case "arrivals":
      return judgeRate(question);
  }
}

/** `Answer.lnE` alone: of what came after restarts nothing else counts. */
function lnEOf(question: Question): number {
  switch (question.guardrail.measure.kind) {
    case "quantile":
      return lnEOfQuantile(question);
    case "mean":
    case "share":
      return judgeMean(question).lnE;
    case "rate":
    case "arrivals":
      return lnEOfRate(question);
  }
}

/** Where the relative change lies, at every look at once; undefined where nothing is known of it. */
export function changeInterval(question: Question): ChangeInterval | undefined {
  switch (question.guardrail.measure.kind) {
    case "quantile":
      return quantileChange(question);
    case "mean":
    case "share":
      return meanChange(question);
    case "rate":
    case "arrivals":
      return rateChange(question);
  }
}

/** The same evidence, `factor` times as much of it: what is to come if nothing changes. */
export function scaledQuestion(question: Question, factor: number): Question {
  const { evidence, strata } = question;
  const times = <T extends Readonly<Record<string, number>>>(counts: T): T =>
    Object.fromEntries(Object.entries(counts).map(([key, count]) => [key, count * factor])) as T;
  const scaled = <T extends Pick<GuardrailEvidence, "strata" | "bins">>(counted: T): T => {
    const { bins, strata: sums } = counted;
    return {
      ...counted,
      strata: sums.map(({ control, canary }) => ({
        control: times(control),
        canary: times(canary),
      })),
      ...(bins && {
        bins: {
          control: { ...bins.control, counts: bins.control.counts.map((each) => each * factor) },
          canary: { ...bins.canary, counts: bins.canary.counts.map((each) => each * factor) },
        },
      }),
    };
  };
  const { since } = evidence;
  const more = scaled({ ...evidence, ...(since && { since: since.map(scaled) }) });
  const assigned = strata.map(({ allocation, units, assignments }) => ({
    allocation,
    units,
    assignments: times(assignments),
  }));
  return { ...question, evidence: more, strata: assigned };
}
