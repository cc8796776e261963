// All that a verdict is computed from, as plain JSON: stored beside the verdict, it gives
// the same verdict again years later. Pure selection and addition; nothing is weighed here.
import type { Arms } from "./arms.ts";
import type { Rollout } from "#flags/rollout.ts";
import type { ArmSums } from "#src/stats/mean.ts";
import type { EdgeBuckets } from "./assignments.ts";
import {
  accountsEffect,
  arrivalsEffect,
  crowdingOf,
  filledBuckets,
  visitorsEffect,
} from "./crowds.ts";
import type { Evidence, Told } from "./evidence.ts";
import type { Guardrail, Policy } from "./guardrails.ts";
import { measureKey } from "./observe.ts";
import { controlSinceCanary } from "./pulse.ts";
import { windowsOf, type Window } from "./recent.ts";
import { partOf, rareEvery, tallySince, type Restart } from "./restarts.ts";
import { armBins, armBuckets, armSums, canary, control, type Tally } from "./tally.ts";
import type { Stratum } from "./trial.ts";

/** Counts of a histogram from its first bin that is not empty to its last. */
export type BinCounts = { readonly from: number; readonly counts: readonly number[] };

/** What came after a restart. */
export type EvidenceSince = {
  /** Units of the canary that had come by then. */
  readonly units: number;
  /** The part of the bet that was placed then. */
  readonly part: number;
  readonly strata: readonly Arms<ArmSums>[];
  readonly bins?: Arms<BinCounts>;
};

/** The evidence on one guardrail. */
export type GuardrailEvidence = {
  readonly strata: readonly Arms<ArmSums>[];
  /** In the newest run of strata; only where the guardrail is a quantile. */
  readonly bins?: Arms<BinCounts>;
  /** How much wider the difference spreads than if all units were independent, ≥ 1. */
  readonly designEffect: number;
  /** The same of arrivals among what the edge assigned, where it counted by bucket. */
  readonly assignedEffect?: number;
  /** The same as if it had begun at restarts; missing where the tests had none. */
  readonly since?: readonly EvidenceSince[];
  /** Fewest of the 64 buckets that either arm fills: few buckets are few visitors. */
  readonly buckets: number;
};

export type VerdictInput = {
  /**
   * Of 1, what the newer fields say was not known yet: a verdict on it is what it was then.
   */
  readonly version: 1 | 2;
  readonly nowMs: number;
  readonly rollout: Pick<
    Rollout,
    | "flag"
    | "attempt"
    | "unit"
    | "state"
    | "stage"
    | "sharePpm"
    | "holdoutPpm"
    | "shareSetAtMs"
    | "stages"
    | "freezes"
  >;
  readonly policy: Policy;
  /** Allocation, page views and assignments of each stratum. */
  readonly strata: readonly {
    readonly allocation: Arms<number>;
    readonly units: Arms<number>;
    readonly assignments: Arms<number>;
  }[];
  /** How much wider counts of units spread than if no visitor ever came back, ≥ 1. */
  readonly crowding: number;
  /** The same of assignments, as the edge counted them by bucket. */
  readonly assignedCrowding?: number;
  /** Units of the control since the canary's last one. */
  readonly controlSinceCanary: number;
  /** Of the last windows of time, what each bucket's pages said and what the edge counted. */
  readonly recent?: readonly Window[];
  /** Page views by how they told their arms; absent where nobody counted. */
  readonly told?: Readonly<Told>;
  /** Time of the newest event of any flag. */
  readonly latestAtMs: number;
  /** In the order of the policy's guardrails. */
  readonly evidence: readonly GuardrailEvidence[];
};

/** The input of a verdict at `nowMs`. */
export function verdictInput({
  evidence,
  rollout,
  strata,
  assignments,
  edge,
  policy,
  nowMs,
}: {
  readonly evidence: Evidence;
  readonly rollout: VerdictInput["rollout"];
  readonly strata: readonly Stratum[];
  /** Requests that the edge counted in each stratum, unsampled. */
  readonly assignments: readonly Arms<number>[];
  /** The same by bucket. */
  readonly edge: EdgeBuckets;
  readonly policy: Policy;
  readonly nowMs: number;
}): VerdictInput {
  const { units, crowds, pulse, recent, latestAtMs, tallies, restarts, told } = evidence;
  const crowding = crowdingOf(crowds);
  const settledAtMs = nowMs - policy.settledAfterMs;
  const isCounted = inOneRow(edge.whole).some((count) => count > 0);
  return {
    version: 2,
    nowMs,
    rollout: selected(rollout),
    policy,
    strata: strata.map(({ canaryPpm, controlPpm }, stratum) => ({
      allocation: { control: controlPpm, canary: canaryPpm },
      units: pair(units, stratum),
      assignments: assignments[stratum] ?? { control: 0, canary: 0 },
    })),
    crowding,
    ...(isCounted && { assignedCrowding: crowdingOf(inOneRow(edge.whole)) }),
    controlSinceCanary: controlSinceCanary(pulse, settledAtMs),
    recent: windowsOf(recent, edge, settledAtMs),
    told: { ...told },
    latestAtMs,
    evidence: policy.guardrails.map((guardrail) =>
      evidenceOn(guardrail, tallies.get(measureKey(guardrail)), {
        strata: strata.length,
        unit: rollout.unit,
        crowding,
        restarts: restarts.kept,
        run: evidence.newestRun,
        ...(isCounted && { assigned: edge.whole }),
      }),
    ),
  };
}

/** The fields that verdicts depend on: the rollout as a whole may be large. */
function selected(rollout: VerdictInput["rollout"]): VerdictInput["rollout"] {
  const { flag, attempt, unit, state, stage, sharePpm, holdoutPpm } = rollout;
  const { shareSetAtMs, stages, freezes } = rollout;
  const fixed = { flag, attempt, unit, state, sharePpm, holdoutPpm, shareSetAtMs, stages, freezes };
  return stage === undefined ? fixed : { ...fixed, stage };
}

function pair(counts: Float64Array, stratum: number): Arms<number> {
  return {
    control: counts[stratum * 2 + control] ?? 0,
    canary: counts[stratum * 2 + canary] ?? 0,
  };
}

function evidenceOn(
  guardrail: Guardrail,
  tally: Tally | undefined,
  known: Known,
): GuardrailEvidence {
  if (tally === undefined) return { strata: [], designEffect: 1, buckets: 0, since: [] };
  const { unit, crowding, assigned } = known;
  const buckets = { control: armBuckets(tally, control), canary: armBuckets(tally, canary) };
  return {
    ...countsOf(guardrail, tally, known),
    since: sinceOf(guardrail, tally, known),
    designEffect:
      unit === "visitor" || unit === "request"
        ? visitorsEffect(tally, buckets, crowding)
        : accountsEffect(tally, buckets),
    buckets: filledBuckets(buckets),
    ...(guardrail.measure.kind === "arrivals" &&
      assigned && { assignedEffect: arrivalsEffect(assigned, arrivedOf(buckets)) }),
  };
}

function countsOf(
  { measure }: Guardrail,
  tally: Tally,
  { strata }: Known,
): Pick<GuardrailEvidence, "strata" | "bins"> {
  const sums = Array.from({ length: strata }, (_, stratum) => ({
    control: armSums(tally, stratum, control),
    canary: armSums(tally, stratum, canary),
  }));
  if (measure.kind !== "quantile") return { strata: sums };
  const bins = {
    control: trimmed(armBins(tally, control)),
    canary: trimmed(armBins(tally, canary)),
  };
  return { strata: sums, bins };
}

function sinceOf(guardrail: Guardrail, tally: Tally, known: Known): readonly EvidenceSince[] {
  // Arrivals are held against assignments, which know no restart: what falls silent is seen otherwise.
  if (guardrail.measure.kind === "arrivals") return [];
  const key = measureKey(guardrail);
  const every = guardrail.measure.kind === "rate" ? rareEvery : 1;
  return known.restarts.flatMap((restart): readonly EvidenceSince[] => {
    const { units, number } = restart;
    if (number % every !== 0) return [];
    const later = tallySince(tally, key, { restart, run: known.run });
    if (later === undefined || later.bins.length !== tally.bins.length) return [];
    return [{ units, part: every * partOf(number), ...countsOf(guardrail, later, known) }];
  });
}

type Known = {
  readonly strata: number;
  readonly unit: Rollout["unit"];
  readonly crowding: number;
  readonly restarts: readonly Restart[];
  /** The newest run of strata. */
  readonly run: number;
  /** Requests by bucket, where the edge counted them so. */
  readonly assigned?: EdgeBuckets["whole"];
};

function arrivedOf({ control: left, canary: right }: Arms<readonly ArmSums[]>) {
  return { control: left.map(({ n }) => n), canary: right.map(({ n }) => n) };
}

/** As `crowdingOf` takes them. */
function inOneRow({ control: left, canary: right }: EdgeBuckets["whole"]): Float64Array {
  return Float64Array.from([...left, ...right]);
}

function trimmed(counts: Float64Array): BinCounts {
  const from = Math.max(
    0,
    counts.findIndex((count) => count > 0),
  );
  const end = counts.findLastIndex((count) => count > 0) + 1;
  return { from, counts: Array.from(counts.subarray(from, end)) };
}
