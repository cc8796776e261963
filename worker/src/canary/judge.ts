// Whether a ramp goes on, waits or goes back: one pure function of a stored input, asked
// as often as one likes. Every doubt waits. It only says; `transition.ts` moves.
import { frozenUntil, type Action } from "#flags/transition.ts";
import { isLive, type Rollout } from "#flags/rollout.ts";
import { lnESampleRatio } from "#src/stats/sample-ratio.ts";
import { judgeGuardrail, questionsOf, type GuardrailNumbers } from "./judge-guardrail.ts";
import { brokenReasons, type BrokenReason } from "./outright.ts";
import { canaryShare } from "./question.ts";
import type { Arms } from "./arms.ts";
import type { VerdictInput } from "./verdict-input.ts";

export type Reason =
  | { readonly reason: "not_live"; readonly state: Rollout["state"] }
  /** Assignments are not split as they were meant to be: no other number can be trusted. */
  | {
      readonly reason: "sample_ratio_mismatch";
      readonly lnE: number;
      readonly assignments: Arms<number>;
    }
  | {
      readonly reason: "harmed";
      readonly guardrail: string;
      readonly lnE: number;
      readonly lnThreshold: number;
      readonly change: number | null;
    }
  /** The canary's pages no longer speak, and the control's do. */
  | { readonly reason: "silent"; readonly controlUnits: number; readonly enough: number }
  | BrokenReason
  | { readonly reason: "no_data" }
  | { readonly reason: "stale_evidence"; readonly latestAtMs: number }
  | { readonly reason: "too_early"; readonly untilMs: number }
  | { readonly reason: "too_few_units"; readonly units: number; readonly needed: number }
  /** The units come from so few visitors, or accounts, that they prove nothing. */
  | { readonly reason: "few_witnesses"; readonly guardrails: readonly string[] }
  | { readonly reason: "undecided"; readonly guardrails: readonly string[] }
  | { readonly reason: "time_is_up"; readonly sinceMs: number }
  | { readonly reason: "held" }
  | { readonly reason: "manual_stage"; readonly stage: number }
  | { readonly reason: "frozen"; readonly untilMs: number }
  | { readonly reason: "baking"; readonly untilMs: number }
  | { readonly reason: "unharmed"; readonly stage: number };

export type Verdict = {
  readonly version: 1;
  readonly atMs: number;
  readonly action: "advance" | "hold" | "rollback";
  /** What moves the rollout accordingly; undefined where it stays. */
  readonly step: Extract<Action["kind"], "advance" | "promote" | "rollback"> | undefined;
  /** At least one, the weightiest first. */
  readonly reasons: readonly [Reason, ...Reason[]];
  /** Whether somebody should look at it: it will not come right by waiting. */
  readonly needsPerson: boolean;
  /** Units in each arm since the attempt began. */
  readonly units: Arms<number>;
  readonly lnESampleRatio: number;
  /** In the policy's order. */
  readonly guardrails: readonly GuardrailNumbers[];
};

/** Assignments this unlikely under the planned split, e^6.9 = 1000 to one, are a fault. */
export const lnMismatch = Math.log(1000);

/** One chance in e^14, 8e-7, that a canary is ever called silent that is not. */
const lnSilence = 14;

/** The verdict on an input. The same input always gives the same verdict. */
export function judge(input: VerdictInput): Verdict {
  const guardrails = questionsOf(input).map(judgeGuardrail);
  const lnE = mismatchOf(input);
  const units = sumOf(input.strata.map((stratum) => stratum.units));
  const { reasons, action } = decide(input, guardrails, lnE);
  const isLast = input.rollout.stage === input.rollout.stages.length - 1;
  const steps = { advance: isLast ? "promote" : "advance", hold: undefined } as const;
  return {
    version: 1,
    atMs: input.nowMs,
    action,
    step: action === "rollback" ? "rollback" : steps[action],
    reasons,
    needsPerson: reasons.some(({ reason }) => callsForPerson.has(reason)),
    units,
    lnESampleRatio: lnE,
    guardrails,
  };
}

const callsForPerson: ReadonlySet<Reason["reason"]> = new Set<Reason["reason"]>([
  "sample_ratio_mismatch",
  "harmed",
  "silent",
  "broken",
  "seems_broken",
  "time_is_up",
  "manual_stage",
]);

type Decision = Pick<Verdict, "action" | "reasons">;

/** Harm before everything but a broken split; then every reason to wait; then going on. */
function decide(
  input: VerdictInput,
  guardrails: readonly GuardrailNumbers[],
  lnMismatched: number,
): Decision {
  const { rollout } = input;
  if (!isLive(rollout)) return hold({ reason: "not_live", state: rollout.state });
  if (lnMismatched >= lnMismatch) {
    const assignments = sumOf(input.strata.map((stratum) => stratum.assignments));
    return hold({ reason: "sample_ratio_mismatch", lnE: lnMismatched, assignments });
  }
  const { shown, suspected } = brokenReasons(input);
  const [worst, ...others] = [...harms(guardrails), ...silence(input), ...shown];
  if (worst !== undefined) return { action: "rollback", reasons: [worst, ...others] };
  const missing = unripe(input);
  const doubts = [...missing, ...unsure(guardrails, missing)];
  const [first, ...rest] = [...suspected, ...overdue(input, doubts), ...doubts, ...barred(input)];
  if (first !== undefined) return { action: "hold", reasons: [first, ...rest] };
  return { action: "advance", reasons: [{ reason: "unharmed", stage: rollout.stage ?? 0 }] };
}

function hold(reason: Reason): Decision {
  return { action: "hold", reasons: [reason] };
}

function harms(guardrails: readonly GuardrailNumbers[]): readonly Reason[] {
  return guardrails
    .filter(({ role, isHarmed }) => isHarmed && role !== "watch")
    .toSorted((left, right) => right.lnE - right.lnThreshold - (left.lnE - left.lnThreshold))
    .map(({ name, lnE, lnThreshold, change }) => ({
      reason: "harmed",
      guardrail: name,
      lnE,
      lnThreshold,
      change,
    }));
}

/**
 * Silence is a run of control units that chance does not explain. Runs begin again with
 * every unit of the canary, so the j-th run pays for all before it: 1/(j(j + 1)) adds up to 1.
 */
function silence({ strata, controlSinceCanary, crowding }: VerdictInput): readonly Reason[] {
  const allocation = strata.at(-1)?.allocation ?? { control: 0, canary: 0 };
  const share = canaryShare(allocation);
  if (share === 0) return [];
  const { canary } = sumOf(strata.map((stratum) => stratum.units));
  const ln = lnSilence + Math.log((canary + 1) * (canary + 2));
  const enough = (crowding * ln) / -Math.log1p(-share);
  if (controlSinceCanary < enough) return [];
  return [{ reason: "silent", controlUnits: controlSinceCanary, enough: Math.ceil(enough) }];
}

/** Too little time, too few units, or evidence that no longer comes. */
function unripe({ rollout, policy, strata, nowMs, latestAtMs }: VerdictInput): readonly Reason[] {
  const stage = rollout.stages[rollout.stage ?? -1];
  const { control, canary } = strata.at(-1)?.units ?? { control: 0, canary: 0 };
  if (control + canary === 0) return [{ reason: "no_data" }];
  const reasons: Reason[] = [];
  if (nowMs - latestAtMs > policy.staleAfterMs) {
    reasons.push({ reason: "stale_evidence", latestAtMs });
  }
  const needed = Math.max(policy.minViews, stage?.minViews ?? 0);
  const untilMs = rollout.shareSetAtMs + (stage?.minTimeMs ?? 0);
  if (nowMs < untilMs) reasons.push({ reason: "too_early", untilMs });
  if (canary < needed) reasons.push({ reason: "too_few_units", units: canary, needed });
  return reasons;
}

/** Primary guardrails that were not shown to be unharmed. */
function unsure(
  guardrails: readonly GuardrailNumbers[],
  missing: readonly Reason[],
): readonly Reason[] {
  const open = guardrails.filter(({ role, isUnharmed }) => role === "primary" && !isUnharmed);
  if (open.length === 0) return [];
  const reasons: Reason[] = [{ reason: "undecided", guardrails: open.map(({ name }) => name) }];
  // Who has seen few units has few witnesses: no wider audience is wanted for that.
  const isSmall = missing.some(({ reason }) => reason === "no_data" || reason === "too_few_units");
  if (isSmall) return reasons;
  const anecdotes = open.filter(({ isAnecdote }) => isAnecdote).map(({ name }) => name);
  if (anecdotes.length > 0) reasons.push({ reason: "few_witnesses", guardrails: anecdotes });
  return reasons;
}

// Whatever is missing by then, harm ruled out or not, will not come by itself.
function overdue(
  { rollout, policy, nowMs }: VerdictInput,
  doubts: readonly Reason[],
): readonly Reason[] {
  const sinceMs = rollout.shareSetAtMs + policy.maxStageMs;
  const isMissing = doubts.some(({ reason }) => reason !== "too_early");
  return isMissing && nowMs > sinceMs ? [{ reason: "time_is_up", sinceMs }] : [];
}

/** What a person has ruled out, whatever the evidence says. */
function barred({ rollout, policy, nowMs }: VerdictInput): readonly Reason[] {
  const reasons: Reason[] = [];
  const stage = rollout.stage ?? 0;
  if (rollout.state === "held") reasons.push({ reason: "held" });
  if (rollout.stages[stage]?.mode === "manual") reasons.push({ reason: "manual_stage", stage });
  const frozen = frozenUntil(rollout.freezes, nowMs);
  if (frozen !== undefined) reasons.push({ reason: "frozen", untilMs: frozen });
  const bakedAtMs = rollout.shareSetAtMs + policy.bakeMs;
  const isLast = stage === rollout.stages.length - 1;
  if (isLast && nowMs < bakedAtMs) reasons.push({ reason: "baking", untilMs: bakedAtMs });
  return reasons;
}

/** ln E against "assignments are split as planned", over all strata. */
function mismatchOf(input: VerdictInput): number {
  const spread = input.assignedCrowding ?? spreadOf(input);
  return input.strata.reduce((sum, { assignments, allocation }) => {
    const counts = [assignments.control / spread, assignments.canary / spread];
    return sum + lnESampleRatio(counts, [allocation.control, allocation.canary]);
  }, 0);
}

/** How much wider assignments spread, by how often the visitors behind them came back. */
function spreadOf({ strata, crowding }: VerdictInput): number {
  const { control, canary } = sumOf(strata.map(({ units }) => units));
  const assigned = sumOf(strata.map(({ assignments }) => assignments));
  // Sampled views repeat their visitors less often than the assignments behind them.
  const perView = Math.max(1, (assigned.control + assigned.canary) / Math.max(1, control + canary));
  return 1 + (crowding - 1) * perView;
}

function sumOf(list: readonly Arms<number>[]): Arms<number> {
  const zero = { control: 0, canary: 0 };
  return list.reduce<Arms<number>>(
    (sum, each) => ({ control: sum.control + each.control, canary: sum.canary + each.canary }),
    zero,
  );
}
