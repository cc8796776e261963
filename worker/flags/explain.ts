// Why a request gets what it gets, flag by flag: the same decision as in
// `plan.ts`, told with its reason. For people, not for the request path.
import { murmur3 } from "#base/murmur3.ts";
import { armPlaces, places, type Arm } from "./arms.ts";
import { armNumber } from "./assignment.ts";
import { bucket } from "./bucket.ts";
import { asText } from "./logic/expression.ts";
import { truthy } from "./logic/truthy.ts";
import { evaluateAll, type Plan, type PlannedFlag } from "./plan.ts";
import type { Rollout } from "./rollout.ts";
import { layerSeed } from "./rollout-targeting.ts";
import type { Subject } from "./subject.ts";

export type Why =
  | { readonly reason: "not_under_way" }
  | { readonly reason: "cannot_be_compiled" }
  | { readonly reason: "prerequisite_missing"; readonly flag: string }
  | { readonly reason: "promoted" }
  | { readonly reason: "no_unit"; readonly unit: Rollout["unit"] }
  | { readonly reason: "outside_layer"; readonly layer: string; readonly place: number }
  | { readonly reason: "outside_audience" }
  | { readonly reason: "audience_failed" }
  /** Its place among a million, which alone decided. */
  | { readonly reason: "place"; readonly place: number };

export type Explained = { readonly flag: string; readonly arm: Arm; readonly why: Why };

/** Every rollout's arm for a request, and why; in the order given. */
export function explain(
  plan: Plan,
  rollouts: readonly Rollout[],
  subject: Subject,
): readonly Explained[] {
  evaluateAll(plan, subject);
  const arms = [...plan.arms];
  const planned = new Map(plan.flags.map((each, at) => [each.rollout.flag, at]));
  return rollouts.map(({ flag }) => {
    const at = planned.get(flag);
    if (at !== undefined) return explainPlanned(at, { plan, arms, subject });
    const reason = plan.faults.includes(flag) ? "cannot_be_compiled" : "not_under_way";
    return { flag, arm: "rest", why: { reason } };
  });
}

type Evaluated = {
  readonly plan: Plan;
  readonly arms: readonly number[];
  readonly subject: Subject;
};

function explainPlanned(at: number, { plan, arms, subject }: Evaluated): Explained {
  const planned = plan.flags[at] as PlannedFlag;
  const { flag } = planned.rollout;
  const arm = armOfNumber(arms[at]);
  const missing = planned.prerequisites.find((index) => arms[index] !== armNumber.canary);
  if (missing !== undefined) {
    const required = plan.flags[missing]?.rollout.flag ?? "";
    return { flag, arm, why: { reason: "prerequisite_missing", flag: required } };
  }
  if (arms[at] === armNumber.faulty) return { flag, arm, why: { reason: "audience_failed" } };
  return { flag, arm, why: whyOf(planned, arm, subject) };
}

function whyOf({ rollout, promoted }: PlannedFlag, arm: Arm, { context }: Subject): Why {
  if (promoted) return { reason: arm === "canary" ? "promoted" : "outside_audience" };
  const { layer, seed, unit } = rollout;
  const value = context[unit];
  if (!truthy(value)) return { reason: "no_unit", unit };
  const text = asText(value);
  if (layer !== undefined) {
    const place = bucket(murmur3(layerSeed(layer) + text), places);
    const within = layer.ranges.some(([from, to]) => from <= place && place < to);
    if (!within) return { reason: "outside_layer", layer: layer.name, place };
  }
  const place = bucket(murmur3(seed + text), places);
  const { canaryEnd, controlStart, controlEnd, upperEnd } = armPlaces(rollout);
  const chosen =
    place < canaryEnd || (place >= controlStart && place < Math.max(controlEnd, upperEnd));
  return chosen && arm === "rest" ? { reason: "outside_audience" } : { reason: "place", place };
}

function armOfNumber(number: number | undefined): Arm {
  if (number === armNumber.canary) return "canary";
  return number === armNumber.control ? "control" : "rest";
}
