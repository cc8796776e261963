import { describe, expect, it } from "vitest";
import { lnEMarked } from "#src/stats/hypergeometric.ts";
import { fc } from "../property.ts";

function choose(n: number, k: number): number {
  let ways = 1;
  for (let at = 1; at <= k; at += 1) ways = (ways * (n - k + at)) / at;
  return ways;
}

const arms = fc.record({
  canary: fc.integer({ min: 1, max: 20 }),
  control: fc.integer({ min: 1, max: 20 }),
});

describe("marked clusters", () => {
  it("the mean of E is 1 where marks have nothing to do with arms", () => {
    fc.assert(
      fc.property(arms, fc.nat(40), ({ canary, control }, wanted) => {
        const marked = wanted % (canary + control + 1);
        let mean = 0;
        for (let inCanary = 0; inCanary <= Math.min(canary, marked); inCanary += 1) {
          const inControl = marked - inCanary;
          if (inControl > control) continue;
          const chance =
            (choose(canary, inCanary) * choose(control, inControl)) /
            choose(canary + control, marked);
          const lnE = lnEMarked({
            canary,
            control,
            markedCanary: inCanary,
            markedControl: inControl,
          });
          mean += chance * Math.exp(lnE);
        }
        expect(mean).toBeCloseTo(1, 9);
      }),
      { numRuns: 200 },
    );
  });

  it("all of the canary's and none of the control's are nearly as unlikely as they can be", () => {
    const lnE = lnEMarked({ canary: 8, control: 8, markedCanary: 8, markedControl: 0 });
    expect(lnE).toBeCloseTo(9.130804281, 8);
    expect(lnE).toBeLessThan(Math.log(choose(16, 8)));
  });

  it("no cluster, no mark, and nothing but marks say nothing", () => {
    const nobody = { canary: 0, control: 0, markedCanary: 0, markedControl: 0 };
    expect(lnEMarked(nobody)).toBeCloseTo(0, 12);
    expect(lnEMarked({ canary: 5, control: 7, markedCanary: 0, markedControl: 0 })).toBeCloseTo(
      0,
      12,
    );
    expect(lnEMarked({ canary: 5, control: 7, markedCanary: 5, markedControl: 7 })).toBeCloseTo(
      0,
      12,
    );
  });
});
