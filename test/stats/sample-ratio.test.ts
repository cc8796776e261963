import { fc } from "../property.ts";
import { describe, expect, it } from "vitest";
import { lnBeta, logSumExp } from "#src/stats/special.ts";
import { lnESampleRatio } from "#src/stats/sample-ratio.ts";
import far from "../vectors/evidence-far.json" with { type: "json" };
import ssrm from "../vectors/ssrm.json" with { type: "json" };
import { relativeError } from "./relative-error.ts";

const share = fc.double({ min: 0.001, max: 0.999, noNaN: true });
const ALARM = Math.log(1000);

describe("the evidence on the sample ratio", () => {
  it("agrees with Optimizely's ssrm to 1e-6, on counts as they add up", () => {
    for (const { data, null: shares, concentration, bayes_factors, p_values } of ssrm.cases) {
      let [first, second, smallest] = [0, 0, 1];
      for (const [at, [left = 0, right = 0]] of data.entries()) {
        first += left;
        second += right;
        const e = Math.exp(lnESampleRatio([first, second], shares, concentration));
        smallest = Math.min(smallest, 1 / e);
        expect(relativeError(e, bayes_factors[at] ?? 0)).toBeLessThan(1e-6);
        expect(relativeError(smallest, p_values[at] ?? 0)).toBeLessThan(1e-6);
      }
    }
  });

  it("agrees with 60 digits of mpmath to 1e-8, also on 10^12 assignments", () => {
    for (const { counts, shares, kappa, lnE } of far.sampleRatio) {
      expect(relativeError(lnESampleRatio(counts, shares, kappa), lnE)).toBeLessThan(1e-8);
    }
  });

  it("is one on average under the split that was meant", () => {
    fc.assert(
      fc.property(fc.nat(60), share, (n, pi) => {
        const outcomes = Array.from({ length: n + 1 }, (_, k) => {
          const choose = -lnBeta(k + 1, n - k + 1) - Math.log(n + 1);
          const chance = choose + k * Math.log(pi) + (n - k) * Math.log(1 - pi);
          return chance + lnESampleRatio([k, n - k], [pi, 1 - pi], 100);
        });
        expect(logSumExp(outcomes)).toBeCloseTo(0, 9);
      }),
    );
  });

  it("does not know the order of arms, nor the scale of shares, nor arms that get nothing", () => {
    const arm = fc.record({
      count: fc.nat(1e6),
      weight: fc.double({ min: 0.01, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(arm, { minLength: 2, maxLength: 5 }), (arms) => {
        const counts = arms.map(({ count }) => count);
        const shares = arms.map(({ weight }) => weight);
        const lnE = lnESampleRatio(counts, shares);
        const slack = 1e-9 * (1 + Math.abs(lnE));
        const turned = lnESampleRatio(counts.toReversed(), shares.toReversed());
        expect(Math.abs(turned - lnE)).toBeLessThan(slack);
        const scaled = shares.map((weight) => weight * 7);
        expect(Math.abs(lnESampleRatio([...counts, 0], [...scaled, 0]) - lnE)).toBeLessThan(slack);
      }),
    );
  });

  it("alarms when a 1 % canary loses a tenth of its units, and not when it loses none", () => {
    expect(lnESampleRatio([990_000, 10_000], [0.99, 0.01])).toBeLessThan(0);
    expect(lnESampleRatio([990_000, 9000], [0.99, 0.01])).toBeGreaterThan(ALARM);
    expect(lnESampleRatio([49_549, 451], [0.99, 0.01])).toBeCloseTo(1.2234679, 6);
  });

  it("is finite whatever it is given, nothing without counts, and sure of the impossible", () => {
    const counts = fc.array(fc.oneof(fc.constantFrom(0, 1, Number.MAX_SAFE_INTEGER), fc.double()));
    fc.assert(
      fc.property(counts, counts, (observed, shares) => {
        expect(lnESampleRatio(observed, shares)).toSatisfy(Number.isFinite);
      }),
    );
    expect(lnESampleRatio([], [])).toBe(0);
    expect(lnESampleRatio([0, 0], [0.5, 0.5])).toBe(0);
    expect(lnESampleRatio([5, 1], [1, 0])).toBeGreaterThan(ALARM);
    expect(2 * lnESampleRatio([5, 1], [1, 0])).toSatisfy(Number.isFinite);
  });
});
