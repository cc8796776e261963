// Editing a rollout. Once it has assigned units, whatever decides who is in
// which arm stays: an edit would move people between arms in mid-ramp.
import { err, ok, type Result } from "#base/result.ts";
import type { Rollout, RolloutPlan } from "./rollout.ts";

export type AmendError = { readonly reason: "fixed_field"; readonly field: keyof RolloutPlan };

/** Fixed for ever, and fixed once the rollout has assigned units. */
const always = ["flag", "code"] as const;
const onceStarted = [
  "unit",
  "seed",
  "audience",
  "patch",
  "layer",
  "prerequisites",
  "holdoutPpm",
] as const;

/** The rollout with its author's choices replaced, one revision later. */
export function amendRollout(
  rollout: Rollout,
  plan: RolloutPlan,
  nowMs: number,
): Result<Rollout, AmendError> {
  const fixed = rollout.attempt === 0 ? always : [...always, ...onceStarted];
  const field = fixed.find((name) => !same(rollout[name], plan[name]));
  if (field !== undefined) return err({ reason: "fixed_field", field });
  const { state, sharePpm, attempt, shareSetAtMs } = rollout;
  const progress = rollout.stage === undefined ? {} : { stage: reached(plan, sharePpm) };
  const revision = rollout.revision + 1;
  const moved = { state, sharePpm, attempt, shareSetAtMs, ...progress };
  return ok({ ...plan, ...moved, revision, changedAtMs: nowMs });
}

function reached({ stages }: RolloutPlan, sharePpm: number): number {
  return Math.max(
    stages.findLastIndex((each) => each.sharePpm <= sharePpm),
    0,
  );
}

/** The same value, whatever the order of its members. */
function same(left: unknown, right: unknown): boolean {
  return JSON.stringify(left, sorted) === JSON.stringify(right, sorted);
}

function sorted(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value);
  return Object.fromEntries(entries.sort(([left], [right]) => (left < right ? -1 : 1)));
}
