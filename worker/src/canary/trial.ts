// One attempt of one flag, ready to have events folded into its evidence: which arm,
// which stage and which bucket an event belongs to, and what is measured.
import { murmur3 } from "#base/murmur3.ts";
import { armPlaces } from "#flags/arms.ts";
import type { Rollout } from "#flags/rollout.ts";
import { visitorBuckets } from "#flags/token.ts";
import type { Guardrail, Policy } from "./guardrails.ts";
import { measuresOf, type Columns, type Measure } from "./observe.ts";
import { mostStrata } from "./tally.ts";

/** A time of constant allocation: a stage, or a share that was set by hand. */
export type Stratum = {
  /** First epoch in which requests were assigned so. */
  readonly fromEpoch: number;
  readonly canaryPpm: number;
  readonly controlPpm: number;
};

export type Trial = {
  readonly flag: string;
  readonly attempt: number;
  readonly strata: readonly Stratum[];
  /** Of each stratum the run that it belongs to: consecutive strata of one ratio of the arms. */
  readonly runs: readonly number[];
  readonly measures: readonly Measure[];
  /** Whether a view that is in neither arm could have been: else it may be one that nobody asked. */
  readonly seesRest: boolean;
  /** Which events count as units, and show that the canary is alive. */
  readonly unitSource: Guardrail["source"];
  /** Which deliveries are assigned as units: what else a visitor asks for says nothing of them. */
  readonly kind: "snippet" | "datafile";
  /** The column that names the unit of assignment; none where visitors are the units. */
  readonly unitColumn: string | undefined;
};

/** Where a rollout's change shows: in pages, or in the answers that SDKs poll. */
export function seenIn({ patch, unit }: Pick<Rollout, "patch" | "unit">): Trial["kind"] {
  return unit === "sdkKey" || patch.datafile !== undefined ? "datafile" : "snippet";
}

/** The bucket of a unit that is larger than a visitor, by its name. */
export function unitBucket(name: string): number {
  return murmur3(name) % visitorBuckets;
}

// Units of assignment are what is independent. Where they are larger than a visitor, the
// visitor's bucket would take one account's page views for many witnesses.
/** The column that names a unit of assignment; none where visitors are the units. */
export const unitColumns: { readonly [U in Rollout["unit"]]: string | undefined } = {
  account: "account.id",
  snippet: "snippet.id",
  sdkKey: "snippet.id",
  colo: "edge.colo",
  visitor: undefined,
  request: undefined,
};

/** The stratum that begins when a rollout's share takes effect in `fromEpoch`. */
export function stratumOf(
  rollout: Pick<Rollout, "sharePpm" | "holdoutPpm">,
  fromEpoch: number,
): Stratum {
  const { canaryEnd, controlStart, controlEnd, upperEnd } = armPlaces(rollout);
  const canaryPpm = canaryEnd + upperEnd - controlEnd;
  return { fromEpoch, canaryPpm, controlPpm: controlEnd - controlStart };
}

/**
 * Of each stratum the number of its run. Sums of one run may be added up though traffic
 * drifts, because the drift is the same in both arms; sums of two may not.
 */
export function runsOf(
  strata: readonly Pick<Stratum, "canaryPpm" | "controlPpm">[],
): readonly number[] {
  let run = 0;
  return strata.map(({ canaryPpm, controlPpm }, at) => {
    const before = strata[at - 1];
    if (before && canaryPpm * before.controlPpm !== before.canaryPpm * controlPpm) run += 1;
    return run;
  });
}

/** Compiles a trial. `strata` are in order of `fromEpoch`, the first being the attempt's start. */
export function trialOf({
  rollout,
  strata,
  policy,
}: {
  readonly rollout: Pick<
    Rollout,
    "flag" | "attempt" | "unit" | "patch" | "audience" | "prerequisites" | "layer"
  >;
  readonly strata: readonly Stratum[];
  readonly policy: Policy;
}): Trial {
  const { audience, prerequisites, layer } = rollout;
  const isSeenInPages = policy.guardrails.some(({ source }) => source === "page_view");
  return {
    flag: rollout.flag,
    attempt: rollout.attempt,
    strata,
    runs: runsOf(strata),
    measures: measuresOf(policy),
    seesRest: audience === undefined && prerequisites.length === 0 && layer === undefined,
    unitSource: isSeenInPages ? "page_view" : "delivery",
    kind: seenIn(rollout),
    unitColumn: unitColumns[rollout.unit],
  };
}

/** Index of the stratum that an epoch belongs to; −1 before the attempt began. */
export function stratumAt({ strata }: Trial, epoch: number): number {
  let index = strata.length - 1;
  while (index >= 0 && epoch < (strata[index]?.fromEpoch ?? 0)) index -= 1;
  return Math.min(index, mostStrata - 1);
}

/** The bucket whose sums show how alike the views of one unit are. */
export function bucketOf(
  { unitColumn }: Trial,
  { bucket, columns }: { readonly bucket: number; readonly columns: Columns },
): number {
  const unit = unitColumn === undefined ? undefined : columns[unitColumn];
  return typeof unit === "string" ? unitBucket(unit) : bucket % visitorBuckets;
}
