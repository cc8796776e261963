// The way up, made to measure: stages that a site's traffic can end. What a busy site waits
// for, a small one never gets; it takes larger steps and fewer units, and where even those do
// not come, a person decides.
import type { Rollout } from "#flags/rollout.ts";

type Stage = Rollout["stages"][number];

/** A stage as its author has it: what is left out is worked out. */
export type WantedStage = Pick<Stage, "sharePpm"> & {
  readonly [K in Exclude<keyof Stage, "sharePpm">]?: Stage[K] | undefined;
};

/** Units of the canary a day at a share; null where traffic is not known. */
export type UnitsADay = (sharePpm: number) => number | null;

const dayMs = 86_400_000;

/** Steps that suit a busy site: an hour or a day each, judged, and the last one by hand. */
export const usualStages: readonly Stage[] = [
  { sharePpm: 1_000, minTimeMs: 600_000, minViews: 1_000, mode: "judged" },
  { sharePpm: 10_000, minTimeMs: 3_600_000, minViews: 5_000, mode: "judged" },
  { sharePpm: 50_000, minTimeMs: 3_600_000, minViews: 10_000, mode: "judged" },
  { sharePpm: 250_000, minTimeMs: 14_400_000, minViews: 20_000, mode: "judged" },
  { sharePpm: 500_000, minTimeMs: 86_400_000, minViews: 50_000, mode: "manual" },
];

/** How long a stage may take to get its units and to show no harm. */
const longestDays = 2;
/** A small site's last stages may take longer: below this they show nothing. */
const patientDays = 7;
/** Units that a stage is to get in. */
const unitsDays = 1;

/**
 * Units of the canary after which half of harmless ramps have shown no harm beyond a stage's
 * margin, by the usual guardrails; simulated (docs/decisions/0011-judge.md).
 */
const usualProof: readonly { readonly upToPpm: number; readonly units: number }[] = [
  { upToPpm: 10_000, units: 725 },
  { upToPpm: 50_000, units: 300 },
  { upToPpm: 250_000, units: 835 },
  { upToPpm: Infinity, units: 25_500 },
];

function proofUnits(sharePpm: number): number {
  return usualProof.find(({ upToPpm }) => sharePpm <= upToPpm)?.units ?? 0;
}

/** `minViews` of a policy that says nothing: a stage with fewer units goes nowhere. */
const leastUnits = 200;

/**
 * The usual stages as far as traffic can end them: a step that does not get its proof in two
 * days is left out; the last but one may take a week, and the last one waits for a person.
 */
export function stagesFor(unitsADay: UnitsADay): readonly Stage[] {
  const kept = usualStages.filter(({ sharePpm }, at) => {
    const rate = unitsADay(sharePpm);
    if (rate === null || at === usualStages.length - 1) return true;
    const days = at === usualStages.length - 2 ? patientDays : longestDays;
    return rate * days >= Math.max(leastUnits, proofUnits(sharePpm));
  });
  return kept.map((stage) => {
    const { sharePpm, minTimeMs, mode } = stage;
    return { sharePpm, minTimeMs, minViews: unitsFor(stage, unitsADay), mode };
  });
}

/** What the author of stages left out. */
export function completed(wanted: readonly WantedStage[], unitsADay: UnitsADay): readonly Stage[] {
  return wanted.map(({ sharePpm, ...rest }) => {
    const usual = usualStages.findLast((each) => each.sharePpm <= sharePpm) ?? usualStages[0];
    const stage = { ...(usual as Stage), mode: "judged" as const, sharePpm };
    return {
      sharePpm,
      minTimeMs: rest.minTimeMs ?? Math.min(stage.minTimeMs, 3_600_000),
      minViews: rest.minViews ?? unitsFor(stage, unitsADay),
      mode: rest.mode ?? stage.mode,
    };
  });
}

/** The usual units, or what comes in a day where that is less, and then a round number. */
function unitsFor({ sharePpm, minViews }: Stage, unitsADay: UnitsADay): number {
  const rate = unitsADay(sharePpm);
  if (rate === null || rate * unitsDays >= minViews) return minViews;
  return Math.max(leastUnits, roundedDown(rate * unitsDays));
}

/** 1, 2 or 5 times a power of ten, at most `count`. */
function roundedDown(count: number): number {
  if (count < 1) return 0;
  const power = 10 ** Math.floor(Math.log10(count));
  return power * ([5, 2, 1].find((each) => each * power <= count) ?? 1);
}

/** What a stage waits for longest, and when it can end at this rate. */
export type StageEnd = {
  /** `proof` that it does no harm; a `person` who says so, or is asked because proof takes too long. */
  readonly waitsFor: "time" | "units" | "proof" | "person";
  /** Ms from its begin; null where the units do not come in sight. */
  readonly readyAfterMs: number | null;
};

export type StageFloors = {
  readonly minViews: number;
  readonly bakeMs: number;
  readonly maxStageMs: number;
  /** Units that will have come in the stages before: proof counts them. */
  readonly before: number;
};

/** How long a stage takes if no harm shows; `floors` are its policy's. */
export function endOf(
  { sharePpm, minTimeMs, minViews, mode }: Stage,
  unitsADay: number,
  { before, ...floors }: StageFloors,
): StageEnd {
  const msFor = (units: number) => (units <= 0 ? 0 : (units / unitsADay) * dayMs);
  const units = msFor(Math.max(minViews, floors.minViews));
  if (Math.max(units, minTimeMs) > 365 * dayMs) return { waitsFor: "units", readyAfterMs: null };
  const ends = {
    time: Math.max(minTimeMs, floors.bakeMs),
    units,
    proof: mode === "manual" ? 0 : msFor(proofUnits(sharePpm) - before),
  };
  const last = Math.max(ends.time, ends.units, ends.proof);
  if (mode === "manual") return { waitsFor: "person", readyAfterMs: Math.ceil(last) };
  if (Math.max(ends.units, ends.proof) > floors.maxStageMs) {
    return { waitsFor: "person", readyAfterMs: Math.max(floors.maxStageMs, ends.time) };
  }
  const waitsFor = (["time", "units", "proof"] as const).find((each) => ends[each] === last);
  return { waitsFor: waitsFor ?? "time", readyAfterMs: Math.ceil(last) };
}
