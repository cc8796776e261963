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
import { markOf } from "./token.ts";

/** One live flag's arm. */
export type ArmOfFlag = {
  readonly flag: string;
  readonly code: string;
  readonly arm: Exclude<Arm, "rest">;
  /** What is assigned as a whole. */
  readonly unit: Rollout["unit"];
  /** Stage and attempt, by which evidence is kept apart. */
  readonly stage: number;
  readonly attempt: number;
  /** Share that was set when the arm was given. */
  readonly sharePpm: number;
  /** Whether the flag is about bytes: then both arms get copies of their own, equally cold. */
  readonly body: boolean;
  /** How a token says it. */
  readonly mark: string;
};

/** What arms lead to. Few, however many assignments there are, and each of them one object. */
export type Outcome = {
  readonly parameters: DeliveryParameters;
  /** Names the copy of the bytes to deliver; empty for the one that everybody shares. */
  readonly copy: string;
};

/** The arms of a request, and what follows from them. Shared between requests: do not change it. */
export type Assignment = {
  /** Equal keys of one snapshot mean equal arms. */
  readonly key: string;
  /** Live flags that the request is canary or control of, by code. In the others it is in `rest`. */
  readonly arms: readonly ArmOfFlag[];
  /** The arms as a token says them. */
  readonly marks: string;
  /** Live and promoted flags whose change the request has. */
  readonly changes: readonly string[];
  readonly outcome: Outcome;
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
  readonly outcomes: Map<string, Outcome>;
};

const mostOutcomes = 4_096;

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
    outcomes: new Map(),
  };
}

function precedence({ canary }: Consequence): number {
  return canary === undefined ? 0 : 1;
}

function armOfFlag(rollout: Rollout, arm: ArmOfFlag["arm"]): ArmOfFlag | undefined {
  if (!isLive(rollout)) return undefined;
  const { flag, code, unit, stage = 0, attempt, sharePpm, patch } = rollout;
  const body = changesBody(patch);
  return { flag, code, arm, unit, stage, attempt, sharePpm, body, mark: markOf({ code, arm }) };
}

/** @param numbers the arm of every flag, as `armNumber` has it, by its index. */
export function makeAssignment(
  key: string,
  consequences: Consequences,
  numbers: Uint8Array,
): Assignment {
  const arms: ArmOfFlag[] = [];
  let marks = "";
  let copy = "";
  for (const { index, canary, control } of consequences.byCode) {
    const number = numbers[index];
    const arm = number === armNumber.canary ? canary : control;
    if (arm === undefined || (number !== armNumber.canary && number !== armNumber.control))
      continue;
    arms.push(arm);
    marks += marks === "" ? arm.mark : `-${arm.mark}`;
    if (arm.body) copy += copyOf(arm);
  }
  const changed: Consequence[] = [];
  const faults: string[] = [];
  // Names the changes and, since those on trial are capped, whether anything is.
  let changes = arms.length > 0 ? "trial" : "";
  for (const consequence of consequences.byPrecedence) {
    const number = numbers[consequence.index];
    if (number === armNumber.canary) {
      changed.push(consequence);
      changes += `,${consequence.index}`;
    } else if (number === armNumber.faulty) faults.push(consequence.flag);
  }
  const { outcomes } = consequences;
  const name = copy === "" ? changes : `${changes} ${copy}`;
  let outcome = outcomes.get(name);
  if (outcome === undefined) {
    if (outcomes.size >= mostOutcomes) outcomes.clear();
    outcome = { parameters: parametersOf(changed, arms.length > 0), copy };
    outcomes.set(name, outcome);
  }
  return { key, arms, marks, changes: changed.map(flagOf), outcome, faults };
}

function flagOf({ flag }: Consequence): string {
  return flag;
}

const untouchedUnderTrial = capUnderTrial(defaultParameters);

function parametersOf(changed: readonly Consequence[], isTrial: boolean): DeliveryParameters {
  if (changed.length === 0) return isTrial ? untouchedUnderTrial : defaultParameters;
  const patches = changed.map(({ patch }) => patch);
  const patched: DeliveryParameters = Object.assign({}, defaultParameters, ...patches);
  return isTrial ? capUnderTrial(patched) : patched;
}

// An attempt has copies of its own: what an earlier one warmed up would be warmer
// than the control that starts anew.
function copyOf({ code, attempt, arm }: ArmOfFlag): string {
  return `${code}.${attempt}.${arm};`;
}
