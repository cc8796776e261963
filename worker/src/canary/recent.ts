// What the last hour's pages said, by the bucket of their unit: how many spoke, and how many
// of them failed. Held against the edge's own counts, it shows a canary that is broken outright,
// however few accounts it has.
import { visitorBuckets } from "#flags/token.ts";
import { slotMs, slotsKept, type EdgeBuckets } from "./assignments.ts";
import { emptyRing, mergeRings, slotAt, type Ring } from "./ring.ts";

/** Also who is in neither arm: other accounts show what is usual. */
const armNames = ["control", "canary", "rest"] as const;
type SeenArm = (typeof armNames)[number];

// Per slot: arms, in each of them buckets, in each of them units and failures.
const perBucket = 2;
const perArm = visitorBuckets * perBucket;
const shape = { count: slotsKept, stride: armNames.length * perArm };

export type Recent = Ring;

export function emptyRecent(): Recent {
  return emptyRing(shape);
}

export function mergeRecent(left: Recent, right: Recent): Recent {
  return mergeRings(left, right, shape);
}

export type Seen = {
  readonly atMs: number;
  readonly arm: SeenArm;
  readonly bucket: number;
  /** Whether any of what must not happen often has happened to it. */
  readonly isFailed: boolean;
};

/** Adds one unit in place; one without a bucket is no witness. */
export function addSeen(recent: Recent, { atMs, arm, bucket, isFailed }: Seen): void {
  if (bucket < 0) return;
  const slot = slotAt(recent, Math.max(0, Math.floor(atMs / slotMs)), shape);
  if (slot < 0) return;
  const at = slot + armNames.indexOf(arm) * perArm + bucket * perBucket;
  recent.slots[at] = (recent.slots[at] ?? 0) + 1;
  if (isFailed) recent.slots[at + 1] = (recent.slots[at + 1] ?? 0) + 1;
}

/** Of each bucket the requests that the edge counted, the units that spoke and those that failed. */
export type Cluster = readonly [requests: number, units: number, failures: number];

/** One arm's clusters, those left out of which nothing is known. */
export type Window = { readonly [A in SeenArm]: readonly Cluster[] };

/** Lengths of the windows that are looked at, in slots: what is sudden, and what is rare. */
const windowSlots = [3, slotsKept] as const;

/** The last windows of whole slots that were over by `untilMs`. */
export function windowsOf(
  { end, slots }: Recent,
  { slots: edge }: EdgeBuckets,
  untilMs: number,
): readonly Window[] {
  const last = Math.floor(untilMs / slotMs) - 1;
  return windowSlots.map((length) => {
    const inWindow = Array.from({ length }, (_, back) => last - back);
    const clustersOf = (arm: SeenArm): readonly Cluster[] =>
      Array.from({ length: visitorBuckets }, (_, bucket): Cluster => {
        let [requests, units, failures] = [0, 0, 0];
        for (const slot of inWindow) {
          if (arm !== "rest") requests += edge.get(slot)?.[arm][bucket] ?? 0;
          if (slot < 0 || slot > end || slot <= end - shape.count) continue;
          const at = slotStart(slot) + armNames.indexOf(arm) * perArm + bucket * perBucket;
          units += slots[at] ?? 0;
          failures += slots[at + 1] ?? 0;
        }
        return [requests, units, failures];
      }).filter(([requests, units]) => requests + units > 0);
    return {
      control: clustersOf("control"),
      canary: clustersOf("canary"),
      rest: clustersOf("rest"),
    };
  });
}

function slotStart(slot: number): number {
  return (slot % shape.count) * shape.stride;
}
