import { fc } from "../property.ts";
import { describe, expect, it } from "vitest";
import {
  type ArmSums,
  MIN_NON_ZERO,
  lnEMeanOneSided,
  lnEMeanTwoSided,
  meanInterval,
  meanRadiusOneSided,
  meanStage,
  variance,
} from "#src/stats/mean.ts";
import { logSumExp } from "#src/stats/special.ts";
import { sums } from "./arm-sums.ts";
import { relativeError } from "./relative-error.ts";

/** The sums in a unit that is `scale` times smaller. */
function inUnit({ n, sum, sumSq }: ArmSums, scale: number): ArmSums {
  return { n, sum: sum * scale, sumSq: sumSq * scale * scale };
}

/** Sums of `n` equal values, added one by one with all their roundings. */
function constant(n: number, value: number): ArmSums {
  let sum = 0;
  let sumSq = 0;
  for (let unit = 0; unit < n; unit += 1) {
    sum += value;
    sumSq += value * value;
  }
  return { n, sum, sumSq };
}

const g = fc.double({ min: 1e-6, max: 1e6, noNaN: true });
const information = fc.double({ min: 1e-6, max: 1e6, noNaN: true });
const z = fc.double({ min: -30, max: 30, noNaN: true });
const arm = fc
  .record({
    n: fc.integer({ min: 100, max: 1_000_000 }),
    mean: fc.double({ min: -100, max: 100, noNaN: true }),
    spread: fc.double({ min: 0.1, max: 100, noNaN: true }),
  })
  .map(({ n, mean, spread }) => sums(n, mean, spread));
const pair = fc.record({ control: arm, canary: arm });
const anyNumber = fc.oneof(
  fc.constantFrom(0, 1, 2, 99, 100, 1e15, Number.MAX_SAFE_INTEGER, 1e308, Number.MAX_VALUE),
  fc.double(),
);
const anyArm = fc.record({ n: anyNumber, sum: anyNumber, sumSq: anyNumber });

describe("the score of a stage", () => {
  it("is positive for harm, in either sense of harm", () => {
    const control = sums(1000, 10, 4);
    const canary = sums(1000, 11, 4);
    expect(meanStage({ control, canary, margin: 0, sign: 1 }).s).toBeGreaterThan(0);
    expect(meanStage({ control, canary, margin: 0, sign: -1 }).s).toBeLessThan(0);
    expect(meanStage({ control, canary, margin: 2, sign: 1 }).s).toBeLessThan(0);
  });

  it("does not change when arms and sign change together", () => {
    fc.assert(
      fc.property(pair, z, ({ control, canary }, margin) => {
        const there = meanStage({ control, canary, margin, sign: 1 });
        const back = meanStage({ control: canary, canary: control, margin, sign: -1 });
        expect(relativeError(back.s, there.s)).toBeLessThan(1e-9);
        expect(relativeError(back.i, there.i)).toBeLessThan(1e-9);
      }),
    );
  });

  it("gives the same E in any unit, margin and τ with it", () => {
    const scale = fc.double({ min: 1e-3, max: 1e3, noNaN: true });
    fc.assert(
      fc.property(pair, scale, g, ({ control, canary }, c, precision) => {
        const there = meanStage({ control, canary, margin: 0.3, sign: 1 });
        const arms = { control: inUnit(control, c), canary: inUnit(canary, c) };
        const here = meanStage({ ...arms, margin: 0.3 * c, sign: 1 });
        for (const lnE of [lnEMeanOneSided, lnEMeanTwoSided]) {
          const [want, got] = [
            lnE(there.s, there.i, precision),
            lnE(here.s, here.i, precision / (c * c)),
          ];
          expect(Math.abs(got - want)).toBeLessThan(1e-7 * (1 + Math.abs(want)));
        }
      }),
    );
  });

  it("trusts no arm more than both together", () => {
    const control = sums(9900, 10, 100);
    const canary = sums(100, 10, 1);
    const pooled = (9899 * 100 + 99) / 9998;
    const { i } = meanStage({ control, canary, margin: 0, sign: 1 });
    expect(1 / i).toBeCloseTo(100 / 9900 + pooled / 100, 12);
  });

  it("says nothing below the least number of units", () => {
    const enough = sums(100, 10, 4);
    const few = sums(99, 12, 4);
    const none = { s: 0, i: 0 };
    expect(meanStage({ control: enough, canary: few, margin: 0, sign: 1 })).toEqual(none);
    expect(meanStage({ control: few, canary: enough, margin: 0, sign: 1 })).toEqual(none);
    const asked = meanStage({ control: few, canary: enough, margin: 0, sign: 1, minUnits: 99 });
    expect(asked.i).toBeGreaterThan(0);
  });

  it("says nothing of a sparse metric below twenty values that are not 0", () => {
    const control = { ...sums(1000, 10, 4), nonZero: 500 };
    const canary = { ...sums(1000, 11, 4), nonZero: MIN_NON_ZERO };
    const few = { ...canary, nonZero: MIN_NON_ZERO - 1 };
    expect(meanStage({ control, canary, margin: 0, sign: 1 }).i).toBeGreaterThan(0);
    expect(meanStage({ control, canary: few, margin: 0, sign: 1 })).toEqual({ s: 0, i: 0 });
  });

  it("says nothing where nothing varies, however the sums were rounded", () => {
    const stage = {
      control: constant(200_000, 0.1),
      canary: constant(2000, 0.1),
      margin: 0,
    } as const;
    expect(meanStage({ ...stage, sign: 1 })).toEqual({ s: 0, i: 0 });
    expect([variance(constant(10_000, 0.3)), variance(sums(1, 5, 0))]).toEqual([0, 0]);
    expect(variance({ n: 3, sum: 6, sumSq: 14 })).toBe(1);
  });

  it("is divided by the design effect, score and information alike", () => {
    const stage = { control: sums(1000, 10, 4), canary: sums(500, 11, 5), margin: 0.1 } as const;
    const plain = meanStage({ ...stage, sign: 1 });
    const clustered = meanStage({ ...stage, sign: 1, designEffect: 2.5 });
    expect(clustered.s).toBeCloseTo(plain.s / 2.5, 9);
    expect(clustered.i).toBeCloseTo(plain.i / 2.5, 9);
    expect(meanStage({ ...stage, sign: 1, designEffect: 0.5 })).toEqual(plain);
  });
});

describe("the evidence on means", () => {
  it("is even in the score when two-sided, and the mean of both one-sided bets", () => {
    fc.assert(
      fc.property(z, information, g, (score, i, precision) => {
        const s = score * Math.sqrt(i + precision);
        const two = lnEMeanTwoSided(s, i, precision);
        expect(lnEMeanTwoSided(-s, i, precision)).toBe(two);
        const bets = [lnEMeanOneSided(s, i, precision), lnEMeanOneSided(-s, i, precision)];
        expect(logSumExp(bets) - Math.LN2).toBeCloseTo(two, 9);
      }),
    );
  });

  it("grows with the score when one-sided, and does not cancel far on the harmless side", () => {
    fc.assert(
      fc.property(z, information, g, (score, i, precision) => {
        expect(lnEMeanOneSided(score + 0.1, i, precision)).toBeGreaterThan(
          lnEMeanOneSided(score, i, precision) - 1e-12,
        );
      }),
    );
    const farOut = lnEMeanOneSided(-1e9, 1, 1);
    expect(farOut).toBeCloseTo(
      0.5 * Math.log(2) - Math.log(1e9 / Math.SQRT2) - 0.5 * Math.log(2 * Math.PI),
      9,
    );
  });

  it("reaches 1/α exactly at the end of the interval", () => {
    const alpha = fc.double({ min: 1e-6, max: 0.4, noNaN: true });
    fc.assert(
      fc.property(information, g, alpha, (i, precision, level) => {
        const { estimate, radius } = meanInterval(3 * i, i, precision, level);
        expect(estimate).toBeCloseTo(3, 12);
        expect(lnEMeanTwoSided(radius * i, i, precision)).toBeCloseTo(-Math.log(level), 8);
      }),
    );
  });

  it("has a one-sided radius just above its own boundary, and below the two-sided one", () => {
    const alpha = fc.double({ min: 1e-6, max: 0.2, noNaN: true });
    fc.assert(
      fc.property(information, g, alpha, (i, precision, level) => {
        const radius = meanRadiusOneSided(i, precision, level);
        const beyond = lnEMeanOneSided(radius * i, i, precision) + Math.log(level);
        expect(beyond).toBeGreaterThan(-1e-9);
        expect(beyond).toBeLessThan(Math.log1p(2 * level));
        expect(radius).toBeLessThan(meanInterval(0, i, precision, level).radius);
      }),
    );
  });

  it("adds up over stages in any order", () => {
    const stages = fc.array(fc.tuple(fc.integer({ min: -1000, max: 1000 }), fc.nat(1000)));
    fc.assert(
      fc.property(stages, g, (scores, precision) => {
        const total = (parts: typeof scores) => {
          const s = parts.reduce((sum, [score]) => sum + score, 0);
          const i = parts.reduce((sum, [, info]) => sum + info, 0);
          return lnEMeanOneSided(s, i, precision);
        };
        expect(total(scores.toReversed())).toBe(total(scores));
      }),
    );
  });

  it("is finite whatever it is given, and nothing where there is nothing", () => {
    fc.assert(
      fc.property(anyArm, anyArm, anyNumber, (control, canary, margin) => {
        const stage = meanStage({ control, canary, margin, sign: 1, minUnits: 0 });
        const { estimate, radius } = meanInterval(stage.s, stage.i, 1, 0.05);
        for (const value of [stage.s, stage.i, estimate, radius])
          expect(value).toSatisfy(Number.isFinite);
      }),
    );
    fc.assert(
      fc.property(anyNumber, anyNumber, anyNumber, (s, i, precision) => {
        expect(lnEMeanOneSided(s, i, precision)).toSatisfy(Number.isFinite);
        expect(lnEMeanTwoSided(s, i, precision)).toSatisfy(Number.isFinite);
        expect(meanRadiusOneSided(i, precision, 0.05)).toSatisfy(Number.isFinite);
      }),
    );
    expect([lnEMeanOneSided(0, 0, 1), lnEMeanTwoSided(0, 0, 1)]).toEqual([0, 0]);
    expect(lnEMeanOneSided(5, 5, Infinity)).toBe(0);
    expect(meanInterval(0, 0, 1, 0.05)).toEqual({ estimate: 0, radius: Number.MAX_VALUE });
    expect(meanRadiusOneSided(0, 1, 0.05)).toBe(Number.MAX_VALUE);
  });

  it("is as the docstrings' examples say", () => {
    const control = { n: 100, sum: 1000, sumSq: 10_099 };
    const canary = { n: 100, sum: 1100, sumSq: 12_199 };
    expect(meanStage({ control, canary, margin: 0, sign: 1 })).toEqual({ s: 50, i: 50 });
    expect(lnEMeanOneSided(10, 100, 12.6)).toBeCloseTo(-0.1478218, 7);
    expect(lnEMeanTwoSided(10, 100, 12.6)).toBeCloseTo(-0.6510227, 7);
    expect(meanInterval(10, 100, 12.6, 0.05).radius).toBeCloseTo(0.3035209, 7);
    expect(meanRadiusOneSided(100, 12.6, 0.05)).toBeCloseTo(0.2779501, 7);
  });
});
