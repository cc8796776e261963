// The arms that a visitor's delivery had, told from another request of theirs a moment
// later. Says `unknown` of every flag that may have been otherwise then: one that has
// changed since, one that chance or the way of the request decides, and one that hangs
// on such a flag.
import type { Arm } from "./arms.ts";
import { evaluateAll, type Plan, type PlannedFlag } from "./plan.ts";
import { isLive, type Rollout } from "./rollout.ts";
import type { Subject } from "./subject.ts";

/** By flag, as far as it is told; flags that are left out are in `rest`. */
export type InferredArms = Readonly<Record<string, Exclude<Arm, "rest"> | "unknown">>;

export type Inference = {
  readonly plan: Plan;
  /** All there are: one whose prerequisite has ended is live, and not in the plan. */
  readonly rollouts: readonly Rollout[];
  /** The later request; of the same visitor, page and data centre as the delivery. */
  readonly subject: Subject;
  /** When the delivery may have been at the earliest, ms since 1970. */
  readonly sinceMs: number;
  /** Since when visitors have the names that they have, ms since 1970. */
  readonly namedSinceMs: number;
};

/** The arms of a delivery that was between `sinceMs` and now. */
export function inferArms(inference: Inference): InferredArms {
  const { plan, rollouts, subject } = inference;
  const inferred: Record<string, Exclude<Arm, "rest"> | "unknown"> = {};
  for (const { flag, arm } of evaluateAll(plan, subject).arms) inferred[flag] = arm;
  const certain = new Set<string>();
  // Prerequisites stand before what needs them.
  for (const planned of plan.flags) {
    const isCertain = planned.prerequisites.every((at) =>
      certain.has(plan.flags[at]?.rollout.flag ?? ""),
    );
    if (isCertain && !mayHaveDiffered(planned, inference)) certain.add(planned.rollout.flag);
  }
  for (const rollout of rollouts) {
    if (isLive(rollout) && !certain.has(rollout.flag)) inferred[rollout.flag] = "unknown";
  }
  return inferred;
}

function mayHaveDiffered(
  { rollout, promoted, audience, reads }: PlannedFlag,
  { sinceMs, namedSinceMs }: Inference,
): boolean {
  const { unit, changedAtMs } = rollout;
  if (changedAtMs >= sinceMs) return true;
  // What reads the whole context reads the time, too.
  if (audience?.needsContext === true) return true;
  // A second request goes by another protocol where the first was told of one.
  if (reads.request) return true;
  if (!promoted && unit === "request") return true;
  const isNamed = unit === "visitor" || reads.visitor;
  return isNamed && namedSinceMs >= sinceMs;
}
