// Verdicts as the control API shows them: with intervals and the outlook, which are dear and
// therefore computed here and not where events are folded.
import type { Standing, StoredVerdict, VerdictLine } from "#src/adapters/rollouts.ts";
import { judge, lnMismatch, type Verdict } from "#src/canary/judge.ts";
import { outlookOn, type Outlook } from "#src/canary/outlook.ts";
import { sentenceFor } from "#src/canary/sentences.ts";
import type { Arms } from "#src/canary/arms.ts";
import type { VerdictInput } from "#src/canary/verdict-input.ts";
import type { VerdictLineView, VerdictView } from "./verdict-contract.ts";

/** The verdict of this moment. */
export function viewStanding({ input, isAutomatic, latest, notices }: Standing): VerdictView {
  const verdict = judge(input);
  const stored = latest === null ? null : viewLine(latest);
  const now = { isAutomatic, notices, outcome: null, isReproduced: null, latest: stored };
  return { ...viewVerdict(input, verdict), ...now };
}

/** A verdict of the past, computed again. */
export function viewStored({ input, verdict, outcome }: StoredVerdict): VerdictView {
  const isReproduced = JSON.stringify(judge(input)) === JSON.stringify(verdict);
  const then = { isAutomatic: null, notices: null, outcome, isReproduced, latest: null };
  return { ...viewVerdict(input, verdict), ...then };
}

export function viewLine(line: VerdictLine): VerdictLineView {
  const { seq, atMs, attempt, action, reasons, outcome } = line;
  const told = reasons.map((each) => ({ reason: each.reason, detail: sentenceFor(each, []) }));
  return { seq, at: timestamp(atMs), attempt, action, reasons: told, outcome };
}

type Computed = Omit<
  VerdictView,
  "isAutomatic" | "notices" | "outcome" | "isReproduced" | "latest"
>;

function viewVerdict(input: VerdictInput, verdict: Verdict): Computed {
  const { rollout, latestAtMs } = input;
  const outlook = outlookOn(input);
  return {
    key: rollout.flag,
    at: timestamp(verdict.atMs),
    attempt: rollout.attempt,
    state: rollout.state,
    stage: rollout.stage ?? null,
    stages: rollout.stages.length,
    sharePpm: rollout.sharePpm,
    action: verdict.action,
    step: verdict.step ?? null,
    needsPerson: verdict.needsPerson,
    reasons: verdict.reasons.map((each) => ({
      reason: each.reason,
      detail: sentenceFor(each, verdict.guardrails),
    })),
    units: verdict.units,
    assignments: sumOf(input.strata.map(({ assignments }) => assignments)),
    told: input.told ?? null,
    sampleRatio: { lnE: verdict.lnESampleRatio, lnThreshold: lnMismatch },
    guardrails: verdict.guardrails.map((each, at) => {
      const { name, role, units, levels, change, lnE, lnThreshold } = each;
      const { isHarmed, isUnharmed, isAnecdote } = each;
      const ahead = outlook.guardrails[at];
      return {
        name,
        role,
        units,
        levels,
        change,
        lnE,
        lnThreshold,
        isHarmed,
        isUnharmed,
        isAnecdote,
        interval: ahead?.interval ?? null,
        isDiscovery: ahead?.isDiscovery ?? false,
        settledAt: timestampOrNull(ahead?.settledAtMs ?? null),
      };
    }),
    decisionAt: timestampOrNull(outlook.decisionAtMs),
    ...viewAhead(outlook),
    evidenceAt: timestampOrNull(latestAtMs === 0 ? null : latestAtMs),
  };
}

function viewAhead({ goesOn, goesBack }: Outlook): Pick<VerdictView, "goesOn" | "goesBack"> {
  const { waitsFor, atMs, isByHand, askedAtMs } = goesOn;
  const [at, askedAt] = [timestampOrNull(atMs), timestampOrNull(askedAtMs)];
  const back = goesBack && { guardrail: goesBack.guardrail, at: timestampOrNull(goesBack.atMs) };
  return { goesOn: { waitsFor, at, byHand: isByHand, askedAt }, goesBack: back };
}

function sumOf(list: readonly Arms<number>[]): Arms<number> {
  return {
    control: list.reduce((sum, { control }) => sum + control, 0),
    canary: list.reduce((sum, { canary }) => sum + canary, 0),
  };
}

// Dates end in the year 275760; what lies beyond is no outlook.
const latestMs = 8.64e15;

function timestampOrNull(ms: number | null): string | null {
  return ms === null || ms > latestMs ? null : timestamp(ms);
}

function timestamp(ms: number): string {
  return new Date(ms).toISOString();
}
