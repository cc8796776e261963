import { describe, expect, it } from "vitest";
import { explain } from "#flags/explain.ts";
import { compilePlan, evaluateAll } from "#flags/plan.ts";
import { fc } from "../property.ts";
import { after, draft, live } from "./rollouts.ts";

const rollouts = [
  draft("draft"),
  live("half", 500_000),
  live("most", 800_000, { unit: "snippet" }),
  live("few", 400_000, { audience: { "==": [{ var: "country" }, "DE"] } }),
  live("needy", 500_000, { prerequisites: ["half"] }),
  live("layered", 500_000, { layer: { name: "one", ranges: [[0, 300_000]] } }),
  live("broken", 500_000, { audience: { "<": [{ var: "country" }, 5] } }),
  after(live("top", 5, { audience: { var: "sdkKey" } }), { kind: "promote" }),
  live("unitless", 5, { unit: "visitor" }),
];

const context = fc.record({
  account: fc.string({ minLength: 1 }),
  snippet: fc.string({ minLength: 1 }),
  country: fc.constantFrom("DE", "FR"),
  sdkKey: fc.constantFrom("", "key"),
});

/** The reasons for which a request is in an arm. */
const decisive = new Set<string>(["place", "promoted"]);

describe("explain", () => {
  it("tells the arms that requests get, each with a reason that fits", () => {
    const plan = compilePlan(rollouts);
    const reasons = new Set<string>();
    fc.assert(
      fc.property(context, (given) => {
        const subject = { context: given, nowMs: 0 };
        const explained = explain(plan, rollouts, subject);
        const { arms, changes } = evaluateAll(plan, subject);
        expect(explained.map((each) => each.flag)).toEqual(rollouts.map((each) => each.flag));
        for (const { flag, arm, why } of explained) {
          const assigned = arms.find((each) => each.flag === flag)?.arm ?? "rest";
          expect(arm).toBe(changes.includes(flag) ? "canary" : assigned);
          expect(arm === "rest" || decisive.has(why.reason)).toBe(true);
          reasons.add(why.reason);
        }
      }),
      { numRuns: 300 },
    );
    expect([...reasons].toSorted()).toEqual([
      "audience_failed",
      "no_unit",
      "not_under_way",
      "outside_audience",
      "outside_layer",
      "place",
      "prerequisite_missing",
      "promoted",
    ]);
  });
});
