// The hot path: all rollouts of a snapshot against one request. Answers are made
// once for each combination of arms and then only found again: in the steady
// state a request allocates nothing here.
import { murmur3Prefix, murmur3Suffix, type Murmur3Prefix } from "#base/murmur3.ts";
import { armHashes, armPlaces, places, type ArmPlaces } from "./arms.ts";
import {
  armNumber,
  consequencesOf,
  makeAssignment,
  type Assignment,
  type Consequences,
} from "./assignment.ts";
import { hashLimit } from "./bucket.ts";
import { compileLogic, type Logic } from "./logic/compile-logic.ts";
import { asText } from "./logic/expression.ts";
import { truthy } from "./logic/truthy.ts";
import { isLive, type Rollout } from "./rollout.ts";
import { layerSeed } from "./rollout-targeting.ts";
import { runLogic, type Subject } from "./subject.ts";

type Range = readonly [from: number, to: number];

/** A rollout ready to be asked; limits are of hashes, not of places. */
export type PlannedFlag = {
  readonly rollout: Rollout;
  readonly promoted: boolean;
  readonly seed: Murmur3Prefix;
  readonly limits: ArmPlaces;
  readonly layer: { readonly seed: Murmur3Prefix; readonly ranges: readonly Range[] } | undefined;
  readonly audience: Logic | undefined;
  /** Indices of flags that come earlier. */
  readonly prerequisites: readonly number[];
};

/** All flags that can touch a request, prerequisites first. */
export type Plan = {
  readonly flags: readonly PlannedFlag[];
  /** Flags left out because they cannot be compiled. */
  readonly faults: readonly string[];
  /** Whether any of them is live, and requests therefore in arms. */
  readonly isTrial: boolean;
  readonly consequences: Consequences;
  /** Scratch for one evaluation, which never yields. */
  readonly arms: Uint8Array;
  readonly known: Map<number | string, Assignment>;
};

const { rest, control, canary, faulty } = armNumber;

// Two bits for each flag, and a double holds 52 of them.
const flagsInNumber = 26;
const mostKnown = 4_096;

/** Compiles the rollouts that are live or promoted. */
export function compilePlan(rollouts: readonly Rollout[]): Plan {
  const active = rollouts.filter((each) => isLive(each) || each.state === "promoted");
  const flags: PlannedFlag[] = [];
  const faults: string[] = [];
  const indices = new Map<string, number>();
  for (const rollout of inOrder(active)) {
    const prerequisites = rollout.prerequisites.map((flag) => indices.get(flag));
    const audience = compileAudience(rollout);
    if (audience === "fault") faults.push(rollout.flag);
    else if (prerequisites.every((index) => index !== undefined)) {
      indices.set(rollout.flag, flags.length);
      flags.push({ ...planned(rollout), audience, prerequisites });
    }
  }
  const consequences = consequencesOf(flags.map(({ rollout }) => rollout));
  const isTrial = flags.some(({ promoted }) => !promoted);
  const arms = new Uint8Array(flags.length);
  return { flags, faults, isTrial, consequences, arms, known: new Map() };
}

/** Prerequisites before what needs them; promoted flags by age, so that the latest one counts. */
function inOrder(rollouts: readonly Rollout[]): readonly Rollout[] {
  const byAge = rollouts.toSorted((left, right) => left.changedAtMs - right.changedAtMs);
  const promoted = byAge.filter((each) => each.state === "promoted");
  const live = byAge.filter((each) => each.state !== "promoted");
  const waiting = new Map([...promoted, ...live].map((each) => [each.flag, each]));
  const ordered: Rollout[] = [];
  const visit = (rollout: Rollout): void => {
    if (!waiting.delete(rollout.flag)) return;
    for (const flag of rollout.prerequisites) {
      const required = waiting.get(flag);
      if (required !== undefined) visit(required);
    }
    ordered.push(rollout);
  };
  for (const rollout of waiting.values()) visit(rollout);
  return ordered;
}

function compileAudience({ flag, audience }: Rollout): Logic | undefined | "fault" {
  if (audience === undefined) return undefined;
  try {
    return compileLogic(audience, flag);
  } catch {
    return "fault";
  }
}

function planned(rollout: Rollout): Omit<PlannedFlag, "audience" | "prerequisites"> {
  const promoted = rollout.state === "promoted";
  const { layer } = rollout;
  return {
    rollout,
    promoted,
    seed: murmur3Prefix(rollout.seed),
    limits: armHashes(armPlaces(rollout)),
    layer:
      layer === undefined || promoted
        ? undefined
        : { seed: murmur3Prefix(layerSeed(layer)), ranges: layer.ranges.map(rangeOfHashes) },
  };
}

function rangeOfHashes([from, to]: Range): Range {
  return [hashLimit(from, places), hashLimit(to, places)];
}

/**
 * The arms of a request and the parameters that follow from them. Never throws: a
 * flag whose audience does leaves the request alone and is named in `faults`.
 *
 * @returns the same object for the same arms: what is kept under it is found again.
 */
export function evaluateAll(plan: Plan, subject: Subject): Assignment {
  const { flags, arms } = plan;
  let bits = 0;
  let earlier = "";
  for (let at = 0; at < flags.length; at += 1) {
    const arm = armOf(flags[at] as PlannedFlag, arms, subject);
    arms[at] = arm;
    if (at > 0 && at % flagsInNumber === 0) {
      earlier += `${bits},`;
      bits = 0;
    }
    bits = bits * 4 + arm;
  }
  const key = flags.length > flagsInNumber ? earlier + bits : bits;
  return plan.known.get(key) ?? remember(plan, key);
}

function remember({ consequences, arms, known }: Plan, key: number | string): Assignment {
  const assignment = makeAssignment(String(key), consequences, arms);
  if (known.size >= mostKnown) known.clear();
  known.set(key, assignment);
  return assignment;
}

function armOf(flag: PlannedFlag, arms: Uint8Array, subject: Subject): number {
  try {
    for (const index of flag.prerequisites) if (arms[index] !== canary) return rest;
    if (flag.promoted) return isAudience(flag, subject) ? canary : rest;
    const unit = subject.context[flag.rollout.unit];
    if (!truthy(unit)) return rest;
    const text = typeof unit === "string" ? unit : asText(unit);
    if (flag.layer !== undefined && !inLayer(flag.layer, text)) return rest;
    const arm = armOfHash(murmur3Suffix(flag.seed, text), flag.limits);
    // Most requests are in no arm of most flags: ask the audience last.
    return arm === rest || isAudience(flag, subject) ? arm : rest;
  } catch {
    return faulty;
  }
}

function isAudience({ audience, rollout }: PlannedFlag, subject: Subject): boolean {
  return audience === undefined || truthy(runLogic(audience, rollout.flag, subject));
}

function inLayer({ seed, ranges }: NonNullable<PlannedFlag["layer"]>, unit: string): boolean {
  const hash = murmur3Suffix(seed, unit);
  for (const [from, to] of ranges) if (hash >= from && hash < to) return true;
  return false;
}

function armOfHash(hash: number, limits: ArmPlaces): number {
  if (hash < limits.canaryEnd) return canary;
  if (hash < limits.controlStart) return rest;
  if (hash < limits.controlEnd) return control;
  return hash < limits.upperEnd ? canary : rest;
}
