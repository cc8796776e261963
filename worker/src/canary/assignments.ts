// The edge's counts of requests, sorted into the strata that evidence is kept by. Counts know
// the share that they were made at, evidence the epoch: a share that was set twice is one
// count and two strata. Deliveries of one kind are never taken for those of another: an SDK that
// polls is no page that failed to speak.
import type { Arm } from "#flags/arms.ts";
import { visitorBuckets } from "#flags/token.ts";
import type { Arms } from "./arms.ts";

/** Requests of one arm while a share was set, each visitor once in a window. */
export type CountedArm = {
  readonly kind: "snippet" | "datafile";
  readonly arm: Arm;
  readonly attempt: number;
  readonly sharePpm: number;
  readonly visits: number;
};

/** Requests of one kind in one arm, by the bucket of the unit that was assigned. */
export type CountedBuckets = {
  readonly kind: CountedArm["kind"];
  readonly arm: Arm;
  readonly attempt: number;
  /** Number of the five minutes that they were told in, since 1970; `wholeAttempt` for all. */
  readonly slot: number;
  readonly buckets: readonly number[];
};

export const wholeAttempt = -1;

/** How long a slot is. An hour of them tells what has fallen silent. */
export const slotMs = 300_000;
export const slotsKept = 12;

/** Requests of either arm by bucket, for the whole attempt and for each slot of the last hour. */
export type EdgeBuckets = {
  readonly whole: Arms<readonly number[]>;
  readonly slots: ReadonlyMap<number, Arms<readonly number[]>>;
};

/** Sorts the buckets of one attempt and one kind of delivery. */
export function edgeBucketsOf(
  counted: readonly CountedBuckets[],
  { attempt, kind }: Pick<CountedBuckets, "attempt" | "kind">,
): EdgeBuckets {
  const slots = new Map<number, Arms<readonly number[]>>();
  for (const each of counted) {
    if (each.attempt !== attempt || each.kind !== kind || each.arm === "rest") continue;
    const known = slots.get(each.slot) ?? noBuckets;
    slots.set(each.slot, { ...known, [each.arm]: each.buckets });
  }
  const whole = slots.get(wholeAttempt) ?? noBuckets;
  slots.delete(wholeAttempt);
  return { whole, slots };
}

const none: readonly number[] = Array<number>(visitorBuckets).fill(0);
const noBuckets: Arms<readonly number[]> = { control: none, canary: none };

/** Where nothing was counted by bucket. */
export const noEdgeBuckets: EdgeBuckets = { whole: noBuckets, slots: new Map() };

/**
 * Of each stratum the requests of one kind that were assigned in it. Those of a share with several
 * strata are split as its units are, both arms alike, so that the ratio of the arms stays.
 */
export function assignmentsOf({
  counts,
  kind,
  attempt,
  shares,
  units,
}: {
  readonly counts: readonly CountedArm[];
  readonly kind: CountedArm["kind"];
  readonly attempt: number;
  /** Of each stratum its share in ppm, and the units that came in it. */
  readonly shares: readonly number[];
  readonly units: readonly Arms<number>[];
}): readonly Arms<number>[] {
  const own = counts.filter((each) => each.attempt === attempt && each.kind === kind);
  return shares.map((sharePpm, stratum) => {
    const part = partOf(stratum, shares, units);
    const sum = (arm: Arm) =>
      own
        .filter((each) => each.arm === arm && each.sharePpm === sharePpm)
        .reduce((total, { visits }) => total + visits, 0);
    return { control: sum("control") * part, canary: sum("canary") * part };
  });
}

function partOf(
  stratum: number,
  shares: readonly number[],
  units: readonly Arms<number>[],
): number {
  const twins = [...shares.keys()].filter((at) => shares[at] === shares[stratum]);
  const seen = (at: number) => (units[at]?.control ?? 0) + (units[at]?.canary ?? 0);
  const all = twins.reduce((sum, at) => sum + seen(at), 0);
  if (all > 0) return seen(stratum) / all;
  return stratum === twins.at(-1) ? 1 : 0;
}
