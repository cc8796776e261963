// How a rollout moves: draft → ramping ⇄ held → promoted | rolled_back | killed,
// and revive, which makes a draft of an ended one. Pure: what is true of other
// rollouts is asked in `admission.ts`. Never touches seed, unit or audience.
import { err, ok, type Result } from "#base/result.ts";
import { places } from "./arms.ts";
import type { Freeze, Rollout, RolloutState } from "./rollout.ts";

export type Action =
  /** Sets the share of the audience in the canary, up or down; starts a draft. */
  | { readonly kind: "ramp"; readonly sharePpm: number }
  /** Goes to the next stage; starts a draft with the first one. */
  | { readonly kind: "advance" }
  | { readonly kind: "hold" }
  | { readonly kind: "resume" }
  | { readonly kind: "rollback" }
  | { readonly kind: "promote" }
  /** The red button: possible from every state, at any time, whatever the revision. */
  | { readonly kind: "kill" }
  | { readonly kind: "revive" };

export type TransitionError =
  | {
      readonly reason: "wrong_state";
      readonly state: RolloutState;
      readonly action: Action["kind"];
      readonly allowed: readonly Action["kind"][];
    }
  | { readonly reason: "invalid_share"; readonly sharePpm: number }
  | { readonly reason: "last_stage"; readonly stage: number }
  | { readonly reason: "frozen"; readonly untilMs: number };

const allowedIn: { readonly [S in RolloutState]: readonly Action["kind"][] } = {
  draft: ["ramp", "advance", "kill"],
  ramping: ["ramp", "advance", "hold", "rollback", "promote", "kill"],
  held: ["resume", "rollback", "promote", "kill"],
  promoted: ["rollback", "kill"],
  rolled_back: ["revive", "kill"],
  killed: ["revive", "kill"],
};

/** The actions that a state knows. */
export function allowedActions(state: RolloutState): readonly Action["kind"][] {
  return allowedIn[state];
}

/** The rollout after an action, one revision later. Killing what is killed changes nothing. */
export function transition(
  rollout: Rollout,
  action: Action,
  nowMs: number,
): Result<Rollout, TransitionError> {
  const { state } = rollout;
  const allowed = allowedIn[state];
  if (!allowed.includes(action.kind)) {
    return err({ reason: "wrong_state", state, action: action.kind, allowed });
  }
  if (action.kind === "kill" && state === "killed") return ok(rollout);
  const share = nextShare(rollout, action);
  if (!share.ok) return share;
  if (grows(rollout, action, share.value.sharePpm)) {
    const untilMs = frozenUntil(rollout.freezes, nowMs);
    if (untilMs !== undefined) return err({ reason: "frozen", untilMs });
  }
  const { stage: _, ...rest } = rollout;
  return ok({
    ...rest,
    ...share.value,
    state: nextState(action, state),
    attempt: state === "draft" && action.kind !== "kill" ? rollout.attempt + 1 : rollout.attempt,
    revision: rollout.revision + 1,
    changedAtMs: nowMs,
    shareSetAtMs: share.value.sharePpm === rollout.sharePpm ? rollout.shareSetAtMs : nowMs,
  });
}

function nextState(action: Action, state: RolloutState): RolloutState {
  switch (action.kind) {
    case "ramp":
    case "resume":
      return "ramping";
    case "advance":
      return state === "draft" ? "ramping" : state;
    case "hold":
      return "held";
    case "rollback":
      return "rolled_back";
    case "promote":
      return "promoted";
    case "kill":
      return "killed";
    case "revive":
      return "draft";
  }
}

type StagedShare = Pick<Rollout, "sharePpm" | "stage">;

function nextShare(rollout: Rollout, action: Action): Result<StagedShare, TransitionError> {
  switch (action.kind) {
    case "ramp":
      return rampTo(rollout, action.sharePpm);
    case "advance":
      return nextStage(rollout);
    case "promote":
      return ok({ sharePpm: places, ...stageOf(rollout) });
    case "hold":
    case "resume":
      return ok({ sharePpm: rollout.sharePpm, ...stageOf(rollout) });
    case "rollback":
    case "kill":
      return ok({ sharePpm: 0, ...stageOf(rollout) });
    case "revive":
      return ok({ sharePpm: 0 });
  }
}

function stageOf({ stage }: Rollout): Pick<Rollout, "stage"> {
  return stage === undefined ? {} : { stage };
}

/** The stage of a share is the last one that it has reached, or the first. */
function rampTo({ stages }: Rollout, sharePpm: number): Result<StagedShare, TransitionError> {
  if (!Number.isInteger(sharePpm) || sharePpm < 1 || sharePpm > places) {
    return err({ reason: "invalid_share", sharePpm });
  }
  const reached = stages.findLastIndex((each) => each.sharePpm <= sharePpm);
  return ok({ sharePpm, stage: Math.max(reached, 0) });
}

/** A share that was set by hand may already be past the next stage. */
function nextStage(rollout: Rollout): Result<StagedShare, TransitionError> {
  const at = rollout.stages.findIndex(
    (each, index) => index > (rollout.stage ?? -1) && each.sharePpm > rollout.sharePpm,
  );
  const next = rollout.stages[at];
  if (next === undefined) return err({ reason: "last_stage", stage: rollout.stage ?? -1 });
  return ok({ sharePpm: next.sharePpm, stage: at });
}

function grows(rollout: Rollout, action: Action, sharePpm: number): boolean {
  return action.kind === "promote" || sharePpm > rollout.sharePpm;
}

/** When the freeze that `nowMs` falls into ends; undefined where it falls into none. */
export function frozenUntil(freezes: readonly Freeze[], nowMs: number): number | undefined {
  const current = freezes.filter(({ fromMs, toMs }) => fromMs <= nowMs && nowMs < toMs);
  return current.length === 0 ? undefined : Math.max(...current.map(({ toMs }) => toMs));
}
