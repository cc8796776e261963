import { describe, expect, it } from "vitest";
import { parseFlagSet } from "#flags/definition.ts";
import { exportFlagSet, parseSnapshot, safeSnapshot, type Snapshot } from "#flags/snapshot.ts";
import { fc } from "../property.ts";
import { after, draft, live } from "./rollouts.ts";

const snapshot: Snapshot = {
  ...safeSnapshot,
  edition: 9,
  epoch: 7,
  createdAtMs: 1_000,
  flags: { flags: { plain: { state: "ENABLED", variants: { on: true }, defaultVariant: "on" } } },
  rollouts: [
    live("one", 5, { audience: { var: "colo" } }),
    draft("two"),
    after(live("six", 9), { kind: "kill" }),
  ],
  engines: { "6.6.1": "ab".repeat(32) },
  signingKeys: ["cd".repeat(32)],
  pointers: [{ anything: 1 }],
};

describe("parseSnapshot", () => {
  it("reads what was written", () => {
    expect(parseSnapshot(JSON.stringify(snapshot))).toEqual({
      ok: true,
      value: { snapshot, faults: [] },
    });
    expect(parseSnapshot(JSON.stringify(safeSnapshot)).ok).toBe(true);
  });

  it("refuses a text torn anywhere", () => {
    const text = JSON.stringify(snapshot);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: text.length - 1 }), (at) => {
        expect(parseSnapshot(text.slice(0, at)).ok).toBe(false);
      }),
    );
  });

  it.each([
    [{ version: 2 }, "version"],
    [{ epoch: -1 }, "epoch"],
    [{ flags: [] }, "flags"],
    [{ flags: { flags: null } }, "flags"],
    [{ rollouts: "none" }, "rollouts"],
    [{ signingKeys: ["short"] }, "signingKeys.0"],
    [{ engines: { "6.6.1": 1 } }, "engines.6.6.1"],
  ])("refuses %j and names the field", (fault, path) => {
    const parsed = parseSnapshot(JSON.stringify({ ...snapshot, ...fault }));
    const paths = parsed.ok ? [] : parsed.error.issues.map((issue) => issue.path);
    expect(paths).toContain(path);
  });

  it.each([
    [{ ...live("one", 5), sharePpm: 1_000_001 }, "rollouts.1.sharePpm"],
    [{ ...live("one", 5), patch: { unheard_of: 1 } }, "rollouts.1.patch.unheard_of"],
  ])("leaves out a rollout that it cannot read, and takes the others", (unreadable, path) => {
    const written = { ...snapshot, rollouts: [live("good", 5), unreadable], novelty: true };
    const parsed = parseSnapshot(JSON.stringify(written));
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
    expect(parsed.value.snapshot.rollouts.map(({ flag }) => flag)).toEqual(["good"]);
    expect(parsed.value.faults.map((fault) => fault.path)).toEqual([path]);
  });
});

describe("exportFlagSet", () => {
  it("is a flagd file that our own import takes, with killed and idle flags disabled", () => {
    const exported = exportFlagSet(snapshot);
    const parsed = parseFlagSet(JSON.parse(JSON.stringify(exported)));
    expect(parsed.ok).toBe(true);
    const states = Object.entries(exported.flags).map(([flag, { state }]) => `${flag} ${state}`);
    expect(states.toSorted()).toEqual([
      "one ENABLED",
      "plain ENABLED",
      "six DISABLED",
      "two DISABLED",
    ]);
  });
});
