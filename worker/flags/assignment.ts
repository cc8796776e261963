// What one combination of arms means for a delivery. Made for every new
// combination, which with units as fine as a request is nearly every time.
import type { Arm } from "./arms.ts";
import {
  capUnderTrial,
  changesBody,
  defaultParameters,
  type DeliveryParameters,
  type DeliveryPatch,
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
  /** Share that was set when the arm was given. */
  readonly sharePpm: number;
  /** Whether the flag is about bytes: then both arms get copies of their own, equally cold. */
  readonly body: boolean;
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
  /** Names the copy of the bytes to deliver; empty for the one that everybody shares. */
  readonly copy: string;
  /** Flags whose audience threw. */
  readonly faults: readonly string[];
};

/** An arm as a number, to be kept in a few bits. */
export const armNumber = { rest: 0, control: 1, canary: 2, faulty: 3 } as const;

/** What a flag adds to an assignment, made beforehand. */
type Consequence = {
  readonly flag: string;
  /** Place among the arms of the plan. */
  readonly index: number;
  /** Undefined for a promoted flag, which has no arms any more. */
  readonly canary: ArmOfFlag | undefined;
  readonly control: ArmOfFlag | undefined;
  readonly patch: DeliveryPatch;
};

/** The consequences of a plan's flags, in the orders in which assignments need them. */
export type Consequences = {
  readonly byCode: readonly Consequence[];
  /** Of two patches on one parameter the later counts, and one under trial over a promoted one. */
  readonly byPrecedence: readonly Consequence[];
};

/** @param rollouts as the plan orders them. */
export function consequencesOf(rollouts: readonly Rollout[]): Consequences {
  const all = rollouts.map((rollout, index): Consequence => {
    const { flag, patch } = rollout;
    const canary = armOfFlag(rollout, "canary");
    return { flag, index, patch, canary, control: armOfFlag(rollout, "control") };
  });
  const code = ({ index }: Consequence): string => rollouts[index]?.code ?? "";
  return {
    byCode: all.toSorted((left, right) => (code(left) < code(right) ? -1 : 1)),
    byPrecedence: all.toSorted((left, right) => precedence(left) - precedence(right)),
  };
}

function precedence({ canary }: Consequence): number {
  return canary === undefined ? 0 : 1;
}

function armOfFlag(rollout: Rollout, arm: ArmOfFlag["arm"]): ArmOfFlag | undefined {
  if (!isLive(rollout)) return undefined;
  const { flag, code, stage = 0, attempt, sharePpm, patch } = rollout;
  return { flag, code, arm, stage, attempt, sharePpm, body: changesBody(patch) };
}

const untouched = defaultParameters;
const untouchedUnderTrial = capUnderTrial(defaultParameters);

/** @param numbers the arm of every flag, as `armNumber` has it, by its index. */
export function makeAssignment(
  key: string,
  consequences: Consequences,
  numbers: Uint8Array,
): Assignment {
  const arms: ArmOfFlag[] = [];
  for (const { index, canary, control } of consequences.byCode) {
    const number = numbers[index];
    if (number === armNumber.canary && canary !== undefined) arms.push(canary);
    else if (number === armNumber.control && control !== undefined) arms.push(control);
  }
  const changes: string[] = [];
  const faults: string[] = [];
  let patched: DeliveryParameters | undefined;
  for (const { flag, index, patch } of consequences.byPrecedence) {
    const number = numbers[index];
    if (number === armNumber.canary) {
      changes.push(flag);
      patched = patched === undefined ? { ...untouched, ...patch } : Object.assign(patched, patch);
    } else if (number === armNumber.faulty) faults.push(flag);
  }
  const trial = arms.length > 0;
  const unpatched = trial ? untouchedUnderTrial : untouched;
  const parameters = patched === undefined ? unpatched : trial ? capUnderTrial(patched) : patched;
  return { key, arms, changes, parameters, copy: copyOf(arms), faults };
}

// An attempt has copies of its own: what an earlier one warmed up would be warmer
// than the control that starts anew.
function copyOf(arms: readonly ArmOfFlag[]): string {
  let copy = "";
  for (const { body, code, attempt, arm } of arms) {
    if (body) copy += `${copy === "" ? "" : "-"}${code}.${attempt}.${arm}`;
  }
  return copy;
}
