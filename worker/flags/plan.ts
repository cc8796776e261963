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
  /** Place of its unit among `Plan.units`. */
  readonly unit: number;
  readonly seed: Murmur3Prefix;
  readonly limits: ArmPlaces;
  /** Place of its layer among `Plan.layers`; -1 where it is in none. */
  readonly layer: number;
  readonly audience: Logic | undefined;
  readonly reads: AudienceReads;
  /** Indices of flags that come earlier. */
  readonly prerequisites: readonly number[];
};

/** What an audience's text mentions, and so may read; errs on the side of yes. */
type AudienceReads = {
  /** The request's own id, or the protocol that it came by. */
  readonly request: boolean;
  readonly visitor: boolean;
};

/** All flags that can touch a request, prerequisites first. */
export type Plan = {
  readonly flags: readonly PlannedFlag[];
  /** Flags left out because they cannot be compiled. */
  readonly faults: readonly string[];
  /** Whether any of them is live, and requests therefore in arms. */
  readonly isTrial: boolean;
  /** What the flags assign as a whole: each is looked up once for a request. */
  readonly units: readonly Rollout["unit"][];
  /** Of a layer's flags a request can meet one at most. */
  readonly layers: readonly PlannedLayer[];
  /** Flags outside of layers; all of them where flags wait for one another, and order counts. */
  readonly free: readonly number[];
  readonly consequences: Consequences;
  /** Scratch for one evaluation, which never yields. */
  readonly arms: Uint8Array;
  readonly texts: string[];
  readonly met: Int32Array;
  readonly known: Map<string, Assignment>;
};

type PlannedLayer = {
  readonly unit: number;
  readonly seed: Murmur3Prefix;
  /** Ranges of hashes, the first and the last of each: side by side, as every request reads them all. */
  readonly bounds: Uint32Array;
  /** The index of each range's flag. */
  readonly flags: Uint32Array;
};

/** A layer to which flags are still added. */
type LayerDraft = Pick<PlannedLayer, "unit" | "seed"> & {
  readonly name: string;
  readonly ranges: { readonly first: number; readonly last: number; readonly flag: number }[];
};

const { rest, control, canary, faulty } = armNumber;

const mostKnown = 4_096;

/** Compiles the rollouts that are live or promoted. */
export function compilePlan(rollouts: readonly Rollout[]): Plan {
  const active = rollouts.filter((each) => isLive(each) || each.state === "promoted");
  const flags: PlannedFlag[] = [];
  const units = [...new Set(active.filter(isLive).map(({ unit }) => unit))];
  const faults: string[] = [];
  const drafts: LayerDraft[] = [];
  const indices = new Map<string, number>();
  for (const rollout of sorted(active)) {
    const prerequisites = rollout.prerequisites.map((flag) => indices.get(flag));
    const audience = compileAudience(rollout);
    if (audience === "fault") faults.push(rollout.flag);
    else if (prerequisites.every((index) => index !== undefined)) {
      indices.set(rollout.flag, flags.length);
      const unit = units.indexOf(rollout.unit);
      const layer = joinLayer({ rollout, unit, flag: flags.length }, drafts);
      flags.push({ ...planned(rollout), unit, layer, audience, prerequisites });
    }
  }
  const consequences = consequencesOf(flags.map(({ rollout }) => rollout));
  const isTrial = flags.some(({ promoted }) => !promoted);
  const inOrder = flags.some((flag) => flag.prerequisites.length > 0);
  const layers = drafts.map(plannedLayer);
  const free = [...flags.keys()].filter((at) => inOrder || flags[at]?.layer === -1);
  const plan = { flags, faults, isTrial, units, layers, free, consequences };
  const scratch = {
    arms: new Uint8Array(flags.length),
    texts: units.map(() => ""),
    met: new Int32Array(layers.length),
  };
  return { ...plan, ...scratch, known: new Map() };
}

/** Prerequisites before what needs them; promoted flags by age, so that the latest one counts. */
function sorted(rollouts: readonly Rollout[]): readonly Rollout[] {
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

function readsOf({ audience }: Rollout): AudienceReads {
  const text = JSON.stringify(audience ?? null);
  const request = text.includes("httpProtocol") || text.includes("request");
  return { request, visitor: text.includes("visitor") };
}

function planned(
  rollout: Rollout,
): Omit<PlannedFlag, "unit" | "layer" | "audience" | "prerequisites"> {
  const promoted = rollout.state === "promoted";
  return {
    rollout,
    promoted,
    reads: readsOf(rollout),
    seed: murmur3Prefix(rollout.seed),
    limits: armHashes(armPlaces(rollout)),
  };
}

type Joining = { readonly rollout: Rollout; readonly unit: number; readonly flag: number };

/** Adds a rollout's ranges to its layer, and says which one of `layers` that is; -1 for none. */
function joinLayer({ rollout, unit, flag }: Joining, layers: LayerDraft[]): number {
  const { layer, state } = rollout;
  if (layer === undefined || state === "promoted") return -1;
  const { name } = layer;
  let at = layers.findIndex((each) => each.name === name && each.unit === unit);
  const seed = murmur3Prefix(layerSeed(layer));
  if (at < 0) at = layers.push({ name, unit, seed, ranges: [] }) - 1;
  for (const [from, to] of layer.ranges.map(rangeOfHashes)) {
    if (from < to) layers[at]?.ranges.push({ first: from, last: to - 1, flag });
  }
  return at;
}

function plannedLayer({ unit, seed, ranges }: LayerDraft): PlannedLayer {
  const bounds = Uint32Array.from(ranges.flatMap(({ first, last }) => [first, last]));
  return { unit, seed, bounds, flags: Uint32Array.from(ranges, ({ flag }) => flag) };
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
  const { free, arms, met } = plan;
  lookUp(plan, subject);
  arms.fill(rest);
  // Most requests are in no arm of most flags: only the others are named.
  let key = "";
  for (const at of free) key += evaluateAt(at, plan, subject);
  if (free.length < plan.flags.length) {
    for (const at of met) if (at >= 0) key += evaluateAt(at, plan, subject);
  }
  return plan.known.get(key) ?? remember(plan, key);
}

/** Decides one flag's arm, and names flag and arm; the empty text stands for `rest`. */
function evaluateAt(at: number, plan: Plan, subject: Subject): string {
  const flag = plan.flags[at] as PlannedFlag;
  if (flag.layer >= 0 && plan.met[flag.layer] !== at) return "";
  const arm = armOf(flag, plan, subject);
  plan.arms[at] = arm;
  return arm === rest ? "" : String.fromCharCode(at * 4 + arm);
}

/** What several flags need, once for all of them. */
function lookUp({ units, texts, layers, met }: Plan, { context }: Subject): void {
  for (let at = 0; at < units.length; at += 1) {
    texts[at] = textOf(context[units[at] as Rollout["unit"]]);
  }
  for (let at = 0; at < layers.length; at += 1) {
    const { seed, unit, bounds, flags } = layers[at] as PlannedLayer;
    const hash = murmur3Suffix(seed, texts[unit] as string);
    met[at] = -1;
    for (let range = 0; range < flags.length; range += 1) {
      const isBefore = hash < (bounds[range * 2] as number);
      const isAfter = hash > (bounds[range * 2 + 1] as number);
      if (!isBefore && !isAfter) met[at] = flags[range] as number;
    }
  }
}

function remember({ consequences, arms, known }: Plan, key: string): Assignment {
  const assignment = makeAssignment(key, consequences, arms);
  if (known.size >= mostKnown) known.clear();
  known.set(key, assignment);
  return assignment;
}

/** Empty for a request that has no such unit. */
function textOf(unit: unknown): string {
  if (typeof unit === "string") return unit;
  return truthy(unit) ? asText(unit) : "";
}

function armOf(flag: PlannedFlag, plan: Plan, subject: Subject): number {
  const { arms, texts } = plan;
  try {
    for (const index of flag.prerequisites) if (arms[index] !== canary) return rest;
    if (flag.promoted) return isAudience(flag, subject) ? canary : rest;
    const text = texts[flag.unit] as string;
    if (text === "") return rest;
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

function armOfHash(hash: number, limits: ArmPlaces): number {
  if (hash < limits.canaryEnd) return canary;
  if (hash < limits.controlStart) return rest;
  if (hash < limits.controlEnd) return control;
  return hash < limits.upperEnd ? canary : rest;
}
