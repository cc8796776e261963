import { describe, expect, it } from "vitest";
import { parseFlagSet } from "#flags/definition.ts";
import {
  acceptSnapshot,
  exportFlagSet,
  parseSnapshot,
  safeSnapshot,
  type Snapshot,
} from "#flags/snapshot.ts";
import { fc } from "../property.ts";
import { after, draft, live } from "./rollouts.ts";

const snapshot: Snapshot = {
  ...safeSnapshot,
  epoch: 7,
  createdAtMs: 1_000,
  flags: { flags: { plain: { state: "ENABLED", variants: { on: true }, defaultVariant: "on" } } },
  rollouts: [live("one", 5, { audience: { var: "colo" } }), draft("two"), live("six", 9)],
  killed: ["six"],
  pointers: [{ anything: 1 }],
};

describe("parseSnapshot", () => {
  it("reads what was written", () => {
    expect(parseSnapshot(JSON.stringify(snapshot))).toEqual({ ok: true, value: snapshot });
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
    [{ killed: "some" }, "killed"],
    [{ rollouts: [live("one", 5), live("one", 6)] }, "rollouts"],
    [{ rollouts: [live("one", 5), live("two", 5, { code: "one" })] }, "rollouts"],
    [{ rollouts: [{ ...live("one", 5), sharePpm: 1_000_001 }] }, "rollouts.0.sharePpm"],
    [
      { rollouts: [{ ...live("one", 5), patch: { unheard_of: 1 } }] },
      "rollouts.0.patch.unheard_of",
    ],
    [{ surprise: true }, "surprise"],
  ])("refuses %j and names the field", (fault, path) => {
    const parsed = parseSnapshot(JSON.stringify({ ...snapshot, ...fault }));
    const paths = parsed.ok ? [] : parsed.error.issues.map((issue) => issue.path);
    expect(paths).toContain(path);
  });
});

describe("acceptSnapshot", () => {
  it("holds the greatest epoch, in whatever order snapshots come, and the first of two alike", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20), { minLength: 1 }), (epochs) => {
        const arrived = epochs.map((epoch, at) => ({ epoch, at }));
        const held = arrived.reduce((current, next) => acceptSnapshot(current, next));
        expect(held.epoch).toBe(Math.max(...epochs));
        expect(held.at).toBe(epochs.indexOf(held.epoch));
      }),
    );
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

  it("disables every rollout when everything is to be stable, and leaves definitions alone", () => {
    const promoted = after(live("top", 5), { kind: "promote" });
    const all = { ...snapshot, rollouts: [...snapshot.rollouts, promoted], killed: "all" as const };
    const { flags } = exportFlagSet(all);
    expect([flags["one"]?.state, flags["top"]?.state]).toEqual(["DISABLED", "DISABLED"]);
    expect(flags["plain"]?.state).toBe("ENABLED");
  });
});
