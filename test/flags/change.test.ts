import { describe, expect, it } from "vitest";
import { changeRollout, type ChangeRequest, type Command } from "#flags/change.ts";
import { states, type Rollout } from "#flags/rollout.ts";
import { allowedActions, type Action } from "#flags/transition.ts";
import { fc } from "../property.ts";
import { after, draft, live, planOf } from "./rollouts.ts";

const nowMs = 1_000_000;

function change(
  before: Rollout | undefined,
  command: Command,
  rest: Partial<ChangeRequest> & { readonly others?: readonly Rollout[] } = {},
) {
  const { others = [], ...given } = rest;
  const all = before === undefined ? others : [...others, before];
  const surroundings = { others: all, maxLive: 3, freezes: [], nowMs };
  return changeRollout({ command, before, expected: before?.revision, surroundings, ...given });
}

function reasonOf(outcome: ReturnType<typeof changeRollout>): string {
  return outcome.ok ? "done" : outcome.error.reason;
}

const ramp = { kind: "move", action: { kind: "ramp", sharePpm: 5_000 } } as const;

describe("changeRollout", () => {
  it("makes a draft of a plan, once", () => {
    const plan = planOf("new");
    const made = change(undefined, { kind: "create", plan });
    expect(made.ok && made.value).toMatchObject({ flag: "new", state: "draft", revision: 1 });
    expect(reasonOf(change(draft("new"), { kind: "create", plan }))).toBe("flag_exists");
  });

  it("names what is wrong with a plan", () => {
    const made = change(undefined, { kind: "create", plan: planOf("x", { holdoutPpm: -1 }) });
    expect(made.ok ? [] : made.error).toMatchObject({ issues: [{ path: "holdoutPpm" }] });
    const audience = { nonsense: [1] };
    const odd = change(undefined, { kind: "create", plan: planOf("x", { audience }) });
    expect(reasonOf(odd)).toBe("invalid_audience");
  });

  it("refuses every change but the kill without the current revision, and says what it is", () => {
    const others: Command[] = [
      ramp,
      { kind: "delete" },
      { kind: "amend", plan: planOf("flag") },
      { kind: "move", action: { kind: "hold" } },
    ];
    const rollout = live("flag", 10);
    for (const command of others) {
      const blind = change(rollout, command, { expected: undefined });
      expect(blind.ok || blind.error).toEqual({ reason: "revision_missing", current: 2 });
      const late = change(rollout, command, { expected: 1 });
      expect(late.ok || late.error).toEqual({ reason: "stale_revision", current: 2 });
    }
    const kill: Command = { kind: "move", action: { kind: "kill" } };
    expect(change(rollout, kill, { expected: undefined })).toMatchObject({
      ok: true,
      value: { state: "killed", sharePpm: 0, revision: 3 },
    });
  });

  it("lets nothing go live that clashes with what is, and everything end", () => {
    const other = live("other", 10);
    expect(reasonOf(change(draft("flag"), ramp, { others: [other] }))).toBe("parameter_conflict");
    const clashing = live("flag", 10);
    for (const kind of ["hold", "rollback", "kill"] as const) {
      const command: Command = { kind: "move", action: { kind } };
      expect(reasonOf(change(clashing, command, { others: [other] }))).toBe("done");
    }
  });

  it("lowers a share whatever is amiss around it", () => {
    const flag = live("flag", 5_000, { prerequisites: ["gone"] });
    const lower: Command = { kind: "move", action: { kind: "ramp", sharePpm: 10 } };
    const others = [live("other", 10)];
    const surroundings = { others: [...others, flag], maxLive: 0, freezes: [], nowMs };
    expect(change(flag, lower, { surroundings })).toMatchObject({ value: { sharePpm: 10 } });
    const higher: Command = { kind: "move", action: { kind: "ramp", sharePpm: 6_000 } };
    expect(reasonOf(change(flag, higher, { surroundings }))).toBe("missing_prerequisite");
  });

  it("deletes what touches nobody, and nothing that others wait for", () => {
    const needy = draft("needy", { prerequisites: ["flag"] });
    const remove: Command = { kind: "delete" };
    expect(change(draft("flag"), remove)).toEqual({ ok: true, value: null });
    expect(reasonOf(change(draft("flag"), remove, { others: [needy] }))).toBe("required_by");
    expect(reasonOf(change(live("flag", 5), remove))).toBe("still_live");
    const promoted = after(live("flag", 5), { kind: "promote" });
    expect(reasonOf(change(promoted, remove))).toBe("still_live");
    expect(reasonOf(change(after(promoted, { kind: "rollback" }), remove))).toBe("done");
  });

  it("never changes seed, unit or audience of what has assigned units", () => {
    const rollout = after(live("flag", 5), { kind: "hold" });
    for (const field of ["seed", "unit", "audience"] as const) {
      const changed = { seed: "another-seed", unit: "colo", audience: { var: "colo" } }[field];
      const plan = { ...planOf("flag"), [field]: changed };
      const amended = change(rollout, { kind: "amend", plan });
      expect(amended.ok || amended.error).toEqual({ reason: "fixed_field", field });
    }
  });

  it("is allowed exactly what the state machine allows, whatever the path to a state", () => {
    const kinds = ["advance", "hold", "resume", "rollback", "promote", "kill", "revive"] as const;
    const seen = new Set<string>();
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...kinds), { maxLength: 12 }), (path) => {
        let rollout = draft("flag");
        for (const kind of path) {
          const action: Action = { kind };
          const outcome = change(rollout, { kind: "move", action });
          const isAllowed = allowedActions(rollout.state).includes(kind);
          const expected = isAllowed ? ["done", "last_stage"] : ["wrong_state"];
          expect(expected).toContain(reasonOf(outcome));
          if (outcome.ok && outcome.value !== null) rollout = outcome.value;
          seen.add(rollout.state);
        }
      }),
    );
    expect([...seen].toSorted()).toEqual([...states].toSorted());
  });
});
