// Whom a share of a flag's audience is: of units that come with an id (accounts, snippets,
// SDK keys) exactly, by the same hashes as a request's; of others by their share. Only traffic
// that was seen counts. Says nothing about what becomes of it.
import { murmur3 } from "#base/murmur3.ts";
import { armOfPlace, armPlaces, armSizes, places } from "./arms.ts";
import { bucket } from "./bucket.ts";
import { compileLogic } from "./logic/compile-logic.ts";
import { isArray, isObject, type Json } from "./logic/expression.ts";
import { truthy } from "./logic/truthy.ts";
import type { Rollout } from "./rollout.ts";
import { layerSeed } from "./rollout-targeting.ts";
import { runLogic } from "./subject.ts";
import type { IdTraffic } from "./traffic.ts";

type Amounts = { readonly requests: number; readonly views: number };

/** The units that come with ids, at a share. */
type ReachedUnits = {
  /** How many were seen that its audience may hold. */
  readonly known: number;
  readonly control: number;
  /** Those in the canary, the busiest first. */
  readonly canary: readonly string[];
  /** The least share that has one of them in each arm, in ppm; null where no share has. */
  readonly leastPpm: number | null;
};

export type Reach = {
  /** What the canary is of the traffic given. */
  readonly canary: Amounts;
  /** Null where no id tells the unit of a request. */
  readonly units: ReachedUnits | null;
  /** Whether something of the flag can only be told of a request: it may reach less. */
  readonly isAtMost: boolean;
};

export type Reaching = Pick<
  Rollout,
  "flag" | "unit" | "seed" | "audience" | "layer" | "prerequisites" | "holdoutPpm"
>;

const toldByIds: ReadonlySet<string> = new Set(["kind", "account", "snippet", "sdkKey"]);

/** What `rollout` reaches of `ids` at a share. */
export function reachOf(rollout: Reaching, sharePpm: number, ids: readonly IdTraffic[]): Reach {
  const { audience, prerequisites } = rollout;
  const isTold = audience === undefined || readsOnlyIds(audience);
  const isAtMost = !isTold || prerequisites.length > 0;
  const own = isTold && audience !== undefined ? ids.filter(inAudience(rollout, audience)) : ids;
  const share = { sharePpm, holdoutPpm: rollout.holdoutPpm };
  if (!toldByIds.has(rollout.unit)) {
    const part = (armSizes(share).canary / places) * layerPart(rollout);
    const { requests, views } = totalOf(own);
    return { canary: { requests: requests * part, views: views * part }, units: null, isAtMost };
  }
  const at = armPlaces(share);
  const placed = placedUnits(rollout, own);
  const canary = placed.filter(({ place }) => armOfPlace(place, at) === "canary");
  const control = placed.filter(({ place }) => armOfPlace(place, at) === "control").length;
  const names = canary.map(({ unit }) => unit);
  const units = { known: placed.length, control, canary: names, leastPpm: leastOf(placed) };
  return { canary: totalOf(canary), units, isAtMost };
}

type Placed = Amounts & { readonly unit: string; readonly place: number };

/** Every unit of the ids that its layer lets in, once, with its place among a million. */
function placedUnits(rollout: Reaching, ids: readonly IdTraffic[]): readonly Placed[] {
  const sums = new Map<string, Amounts>();
  for (const { requests, views, ...each } of ids) {
    const unit = contextOf(each)[rollout.unit];
    if (typeof unit !== "string" || !inLayer(rollout, unit)) continue;
    const sum = sums.get(unit) ?? { requests: 0, views: 0 };
    sums.set(unit, { requests: sum.requests + requests, views: sum.views + views });
  }
  return [...sums]
    .map(([unit, { requests, views }]) => {
      const place = bucket(murmur3(rollout.seed + unit), places);
      return { unit, place, requests, views };
    })
    .toSorted((left, right) => right.requests - left.requests);
}

/** The canary grows from the first place, the control from the middle one. */
function leastOf(placed: readonly Placed[]): number | null {
  const middle = places / 2;
  const lower = placed.filter(({ place }) => place < middle).map(({ place }) => place);
  const upper = placed.filter(({ place }) => place >= middle).map(({ place }) => place - middle);
  if (lower.length === 0 || upper.length === 0) return null;
  return Math.max(Math.min(...lower), Math.min(...upper)) + 1;
}

function inAudience(rollout: Reaching, audience: Json): (id: IdTraffic) => boolean {
  try {
    const logic = compileLogic(audience, rollout.flag);
    return (id) => {
      try {
        return truthy(runLogic(logic, rollout.flag, { context: contextOf(id), nowMs: 0 }));
      } catch {
        return false;
      }
    };
  } catch {
    return () => false;
  }
}

function contextOf({
  kind,
  account,
  id,
}: Pick<IdTraffic, "kind" | "account" | "id">): Readonly<Record<string, string>> {
  return { kind, account, [kind === "snippet" ? "snippet" : "sdkKey"]: id };
}

/** Whether a targeting asks for nothing but what an id tells. */
function readsOnlyIds(logic: Json): boolean {
  if (isArray(logic)) return logic.every(readsOnlyIds);
  if (!isObject(logic)) return true;
  return Object.entries(logic).every(([operator, operand]) => {
    if (operator === "missing" || operator === "missing_some") return false;
    if (operator === "fractional") return false;
    if (operator !== "var") return readsOnlyIds(operand);
    const name = isArray(operand) ? operand[0] : operand;
    return typeof name === "string" && toldByIds.has(name);
  });
}

function inLayer({ layer }: Reaching, unit: string): boolean {
  if (layer === undefined) return true;
  const place = bucket(murmur3(layerSeed(layer) + unit), places);
  return layer.ranges.some(([from, to]) => from <= place && place < to);
}

function layerPart({ layer }: Reaching): number {
  if (layer === undefined) return 1;
  return layer.ranges.reduce((sum, [from, to]) => sum + to - from, 0) / places;
}

function totalOf(list: readonly Amounts[]): Amounts {
  return list.reduce<Amounts>(
    (sum, each) => ({ requests: sum.requests + each.requests, views: sum.views + each.views }),
    { requests: 0, views: 0 },
  );
}
