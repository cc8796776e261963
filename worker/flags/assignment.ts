// What one combination of arms means for a delivery.
import type { Arm } from "./arms.ts";
import {
  applyPatch,
  capUnderTrial,
  defaultParameters,
  type DeliveryParameters,
} from "./parameters.ts";
import { isLive, type Rollout } from "./rollout.ts";

/** One live flag's arm. */
export type ArmOfFlag = {
  readonly flag: string;
  readonly code: string;
  readonly arm: Exclude<Arm, "rest">;
  /** Stage and attempt, by which evidence is kept apart. */
  readonly stage: number;
  readonly attempt: number;
};

/** The arms of a request, and what follows from them. Shared between requests: do not change it. */
export type Assignment = {
  /** Equal keys of one snapshot mean equal arms. */
  readonly key: string;
  /** Live flags that the request is canary or control of, by code. In the others it is in `rest`. */
  readonly arms: readonly ArmOfFlag[];
  /** Live and promoted flags whose change the request has. */
  readonly changes: readonly string[];
  readonly parameters: DeliveryParameters;
  /** Flags whose audience threw. */
  readonly faults: readonly string[];
};

type Assigned = { readonly rollout: Rollout; readonly arm: Arm; readonly faulty: boolean };

/** Of two patches on one parameter the later one counts, and one under trial over a promoted one. */
export function makeAssignment(key: string, assigned: readonly Assigned[]): Assignment {
  const canaries = assigned.filter(({ arm }) => arm === "canary").map(({ rollout }) => rollout);
  const arms = assigned.flatMap(({ rollout, arm }) => armOfFlag(rollout, arm));
  const promotedFirst = canaries.toSorted(
    (left, right) => Number(isLive(left)) - Number(isLive(right)),
  );
  const patched = promotedFirst.reduce(
    (all, { patch }) => applyPatch(all, patch),
    defaultParameters,
  );
  return {
    key,
    arms: arms.sort((left, right) => (left.code < right.code ? -1 : 1)),
    changes: canaries.map(({ flag }) => flag),
    parameters: arms.length === 0 ? patched : capUnderTrial(patched),
    faults: assigned.filter(({ faulty }) => faulty).map(({ rollout }) => rollout.flag),
  };
}

function armOfFlag(rollout: Rollout, arm: Arm): readonly ArmOfFlag[] {
  const { flag, code, stage = 0, attempt } = rollout;
  return arm === "rest" || !isLive(rollout) ? [] : [{ flag, code, arm, stage, attempt }];
}
