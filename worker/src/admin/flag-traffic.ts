// What the traffic of the last day says of a flag: whom a share reaches, which stages it can
// end, and when. A change is made whether or not anybody knows.
import { reachOf, type Reach } from "#flags/reach.ts";
import type { Rollout, RolloutPlan } from "#flags/rollout.ts";
import type { Traffic } from "#flags/traffic.ts";
import { everything, type Counted } from "#src/adapters/rollouts.ts";
import { defaultPolicy, fewestBuckets } from "#src/canary/guardrails.ts";
import { policyOf } from "#src/canary/rollout-policy.ts";
import {
  completed,
  endOf,
  stagesFor,
  type UnitsADay,
  type WantedStage,
} from "#src/canary/stages.ts";
import { seenIn } from "#src/canary/trial.ts";
import type { AdminContext } from "./context.ts";
import type { FlagChangedView } from "./flag-contract.ts";

const minuteMs = 60_000;
const minutesADay = 1_440;
const dayMs = minutesADay * minuteMs;
const mostNames = 10;

/** The last day's traffic, this isolate's newest included; null where it is not known. */
export async function trafficOf(context: AdminContext): Promise<Traffic | null> {
  const { traffic, rollouts, now, report } = context.get("services");
  try {
    await traffic.flush(now());
    const seen = await rollouts(everything).traffic();
    const { account } = context.get("principal");
    if (seen === null || account === null) return seen;
    return { ...seen, ids: seen.ids.filter((id) => id.account === account) };
  } catch (error) {
    report("traffic_unread", { error });
    return null;
  }
}

/** A flag's own rate, this isolate's newest included; null where it is not known. */
export async function ownRate(context: AdminContext, name: string): Promise<Counted["perMinute"]> {
  const { rollouts, report } = context.get("services");
  try {
    return (await rollouts(name).counted()).perMinute;
  } catch (error) {
    report("counts_unread", { name, error });
    return null;
  }
}

type Planned = Pick<RolloutPlan, "unit" | "patch"> & {
  readonly audience?: RolloutPlan["audience"];
  readonly layer?: RolloutPlan["layer"];
  readonly prerequisites: readonly string[];
  readonly holdoutPpm: number;
  readonly seed?: string;
};

/** The stages of a plan, with what its author left out. */
export function plannedStages(
  plan: Planned & { readonly stages?: readonly WantedStage[] },
  { traffic, flag, nowMs }: { traffic: Traffic | null; flag: string; nowMs: number },
): Rollout["stages"] {
  const reaching = { seed: "", ...plan, flag, prerequisites: [...plan.prerequisites] } as Reaching;
  // Which ids a share holds nobody knows before there is a seed; how many, on the whole, one does.
  const units = unitsADay({ ...reaching, unit: "request" }, traffic, nowMs);
  const ids = traffic === null ? 0 : (reachOf(reaching, 1, traffic.ids).units?.known ?? Infinity);
  const enough: UnitsADay = (sharePpm) =>
    traffic !== null && ids * sharePpm < fewestBuckets * 1_000_000 ? 0 : units(sharePpm);
  return [...(plan.stages === undefined ? stagesFor(enough) : completed(plan.stages, units))];
}

type Reaching = Parameters<typeof reachOf>[0] & Pick<Rollout, "patch">;

/** Whom the flag reaches at its share, or a draft at that of its first stage. */
export function viewReach(
  rollout: Rollout,
  traffic: Traffic | null,
  nowMs: number,
): FlagChangedView["reach"] {
  if (traffic === null) return null;
  const sharePpm = rollout.sharePpm > 0 ? rollout.sharePpm : (rollout.stages[0]?.sharePpm ?? 0);
  const { canary, units, isAtMost } = evidentReach(rollout, sharePpm, traffic);
  const minutes = minutesOf(traffic, nowMs);
  return {
    sharePpm,
    since: new Date(traffic.sinceMs).toISOString(),
    requestsPerMinute: canary.requests / minutes,
    viewsPerMinute: canary.views / minutes,
    isAtMost,
    units:
      units === null
        ? null
        : {
            known: units.known,
            canary: units.canary.length,
            control: units.control,
            names: units.canary.slice(0, mostNames),
            leastPpm: units.leastPpm,
          },
  };
}

/** What each stage from the present one on waits for, at the rate of the last day. */
export function viewStagesAhead(
  rollout: Rollout,
  traffic: Traffic | null,
  nowMs: number,
): FlagChangedView["stagesAhead"] {
  const policy = policyOf(rollout);
  const known = policy.ok ? policy.value : defaultPolicy(seenIn(rollout));
  const { minViews, bakeMs, maxStageMs } = known;
  const units = unitsADay(rollout, traffic, nowMs);
  let before = 0;
  return rollout.stages.slice(rollout.stage ?? 0).map((stage, at, ahead) => {
    const isLast = at === ahead.length - 1;
    // The stage that it is in may be at a share of its own.
    const sharePpm = at === 0 && rollout.sharePpm > 0 ? rollout.sharePpm : stage.sharePpm;
    const unitsPerDay = units(sharePpm);
    const floors = { minViews, bakeMs: isLast ? bakeMs : 0, maxStageMs, before };
    const { waitsFor, readyAfterMs } =
      unitsPerDay === null ? unknown : endOf({ ...stage, sharePpm }, unitsPerDay, floors);
    before += ((unitsPerDay ?? 0) * (readyAfterMs ?? 0)) / dayMs;
    const { mode } = stage;
    const needs = Math.max(minViews, stage.minViews);
    return { sharePpm, mode, needs, unitsPerDay, waitsFor, readyAfterMs };
  });
}

const unknown = { waitsFor: null, readyAfterMs: null };

function unitsADay(rollout: Reaching, traffic: Traffic | null, nowMs: number): UnitsADay {
  if (traffic === null) return () => null;
  const factor = minutesADay / minutesOf(traffic, nowMs);
  return (sharePpm) => evidentReach(rollout, sharePpm, traffic).canary.views * factor;
}

/** The reach of a flag; of its views, those that its judge will see. */
function evidentReach(rollout: Reaching, sharePpm: number, traffic: Traffic): Reach {
  const kind = seenIn(rollout);
  const ids = traffic.ids.map((id) => (id.kind === kind ? id : { ...id, views: 0 }));
  return reachOf(rollout, sharePpm, ids);
}

function minutesOf({ sinceMs }: Traffic, nowMs: number): number {
  return Math.max(1, (nowMs - sinceMs) / minuteMs);
}
