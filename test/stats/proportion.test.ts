import { fc } from "../property.ts";
import { describe, expect, it } from "vitest";
import { lnEProportion, type ProportionStage, swapArms } from "#src/stats/proportion.ts";
import { lnBeta, logSumExp } from "#src/stats/special.ts";
import far from "../vectors/evidence-far.json" with { type: "json" };
import reference from "../vectors/reference.json" with { type: "json" };
import { relativeError } from "./relative-error.ts";

const share = fc.double({ min: 0.001, max: 0.999, noNaN: true });
const margin = fc.double({ min: -0.9, max: 3, noNaN: true });
const stage = fc.record({ bad1: fc.nat(100_000), bad0: fc.nat(100_000), share });
const anyNumber = fc.oneof(fc.constantFrom(0, 1, Number.MAX_SAFE_INTEGER), fc.double());

/** ln of the chance of `k` successes in `n` trials. */
function lnBinomial(k: number, n: number, chance: number): number {
  const choose = -lnBeta(k + 1, n - k + 1) - Math.log(n + 1);
  return choose + k * Math.log(chance) + (n - k) * Math.log(1 - chance);
}

/** ln of the mean of E when `n` bad events fall in the canary with rate ratio `truth`. */
function lnMeanE(n: number, canaryShare: number, ratios: { truth: number; margin: number }) {
  const odds = canaryShare * ratios.truth;
  const outcomes = Array.from({ length: n + 1 }, (_, bad1) => {
    const outcome = { bad1, bad0: n - bad1, share: canaryShare };
    const chance = odds / (odds + 1 - canaryShare);
    return lnBinomial(bad1, n, chance) + lnEProportion([outcome], ratios.margin);
  });
  return logSumExp(outcomes);
}

describe("the evidence on proportions", () => {
  it("agrees with independent implementations to 1e-8", () => {
    for (const { stages, m, logE } of reference.ratioLogE) {
      const got = lnEProportion(
        stages.map(({ bad1, bad0, pi }) => ({ bad1, bad0, share: pi })),
        m,
      );
      expect(relativeError(got, logE)).toBeLessThan(1e-8);
    }
    for (const { stages, margin: m, lnE } of far.proportion) {
      expect(relativeError(lnEProportion(stages, m), lnE)).toBeLessThan(1e-8);
    }
  });

  it("is one on average at the edge of the null, at any count, and less inside", () => {
    const drawn = fc.record({ n: fc.nat(60), share, margin });
    fc.assert(
      fc.property(drawn, ({ n, share: pi, margin: m }) => {
        expect(lnMeanE(n, pi, { truth: 1 + m, margin: m })).toBeCloseTo(0, 9);
        expect(lnMeanE(n, pi, { truth: 0.8 * (1 + m), margin: m })).toBeLessThan(1e-9);
      }),
    );
    expect(lnMeanE(60, 0.5, { truth: 2, margin: 0 })).toBeGreaterThan(1);
  });

  it("does not know the order of stages, nor how one stage was cut in pieces", () => {
    fc.assert(
      fc.property(fc.array(stage, { maxLength: 6 }), stage, margin, (stages, extra, m) => {
        const whole = lnEProportion([...stages, extra], m);
        expect(
          relativeError(lnEProportion([extra, ...stages.toReversed()], m), whole),
        ).toBeLessThan(1e-9);
        const half = { ...extra, bad1: extra.bad1 / 2, bad0: extra.bad0 / 2 };
        expect(relativeError(lnEProportion([half, ...stages, half], m), whole)).toBeLessThan(1e-9);
      }),
    );
  });

  it("grows with the canary's events and falls with the control's and with the margin", () => {
    fc.assert(
      fc.property(stage, margin, (at, m) => {
        const lnE = lnEProportion([at], m);
        const slack = 1e-9 * (1 + Math.abs(lnE));
        expect(lnEProportion([{ ...at, bad1: at.bad1 + 1 }], m)).toBeGreaterThan(lnE - slack);
        expect(lnEProportion([{ ...at, bad0: at.bad0 + 1 }], m)).toBeLessThan(lnE + slack);
        expect(lnEProportion([at], m + 0.1)).toBeLessThan(lnE + slack);
      }),
    );
  });

  it("shows harm below M with exchanged arms and margin 1/M − 1", () => {
    const calm: ProportionStage = { bad1: 40, bad0: 3960, share: 0.01 };
    expect(lnEProportion([swapArms(calm)], 1 / 3 - 1)).toBeGreaterThan(Math.log(20));
    expect(lnEProportion([calm], 0)).toBeLessThan(0);
    const harmful = { ...calm, bad1: 120 };
    expect(lnEProportion([swapArms(harmful)], 1 / 3 - 1)).toBeLessThan(0);
    expect(lnEProportion([harmful], 0)).toBeGreaterThan(Math.log(20));
    expect(swapArms({ bad1: 3, bad0: 200, share: 0.01 })).toEqual({
      bad1: 200,
      bad0: 3,
      share: 0.99,
    });
  });

  it("says nothing without events or without a split of traffic", () => {
    expect(lnEProportion([], 0)).toBe(0);
    expect(lnEProportion([{ bad1: 0, bad0: 0, share: 0.1 }], 0.05)).toBe(0);
    expect(lnEProportion([{ bad1: 7, bad0: 0, share: 1 }], 0)).toBe(0);
    expect(lnEProportion([{ bad1: 0, bad0: 7, share: 0 }], 0)).toBe(0);
  });

  it("is finite whatever it is given", () => {
    const anyStage = fc.record({ bad1: anyNumber, bad0: anyNumber, share: anyNumber });
    fc.assert(
      fc.property(fc.array(anyStage, { maxLength: 4 }), anyNumber, (stages, m) => {
        expect(lnEProportion(stages, m)).toSatisfy(Number.isFinite);
      }),
    );
  });
});
