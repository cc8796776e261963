// What comes of a verdict: whether it is acted on, and what came of that. Pure; the Registry
// does it.
import type { Rollout } from "#flags/rollout.ts";
import type { Verdict } from "./judge.ts";
import type { VerdictInput } from "./verdict-input.ts";

export type Outcome =
  /** The verdict asks for nothing. */
  | { readonly outcome: "none" }
  /** It asks for a step, and automatic action is off. */
  | { readonly outcome: "advised" }
  /** The Registry is being asked; what it said is noted next. */
  | { readonly outcome: "asked" }
  /** The step was taken; everything since `epoch` follows it. */
  | { readonly outcome: "done"; readonly epoch: number }
  /** The Registry refused the step, and will be asked again later. */
  | { readonly outcome: "refused"; readonly why: string };

/** A step that was refused, why, when last, and how often in a row. */
export type Refused = {
  /** Of the rollout: once it has changed, another step may be wanted, or the same one welcome. */
  readonly revision: number;
  readonly step: NonNullable<Verdict["step"]>;
  readonly why: string;
  readonly atMs: number;
  readonly times: number;
};

// Every refusal is a line of the audit log, and what stood in the way seldom goes in a second.
const firstAgainMs = 60_000;
const lastAgainMs = 15 * 60_000;

/** The refusal of a step, which may be one more of the same. */
export function refusedAgain(
  before: Refused | undefined,
  refusal: Omit<Refused, "times">,
): Refused {
  const isSame = before?.step === refusal.step && before.revision === refusal.revision;
  return { ...refusal, times: isSame ? before.times + 1 : 1 };
}

/**
 * What came of a step whose answer was lost, by the rollout as it is now; undefined where it
 * was not taken.
 */
export function outcomeSeen(
  { step, asked }: { readonly step: Verdict["step"]; readonly asked: VerdictInput["rollout"] },
  now: Pick<Rollout, "state" | "attempt" | "sharePpm">,
  epoch: number,
): Extract<Outcome, { outcome: "done" }> | undefined {
  if (now.attempt !== asked.attempt) return undefined;
  const isTaken =
    step === "rollback"
      ? now.state === "rolled_back"
      : step === "promote"
        ? now.state === "promoted"
        : now.sharePpm > asked.sharePpm;
  return isTaken ? { outcome: "done", epoch } : undefined;
}

/** Whether a verdict's step is to be taken now, or what has come of it already. */
export function stepNow(
  { step, atMs }: Pick<Verdict, "step" | "atMs">,
  {
    isAutomatic,
    refused,
  }: { readonly isAutomatic: boolean; readonly refused: Refused | undefined },
): { readonly take: NonNullable<Verdict["step"]> } | Outcome {
  if (step === undefined) return { outcome: "none" };
  if (!isAutomatic) return { outcome: "advised" };
  // Going back is never put off.
  if (refused?.step !== step || step === "rollback") return { take: step };
  const waitMs = Math.min(firstAgainMs * 2 ** (refused.times - 1), lastAgainMs);
  if (atMs - refused.atMs >= waitMs) return { take: step };
  return { outcome: "refused", why: refused.why };
}
