// Flags as the control API shows them.
import { armSizes, places } from "#flags/arms.ts";
import type { Why } from "#flags/explain.ts";
import { isLive, isStale, type Rollout } from "#flags/rollout.ts";
import { illsOf } from "#flags/stored-rollout.ts";
import { allowedActions } from "#flags/transition.ts";
import type { ListedEntry } from "#src/adapters/flag-registry.ts";
import type { Counted } from "#src/adapters/rollouts.ts";
import type { FlagChangedView, FlagView } from "./flag-contract.ts";

export function viewFlag(rollout: Rollout, nowMs: number): FlagView {
  const { flag, changedAtMs, shareSetAtMs, ...rest } = rollout;
  const { code, state, sharePpm, attempt, revision, unit, seed } = rest;
  const { stages, prerequisites, holdoutPpm, freezes, guardrails } = rest;
  return {
    key: flag,
    code,
    state,
    sharePpm,
    stage: rest.stage ?? null,
    attempt,
    revision,
    changedAt: timestamp(changedAtMs),
    shareSetAt: timestamp(shareSetAtMs),
    arms: armsOf(rollout),
    stale: isStale(rollout, nowMs),
    ill: [...illsOf(rollout)],
    actions: [...allowedActions(state)],
    unit,
    seed,
    audience: rest.audience ?? null,
    patch: rest.patch,
    stages,
    layer: rest.layer ?? null,
    prerequisites,
    holdoutPpm,
    freezes,
    ...(guardrails === undefined ? {} : { guardrails }),
  };
}

function armsOf(rollout: Rollout): FlagView["arms"] {
  if (isLive(rollout)) return armSizes(rollout);
  const isPromoted = rollout.state === "promoted";
  return { canary: isPromoted ? places : 0, control: 0, rest: isPromoted ? 0 : places };
}

export function viewEntry({ atMs, ...entry }: ListedEntry): Record<string, unknown> {
  return { ...entry, at: timestamp(atMs) };
}

/**
 * Requests a minute that a flag's next share is. Its own arms tell best, since they
 * know the audience; before it has any, the traffic of the last day does.
 */
export function requestsPerMinute(
  before: Rollout | null,
  after: Rollout,
  { own, reach }: { own: Counted["perMinute"]; reach: FlagChangedView["reach"] },
): FlagChangedView["requestsPerMinute"] {
  const { sharePpm } = after;
  if (own !== null && before !== null && own.canary > 0 && before.sharePpm > 0) {
    return { canary: (own.canary * sharePpm) / before.sharePpm, basis: "measured" };
  }
  if (reach === null) return null;
  const canary = sharePpm === 0 ? 0 : reach.requestsPerMinute;
  return { canary, basis: reach.isAtMost ? "at_most" : "seen" };
}

/** A reason as a sentence. */
export function sentenceFor(why: Why): string {
  switch (why.reason) {
    case "not_under_way":
      return "The flag is not under way.";
    case "cannot_be_compiled":
      return "Its audience cannot be compiled.";
    case "prerequisite_missing":
      return `The request does not have the change of ${why.flag}, which it needs.`;
    case "promoted":
      return "It is promoted: everybody in its audience has its change.";
    case "no_unit":
      return why.unit === "request"
        ? "Every request gets an arm of its own."
        : `The request has no ${why.unit}.`;
    case "outside_layer":
      return `Its place in the layer ${why.layer}, ${why.place}, belongs to another flag or to none.`;
    case "outside_audience":
      return "It is not in the audience.";
    case "audience_failed":
      return "The audience could not be evaluated for it.";
    case "place":
      return `Its place is ${why.place} of 1000000.`;
  }
}

function timestamp(ms: number): string {
  return new Date(ms).toISOString();
}
