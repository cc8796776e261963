import { describe, expect, it } from "vitest";
import { assignmentsOf, type CountedArm } from "#src/canary/assignments.ts";

function counted(arm: CountedArm["arm"], sharePpm: number, visits: number): CountedArm {
  return { kind: "snippet", arm, attempt: 2, sharePpm, visits };
}

const none = { control: 0, canary: 0 };

describe("assignments by stratum", () => {
  it("are those of the attempt, the share and the kind: polls of SDKs are no page views", () => {
    const counts = [
      counted("canary", 1_000, 10),
      { ...counted("canary", 1_000, 5), kind: "datafile" as const },
      counted("control", 1_000, 12),
      counted("canary", 5_000, 50),
      { ...counted("canary", 1_000, 1_000), attempt: 1 },
    ];
    const assigned = assignmentsOf({
      counts,
      kind: "snippet",
      attempt: 2,
      shares: [1_000, 5_000, 9_000],
      units: [none, none, none],
    });
    expect(assigned).toEqual([{ control: 12, canary: 10 }, { control: 0, canary: 50 }, none]);
  });

  it("a share that was set twice is split as its units are, and its ratio stays", () => {
    const counts = [counted("canary", 1_000, 90), counted("control", 1_000, 120)];
    const assigned = assignmentsOf({
      counts,
      kind: "snippet",
      attempt: 2,
      shares: [1_000, 5_000, 1_000],
      units: [{ control: 10, canary: 10 }, none, { control: 5, canary: 5 }],
    });
    expect(assigned[0]).toEqual({ control: 80, canary: 60 });
    expect(assigned[2]).toEqual({ control: 40, canary: 30 });
  });

  it("belong to the newest of twins before any unit has come", () => {
    const counts = [counted("canary", 1_000, 90)];
    const shares = [1_000, 1_000];
    expect(assignmentsOf({ counts, kind: "snippet", attempt: 2, shares, units: [] })).toEqual([
      none,
      { control: 0, canary: 90 },
    ]);
  });
});
