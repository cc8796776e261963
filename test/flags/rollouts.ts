// Rollouts to test with.
import { draftRollout, type Rollout, type RolloutPlan } from "#flags/rollout.ts";
import { transition, type Action } from "#flags/transition.ts";

const stages: RolloutPlan["stages"] = [
  { sharePpm: 1_000, minTimeMs: 600_000, minViews: 500, mode: "judged" },
  { sharePpm: 50_000, minTimeMs: 3_600_000, minViews: 5_000, mode: "judged" },
  { sharePpm: 500_000, minTimeMs: 0, minViews: 0, mode: "manual" },
];

export function planOf(flag: string, chosen: Partial<RolloutPlan> = {}): RolloutPlan {
  return {
    flag,
    code: flag.slice(-4),
    unit: "account",
    seed: `seed-of-${flag}`,
    patch: { browserMaxAgeS: 30 },
    stages,
    prerequisites: [],
    holdoutPpm: 10_000,
    freezes: [],
    ...chosen,
  };
}

export function draft(flag: string, chosen: Partial<RolloutPlan> = {}): Rollout {
  const made = draftRollout(planOf(flag, chosen), 0);
  if (!made.ok) throw new Error(JSON.stringify(made.error));
  return made.value;
}

/** A draft after some actions, each of which must succeed. */
export function after(rollout: Rollout, ...actions: readonly Action[]): Rollout {
  return actions.reduce((state, action, at) => {
    const moved = transition(state, action, 1_000 * (at + 1));
    if (!moved.ok) throw new Error(JSON.stringify(moved.error));
    return moved.value;
  }, rollout);
}

export function live(flag: string, sharePpm: number, chosen: Partial<RolloutPlan> = {}): Rollout {
  return after(draft(flag, chosen), { kind: "ramp", sharePpm });
}
