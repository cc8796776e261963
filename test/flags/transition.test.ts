import { describe, expect, it } from "vitest";
import { amendRollout } from "#flags/amend.ts";
import { draftRollout, isStale, states, type Rollout, type RolloutState } from "#flags/rollout.ts";
import { allowedActions, frozenUntil, transition, type Action } from "#flags/transition.ts";
import { fc } from "../property.ts";
import { after, draft, planOf } from "./rollouts.ts";

const ramp = (sharePpm: number): Action => ({ kind: "ramp", sharePpm });
const kinds = [
  "ramp",
  "advance",
  "hold",
  "resume",
  "rollback",
  "promote",
  "kill",
  "revive",
] as const;

function act(kind: Action["kind"]): Action {
  return kind === "ramp" ? ramp(20_000) : { kind };
}

/** One rollout in each state, at 1,000 ppm where it is live. */
const inState: { readonly [S in RolloutState]: ReturnType<typeof draft> } = {
  draft: draft("flag"),
  ramping: after(draft("flag"), ramp(1_000)),
  held: after(draft("flag"), ramp(1_000), act("hold")),
  promoted: after(draft("flag"), ramp(1_000), act("promote")),
  rolled_back: after(draft("flag"), ramp(1_000), act("rollback")),
  killed: after(draft("flag"), ramp(1_000), act("kill")),
};

describe("transition", () => {
  it.each<[RolloutState, Action["kind"], Partial<Rollout>]>([
    ["draft", "ramp", { state: "ramping", sharePpm: 20_000 }],
    ["draft", "advance", { state: "ramping", sharePpm: 1_000 }],
    ["draft", "kill", { state: "killed", sharePpm: 0 }],
    ["ramping", "ramp", { state: "ramping", sharePpm: 20_000 }],
    ["ramping", "advance", { state: "ramping", sharePpm: 50_000 }],
    ["ramping", "hold", { state: "held", sharePpm: 1_000 }],
    ["ramping", "rollback", { state: "rolled_back", sharePpm: 0 }],
    ["ramping", "promote", { state: "promoted", sharePpm: 1_000_000 }],
    ["ramping", "kill", { state: "killed", sharePpm: 0 }],
    ["held", "resume", { state: "ramping", sharePpm: 1_000 }],
    ["held", "rollback", { state: "rolled_back", sharePpm: 0 }],
    ["held", "promote", { state: "promoted", sharePpm: 1_000_000 }],
    ["held", "kill", { state: "killed", sharePpm: 0 }],
    ["promoted", "rollback", { state: "rolled_back", sharePpm: 0 }],
    ["promoted", "kill", { state: "killed", sharePpm: 0 }],
    ["rolled_back", "revive", { state: "draft", sharePpm: 0 }],
    ["rolled_back", "kill", { state: "killed", sharePpm: 0 }],
    ["killed", "revive", { state: "draft", sharePpm: 0 }],
    ["killed", "kill", { state: "killed", sharePpm: 0 }],
  ])("takes a %s rollout by %s to %o", (from, kind, to) => {
    expect(transition(inState[from], act(kind), 9_000)).toMatchObject({ ok: true, value: to });
  });

  it("refuses every other action and says what is allowed", () => {
    const refused: string[] = [];
    for (const state of states) {
      for (const kind of kinds.filter((each) => !allowedActions(state).includes(each))) {
        const moved = transition(inState[state], act(kind), 9_000);
        expect(moved).toMatchObject({ ok: false, error: { reason: "wrong_state", state } });
        refused.push(`${state} ${kind}`);
      }
    }
    expect(refused).toHaveLength(states.length * kinds.length - 19);
  });

  it("never changes seed, unit, audience or patch, and grows the revision with every change", () => {
    const actions = fc.array(fc.constantFrom(...kinds).map(act), { maxLength: 30 });
    fc.assert(
      fc.property(actions, (list) => {
        let rollout = draft("flag", { audience: { var: "colo" } });
        const { seed, unit, audience, patch } = rollout;
        for (const [at, action] of list.entries()) {
          const moved = transition(rollout, action, at);
          if (!moved.ok) continue;
          const expected = moved.value === rollout ? rollout.revision : rollout.revision + 1;
          expect(moved.value).toMatchObject({ seed, unit, audience, patch, revision: expected });
          rollout = moved.value;
        }
      }),
    );
  });

  it("kills in every state, frozen or not, and twice changes nothing", () => {
    const freezes = [{ fromMs: 0, toMs: 1_000_000 }];
    for (const state of states) {
      const killed = transition({ ...inState[state], freezes }, act("kill"), 5);
      expect(killed).toMatchObject({ ok: true, value: { state: "killed", sharePpm: 0 } });
    }
    expect(transition(inState.killed, act("kill"), 9_999)).toEqual({
      ok: true,
      value: inState.killed,
    });
  });

  it.each([0, -1, 1.5, 1_000_001, Number.NaN])("refuses to ramp to %d ppm", (sharePpm) => {
    expect(transition(inState.draft, ramp(sharePpm), 0)).toMatchObject({
      error: { reason: "invalid_share" },
    });
  });

  it("finds the stage of a share, and advances from it", () => {
    expect(after(draft("flag"), ramp(1)).stage).toBe(0);
    expect(after(draft("flag"), ramp(50_000)).stage).toBe(1);
    expect(after(draft("flag"), ramp(60_000), act("advance"))).toMatchObject({
      stage: 2,
      sharePpm: 500_000,
    });
    expect(transition(after(draft("flag"), ramp(500_000)), act("advance"), 0)).toMatchObject({
      error: { reason: "last_stage", stage: 2 },
    });
  });

  it("lets nothing grow in a freeze, but everything shrink", () => {
    const freezes = [
      { fromMs: 10_000, toMs: 20_000 },
      { fromMs: 15_000, toMs: 30_000 },
    ];
    const frozen = { ...inState.ramping, freezes };
    for (const action of [ramp(2_000), act("advance"), act("promote")]) {
      expect(transition(frozen, action, 16_000)).toMatchObject({
        error: { reason: "frozen", untilMs: 30_000 },
      });
      expect(transition(frozen, action, 30_000).ok).toBe(true);
    }
    for (const action of [ramp(500), act("hold"), act("rollback")]) {
      expect(transition(frozen, action, 16_000).ok).toBe(true);
    }
    expect(frozenUntil(freezes, 9_999)).toBeUndefined();
  });

  it("counts attempts, so that a revived rollout gathers evidence of its own", () => {
    const again = after(inState.killed, act("revive"), ramp(1_000));
    expect([inState.ramping.attempt, again.attempt]).toEqual([1, 2]);
    expect(again.seed).toBe(inState.ramping.seed);
  });

  it("keeps the time that its share was set at through a hold", () => {
    const held = after(inState.ramping, act("hold"), act("resume"));
    expect(held.shareSetAtMs).toBe(inState.ramping.shareSetAtMs);
  });
});

describe("draftRollout", () => {
  it.each([
    [{ seed: "short" }, "seed"],
    [{ unit: "person" }, "unit"],
    [{ holdoutPpm: 9_999 }, "holdoutPpm"],
    [{ code: "TOOLONG" }, "code"],
    [{ stages: [] }, "stages"],
    [{ stages: [planOf("f").stages[1], planOf("f").stages[0]] }, "stages"],
    [{ layer: { name: "l", ranges: [[5, 5]] } }, "layer.ranges.0"],
    [
      {
        layer: {
          name: "l",
          ranges: [
            [0, 10],
            [5, 20],
          ],
        },
      },
      "layer.ranges",
    ],
    [{ freezes: [{ fromMs: 2, toMs: 1 }] }, "freezes.0"],
    [{ patch: { browserMaxAgeS: -1 } }, "patch.browserMaxAgeS"],
    [{ state: "promoted" }, "state"],
  ])("refuses %j and names the field", (fault, path) => {
    const made = draftRollout({ ...planOf("flag"), ...fault }, 0);
    expect(made.ok ? [] : made.error.issues.map((issue) => issue.path)).toEqual([path]);
  });
});

describe("amendRollout", () => {
  it("lets an author change anything but the names until it has started", () => {
    const changed = planOf("flag", { seed: "another-seed", unit: "colo" });
    expect(amendRollout(inState.draft, changed, 5)).toMatchObject({
      value: { seed: "another-seed", unit: "colo", revision: 2, changedAtMs: 5 },
    });
    expect(amendRollout(inState.draft, planOf("other"), 5)).toMatchObject({
      error: { reason: "fixed_field", field: "flag" },
    });
  });

  it.each([
    [{ seed: "another-seed" }, "seed"],
    [{ unit: "colo" as const }, "unit"],
    [{ audience: { var: "colo" } }, "audience"],
    [{ patch: { delayMs: 1 } }, "patch"],
    [{ holdoutPpm: 20_000 }, "holdoutPpm"],
  ])("refuses %j once it has started, and after it was revived", (change, field) => {
    const revived = after(inState.killed, act("revive"));
    for (const rollout of [inState.ramping, inState.held, inState.promoted, revived]) {
      expect(amendRollout(rollout, planOf("flag", change), 5)).toMatchObject({
        error: { reason: "fixed_field", field },
      });
    }
  });

  it("lets stages, guardrails and freezes change, and keeps the progress", () => {
    const plan = planOf("flag", { stages: planOf("flag").stages.slice(1), guardrails: [1] });
    const { state, sharePpm, attempt } = inState.ramping;
    expect(amendRollout(inState.ramping, plan, 5)).toMatchObject({
      value: { state, sharePpm, attempt, stage: 0, guardrails: [1] },
    });
  });
});

describe("isStale", () => {
  it("says so of what is promoted, or untouched for thirty days", () => {
    const month = 30 * 24 * 3_600_000;
    expect(isStale(inState.promoted, 0)).toBe(true);
    expect(isStale(inState.ramping, 1_000 + month - 1)).toBe(false);
    expect(isStale(inState.ramping, 1_000 + month)).toBe(true);
  });
});
