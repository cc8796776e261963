// A rollout as a plain flagd flag: whoever evaluates the export gets the arms
// that `plan.ts` gives. Variants are named after the arms.
import { armPlaces, armWeights, places } from "./arms.ts";
import type { FlagDefinition } from "./definition.ts";
import type { Json } from "./logic/expression.ts";
import { isLive, type Rollout } from "./rollout.ts";

type Layer = NonNullable<Rollout["layer"]>;

/** What the keys of a layer's split begin with: all rollouts of a layer divide the same units. */
export function layerSeed(layer: Layer): string {
  return `layer:${layer.name}/`;
}

/**
 * The flag's definition.
 *
 * @param all every rollout by its flag: prerequisites are written out, since flagd
 *   knows no flags that depend on others. Circles must have been refused.
 */
export function rolloutDefinition(
  rollout: Rollout,
  all: ReadonlyMap<string, Rollout>,
): FlagDefinition {
  const { state, sharePpm, stage, attempt, revision } = rollout;
  const progress = stage === undefined ? {} : { stage };
  const metadata = { rollout: state, sharePpm, attempt, revision, ...progress };
  const variants = {
    canary: { ...rollout.patch } as { [key: string]: Json },
    control: {},
    rest: {},
  };
  const common = { variants, defaultVariant: "rest", metadata };
  const active = isLive(rollout) || state === "promoted";
  if (!active) return { ...common, state: "DISABLED" };
  return { ...common, state: "ENABLED", targeting: targetingOf(rollout, all) };
}

function targetingOf(
  rollout: Rollout,
  all: ReadonlyMap<string, Rollout>,
): { readonly [key: string]: Json } {
  const promoted = rollout.state === "promoted";
  const conditions: Json[] = [];
  if (!promoted) conditions.push({ "!!": { var: rollout.unit } });
  if (rollout.layer !== undefined && !promoted) conditions.push(inLayer(rollout, rollout.layer));
  if (rollout.audience !== undefined) conditions.push(rollout.audience);
  for (const flag of rollout.prerequisites) conditions.push(hasChange(all.get(flag), all));
  const result = promoted ? "canary" : armSplit(rollout);
  return { if: [conditions.length === 0 ? true : { and: conditions }, result, "rest"] };
}

function armSplit(rollout: Rollout): Json {
  const arms = armWeights(armPlaces(rollout)).filter(([, weight]) => weight > 0);
  return { fractional: [{ cat: [rollout.seed, { var: rollout.unit }] }, ...arms] };
}

function inLayer({ unit }: Rollout, layer: Layer): Json {
  const arms: Json[] = [];
  let end = 0;
  for (const [from, to] of layer.ranges) {
    if (from > end) arms.push(["out", from - end]);
    arms.push(["in", to - from]);
    end = to;
  }
  if (end < places) arms.push(["out", places - end]);
  const split = { fractional: [{ cat: [layerSeed(layer), { var: unit }] }, ...arms] };
  return { "===": [split, "in"] };
}

/** Whether a request has another flag's change: its canary, or everybody once promoted. */
function hasChange(required: Rollout | undefined, all: ReadonlyMap<string, Rollout>): Json {
  if (required === undefined) return false;
  if (!isLive(required) && required.state !== "promoted") return false;
  return { "===": [targetingOf(required, all), "canary"] };
}
