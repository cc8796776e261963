// One change of one rollout: what its author asked for, checked against the
// rollout as it stands and against all the others. Pure, so that a dry run is the
// same step without the writing.
import { err, ok, type Result } from "#base/result.ts";
import { admit, type AdmissionError, type Surroundings } from "./admission.ts";
import { amendRollout, type AmendError } from "./amend.ts";
import { compileLogic } from "./logic/compile-logic.ts";
import { draftRollout, isLive, type Rollout, type RolloutError } from "./rollout.ts";
import { transition, type Action, type TransitionError } from "./transition.ts";

/** What its author chooses of a plan; the flag, its code and, by default, its seed are given. */
export type Command =
  | { readonly kind: "create"; readonly plan: unknown }
  | { readonly kind: "amend"; readonly plan: unknown }
  | { readonly kind: "delete" }
  | { readonly kind: "move"; readonly action: Action };

export type ChangeRequest = {
  readonly command: Command;
  /** The rollout as it stands; undefined where there is none. */
  readonly before: Rollout | undefined;
  /** The revision that its author saw; undefined where the caller did not say. */
  readonly expected: number | undefined;
  readonly surroundings: Surroundings;
};

export type ChangeReject =
  | { readonly reason: "unknown_flag" }
  | { readonly reason: "flag_exists"; readonly current: number }
  | { readonly reason: "stale_revision"; readonly current: number }
  | { readonly reason: "revision_missing"; readonly current: number }
  | { readonly reason: "still_live"; readonly state: Rollout["state"] }
  | { readonly reason: "required_by"; readonly flags: readonly string[] }
  | { readonly reason: "invalid_audience"; readonly detail: string }
  | RolloutError
  | AmendError
  | TransitionError
  | AdmissionError;

/** The rollout after the change; null where it was deleted. */
export function changeRollout(request: ChangeRequest): Result<Rollout | null, ChangeReject> {
  const { command, before, expected } = request;
  if (command.kind === "create") {
    if (before !== undefined) return err({ reason: "flag_exists", current: before.revision });
    if (expected !== undefined) return err({ reason: "stale_revision", current: 0 });
    return create(command.plan, request);
  }
  if (before === undefined) return err({ reason: "unknown_flag" });
  // The red button asks for nothing.
  if (command.kind === "move" && command.action.kind === "kill") {
    return transition(before, command.action, request.surroundings.nowMs);
  }
  const current = before.revision;
  if (expected === undefined) return err({ reason: "revision_missing", current });
  if (expected !== current) return err({ reason: "stale_revision", current });
  switch (command.kind) {
    case "amend":
      return amend(command.plan, { ...request, before });
    case "delete":
      return remove(before, request.surroundings);
    case "move":
      return move(command.action, { ...request, before });
  }
}

type Existing = ChangeRequest & { readonly before: Rollout };

function create(plan: unknown, { surroundings }: ChangeRequest): Result<Rollout, ChangeReject> {
  const drafted = draftRollout(plan, surroundings.nowMs);
  if (!drafted.ok) return drafted;
  return admitted(drafted.value, surroundings);
}

function amend(plan: unknown, { before, surroundings }: Existing): Result<Rollout, ChangeReject> {
  const drafted = draftRollout(plan, surroundings.nowMs);
  if (!drafted.ok) return drafted;
  const amended = amendRollout(before, drafted.value, surroundings.nowMs);
  return amended.ok ? admitted(amended.value, surroundings) : amended;
}

function remove(before: Rollout, { others }: Surroundings): Result<null, ChangeReject> {
  if (isLive(before) || before.state === "promoted") {
    return err({ reason: "still_live", state: before.state });
  }
  const needy = others.filter((each) => each.prerequisites.includes(before.flag));
  if (needy.length === 0) return ok(null);
  return err({ reason: "required_by", flags: needy.map((each) => each.flag) });
}

// What takes a change away from people must never be refused for the sake of order.
const alwaysAdmitted = new Set<Action["kind"]>(["hold", "rollback", "kill", "revive"]);

function move(action: Action, { before, surroundings }: Existing): Result<Rollout, ChangeReject> {
  const moved = transition(before, action, surroundings.nowMs);
  if (!moved.ok || alwaysAdmitted.has(action.kind)) return moved;
  if (moved.value.sharePpm < before.sharePpm) return moved;
  return admitted(moved.value, surroundings);
}

function admitted(next: Rollout, surroundings: Surroundings): Result<Rollout, ChangeReject> {
  try {
    if (next.audience !== undefined) compileLogic(next.audience, next.flag);
  } catch (error) {
    return err({ reason: "invalid_audience", detail: error instanceof Error ? error.message : "" });
  }
  return admit(next, surroundings);
}
