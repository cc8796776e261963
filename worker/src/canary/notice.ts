// What people are told, once, when a ramp goes back, goes on or needs somebody: plain words
// with the numbers. Which channel says it how is the adapters' business.
import type { Rollout } from "#flags/rollout.ts";
import type { GuardrailNumbers } from "./judge-guardrail.ts";
import type { Reason, Verdict } from "./judge.ts";
import type { Outcome } from "./outcome.ts";
import { changeText, sentencesFor } from "./sentences.ts";

/** A guardrail in a notice. */
type NoticedGuardrail = Pick<
  GuardrailNumbers,
  "name" | "role" | "change" | "levels" | "units" | "isHarmed" | "isUnharmed"
> & { readonly changeText: string };

export type Notice = {
  readonly version: 1;
  readonly kind: "rollback" | "advance" | "hold";
  /** Whether it has happened; false where somebody is only advised to. */
  readonly isDone: boolean;
  readonly flag: string;
  readonly attempt: number;
  readonly atMs: number;
  /** One line. */
  readonly title: string;
  /** Why, a sentence each. */
  readonly reasons: readonly string[];
  readonly sharePpm: number;
  readonly units: Verdict["units"];
  readonly guardrails: readonly NoticedGuardrail[];
};

/** A notice, and what it is about: nobody is told the same thing twice. */
export type Telling = { readonly about: string; readonly notice: Notice };

/** What to tell of a verdict and what came of it; undefined where there is no news in it. */
export function tellingOf(
  rollout: Pick<Rollout, "flag" | "attempt" | "sharePpm" | "stage" | "stages">,
  verdict: Verdict,
  outcome: Outcome,
): Telling | undefined {
  const subject = subjectOf(verdict, outcome);
  if (subject === undefined) return undefined;
  const { flag, attempt, sharePpm, stage = 0 } = rollout;
  const { kind, isDone, cause } = subject;
  const about = [attempt, stage, sharePpm, kind, isDone, cause].join("/");
  const notice: Notice = {
    version: 1,
    kind,
    isDone,
    flag,
    attempt,
    atMs: verdict.atMs,
    title: titleOf(rollout, verdict, subject),
    reasons: [...sentencesFor(verdict), ...(subject.note === undefined ? [] : [subject.note])],
    sharePpm,
    units: verdict.units,
    guardrails: verdict.guardrails.map(noticed),
  };
  return { about, notice };
}

type Subject = Pick<Notice, "kind" | "isDone"> & {
  readonly cause: string;
  readonly note?: string;
};

function subjectOf({ action, reasons }: Verdict, outcome: Outcome): Subject | undefined {
  const [first] = reasons;
  if (outcome.outcome === "refused") {
    const note = `The judge would ${verbs[action]}, and was refused: ${outcome.why.replaceAll("_", " ")}.`;
    return { kind: "hold", isDone: true, cause: `refused ${outcome.why}`, note };
  }
  if (action === "hold") {
    const person = reasons.find((each) => callsNow(each, first));
    return person && { kind: "hold", isDone: true, cause: person.reason };
  }
  if (outcome.outcome === "none" || outcome.outcome === "asked") return undefined;
  const cause = action === "rollback" && "guardrail" in first ? first.guardrail : first.reason;
  return { kind: action, isDone: outcome.outcome === "done", cause };
}

const verbs = { advance: "go on", rollback: "go back", hold: "hold" } as const;

const alwaysCalls: ReadonlySet<Reason["reason"]> = new Set<Reason["reason"]>([
  "sample_ratio_mismatch",
  "seems_broken",
  "time_is_up",
]);

// A stage that is left by hand calls for a person once nothing else is in its way.
function callsNow(each: Reason, first: Reason): boolean {
  if (each.reason === "manual_stage") return each === first;
  return alwaysCalls.has(each.reason);
}

function titleOf(
  { flag, sharePpm, stage = 0, stages }: Pick<Rollout, "flag" | "sharePpm" | "stage" | "stages">,
  { units, step }: Verdict,
  { kind, isDone }: Subject,
): string {
  const at = `at ${sharePpm / 10_000} %, after ${units.canary.toLocaleString("en")} canary units`;
  const next = stages[stage + 1];
  const further = step === "promote" ? "everybody" : `${(next?.sharePpm ?? 0) / 10_000} %`;
  switch (kind) {
    case "rollback":
      return isDone ? `${flag} was taken back ${at}` : `${flag} should be taken back ${at}`;
    case "advance":
      return isDone
        ? `${flag} went on to ${further} ${at}`
        : `${flag} can go on to ${further} ${at}`;
    case "hold":
      return `${flag} waits for a person ${at}`;
  }
}

function noticed(numbers: GuardrailNumbers): NoticedGuardrail {
  const { name, role, change, levels, units, isHarmed, isUnharmed } = numbers;
  const text = changeText(change);
  return { name, role, change, levels, units, isHarmed, isUnharmed, changeText: text };
}
