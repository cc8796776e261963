// The promise itself, small: a few dozen of the ramps that `npm run bench:judge` runs by
// the thousand, with seeds that never change.
import { describe, expect, it } from "vitest";
import { expectedHarms, firstLook } from "./harms.ts";
import { zTestCries } from "./peeked-z-test.ts";
import { eightGuardrails, fullPolicy, noHarm, simulateRamp, type Ramp } from "./simulated-ramp.ts";

const ramp: Ramp = {
  seed: 1,
  harm: noHarm,
  policy: fullPolicy(),
  views: [200, 400, 1_000, 1_500],
  looksPerStage: 20,
  returning: 0.5,
};

describe("ramps", () => {
  it("harmless ones are not taken back, and by a peeked z-test they are", () => {
    const runs = 40;
    let [rolledBack, cried] = [0, 0];
    for (let seed = 1; seed <= runs; seed += 1) {
      const looks = [...simulateRamp({ ...ramp, seed })];
      if (looks.some(({ verdict }) => verdict.action === "rollback")) rolledBack += 1;
      if (looks.some(({ input }) => zTestCries(input))) cried += 1;
    }
    expect(rolledBack).toBe(0);
    expect(cried).toBeGreaterThan(runs / 4);
  });

  it.each(expectedHarms)("$name is found in time", ({ harm, expectedP90 }) => {
    const found = Array.from({ length: 12 }, (_, at) => {
      const views = [500, 1_500, 5_000];
      const harmful = {
        ...ramp,
        seed: 500 + at,
        harm,
        policy: eightGuardrails,
        views,
        returning: 0,
      };
      let looks = 0;
      for (const { verdict, canaryViews } of simulateRamp(harmful)) {
        looks += 1;
        if (verdict.action === "rollback") return expectedP90 === firstLook ? looks : canaryViews;
      }
      return Infinity;
    }).toSorted((left, right) => left - right);
    expect(found[6]).toBeLessThanOrEqual(expectedP90 === firstLook ? 1 : expectedP90);
  });

  it("a canary whose pages lose their beacons is called silent", () => {
    const lost = { ...ramp, harm: { ...noHarm, lost: 1 }, policy: eightGuardrails };
    for (const { verdict } of simulateRamp(lost)) {
      if (verdict.action !== "rollback") continue;
      expect(verdict.reasons[0]).toMatchObject({ reason: "silent" });
      return;
    }
    expect.unreachable("nobody noticed");
  });
});
