// The edge's counts of requests, sorted into the strata that evidence is kept by. Counts know
// the share that they were made at, evidence the epoch: a share that was set twice is one
// count and two strata.
import type { Arm } from "#flags/arms.ts";
import type { Arms } from "./verdict-input.ts";

/** Requests of one arm while a share was set. */
export type CountedArm = {
  readonly kind: "snippet" | "datafile";
  readonly arm: Arm;
  readonly attempt: number;
  readonly sharePpm: number;
  readonly requests: number;
};

/**
 * Of each stratum the requests that were assigned in it. Those of a share with several
 * strata are split as its units are, both arms alike, so that the ratio of the arms stays.
 */
export function assignmentsOf({
  counts,
  attempt,
  shares,
  units,
}: {
  readonly counts: readonly CountedArm[];
  readonly attempt: number;
  /** Of each stratum its share in ppm, and the units that came in it. */
  readonly shares: readonly number[];
  readonly units: readonly Arms<number>[];
}): readonly Arms<number>[] {
  const own = counts.filter((each) => each.attempt === attempt);
  return shares.map((sharePpm, stratum) => {
    const part = partOf(stratum, shares, units);
    const sum = (arm: Arm) =>
      own
        .filter((each) => each.arm === arm && each.sharePpm === sharePpm)
        .reduce((total, { requests }) => total + requests, 0);
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
