import { fc } from "../property.ts";
import { describe, expect, it } from "vitest";
import { BIN_RATIO, BINS, binsOf } from "#src/stats/histogram.ts";
import { optimalPrecision } from "#src/stats/mean.ts";
import { lnEBinomial } from "#src/stats/binomial.ts";
import {
  defaultKappas,
  lnEQuantile,
  quantileRatioInterval,
  type QuantileArms,
} from "#src/stats/quantile.ts";
import far from "../vectors/evidence-far.json" with { type: "json" };
import reference from "../vectors/reference.json" with { type: "json" };
import { relativeError } from "./relative-error.ts";

const MIDDLE_BINS = 24;

/** Room on both sides, so that no shift under test meets an end of the histogram. */
const ROOM: readonly number[] = Array.from({ length: 12 }, () => 0);

const middle = fc
  .array(fc.nat(200), { minLength: MIDDLE_BINS, maxLength: MIDDLE_BINS })
  .map((counts) => ROOM.concat(counts, ROOM));
const p = fc.constantFrom(0.25, 0.5, 0.75, 0.95);
const kappa = fc.double({ min: 1, max: 5000, noNaN: true });
const arms: fc.Arbitrary<QuantileArms> = fc.record({
  canary: middle,
  control: middle,
  p,
  kappaCanary: kappa,
  kappaControl: kappa,
});
const shift = fc.integer({ min: -12, max: 12 });

/** Both arms' names and bets exchanged. */
function exchanged({ canary, control, p: quantile, kappaCanary, kappaControl }: QuantileArms) {
  return {
    canary: control,
    control: canary,
    p: quantile,
    kappaCanary: kappaControl,
    kappaControl: kappaCanary,
  };
}

/** How many units lie in the first `bins` bins. */
function below(counts: readonly number[], bins: number): number {
  return counts.slice(0, Math.max(0, bins)).reduce((sum, count) => sum + count, 0);
}

/** A bell of counts around a bin of the whole histogram. */
function bell(centre: number): number[] {
  return Array.from({ length: BINS }, (_, bin) =>
    Math.round(200 * Math.exp(-(((bin - centre) / 12) ** 2))),
  );
}

/** The formula as written: every bin, no short cut. */
function bruteForce(drawn: QuantileArms, by: number): number {
  const { canary, control, p: quantile, kappaCanary, kappaControl } = drawn;
  const [n1, n0] = [below(canary, canary.length), below(control, control.length)];
  const sums = control.map((_, i) => {
    const low = { successes: below(control, i), trials: n0, q: quantile, kappa: kappaControl };
    const above = n1 - below(canary, i + by + 1);
    const high = { successes: above, trials: n1, q: 1 - quantile, kappa: kappaCanary };
    return lnEBinomial(low) + lnEBinomial(high);
  });
  return n0 > 0 && n1 > 0 ? Math.min(...sums) : 0;
}

describe("the evidence on quantiles", () => {
  it("agrees with independent implementations to 1e-8", () => {
    for (const { h1, h0, p: quantile, s, kap1, kap0, logE } of reference.quantLogE) {
      const histograms = { canary: h1, control: h0, kappaCanary: kap1, kappaControl: kap0 };
      const got = lnEQuantile({ ...histograms, p: quantile, shift: s });
      expect(relativeError(got, logE)).toBeLessThan(1e-8);
    }
    for (const { lnE, ...question } of far.quantile) {
      expect(relativeError(lnEQuantile(question), lnE)).toBeLessThan(1e-8);
    }
  });

  it("finds the least favourable bin without looking at all of them", () => {
    fc.assert(
      fc.property(arms, shift, (drawn, by) => {
        const want = bruteForce(drawn, by);
        expect(Math.abs(lnEQuantile({ ...drawn, shift: by }) - want)).toBeLessThan(
          1e-9 * (1 + Math.abs(want)),
        );
      }),
    );
  });

  it("falls as the shift grows, and rounds a fractional shift up", () => {
    fc.assert(
      fc.property(arms, shift, (drawn, by) => {
        const lnE = lnEQuantile({ ...drawn, shift: by });
        expect(lnEQuantile({ ...drawn, shift: by + 1 })).toBeLessThan(
          lnE + 1e-9 * (1 + Math.abs(lnE)),
        );
        expect(lnEQuantile({ ...drawn, shift: by - 0.7 })).toBe(lnE);
      }),
    );
  });

  it("is the same in any unit: both histograms moved by as many bins", () => {
    fc.assert(
      fc.property(arms, shift, fc.integer({ min: 0, max: 100 }), (drawn, by, bins) => {
        const moved = (counts: readonly number[]) => [
          ...Array.from({ length: bins }, () => 0),
          ...counts,
        ];
        const here = { ...drawn, canary: moved(drawn.canary), control: moved(drawn.control) };
        const lnE = lnEQuantile({ ...drawn, shift: by });
        expect(relativeError(lnEQuantile({ ...here, shift: by }), lnE)).toBeLessThan(1e-9);
      }),
    );
  });

  it("is the same in a mirror: time reversed, arms exchanged, p for 1 − p", () => {
    fc.assert(
      fc.property(arms, shift, (drawn, by) => {
        const mirrored = {
          ...exchanged(drawn),
          canary: drawn.control.toReversed(),
          control: drawn.canary.toReversed(),
          p: 1 - drawn.p,
        };
        const lnE = lnEQuantile({ ...drawn, shift: by });
        const back = lnEQuantile({ ...mirrored, shift: by });
        expect(Math.abs(back - lnE)).toBeLessThan(1e-9 * (1 + Math.abs(lnE)));
      }),
    );
  });

  it("never favours both arms at once", () => {
    fc.assert(
      fc.property(arms, (drawn) => {
        const both = [drawn, exchanged(drawn)].map((side) => lnEQuantile({ ...side, shift: 0 }));
        expect(Math.min(...both)).toBeLessThanOrEqual(1e-9);
      }),
    );
  });

  it("shows harm, and shows that harm stays below M with exchanged arms and minus M's shift", () => {
    const kappas = defaultKappas({ p: 0.75, alpha: 0.05, share: 0.5 });
    const same = { canary: bell(300), control: bell(300), p: 0.75, ...kappas };
    const slower = { ...same, canary: bell(310) };
    expect(lnEQuantile({ ...slower, shift: 0 })).toBeGreaterThan(Math.log(20));
    expect(lnEQuantile({ ...same, shift: 0 })).toBeLessThan(0);
    expect(lnEQuantile({ ...exchanged(same), shift: -binsOf(1.2) })).toBeGreaterThan(Math.log(20));
    expect(lnEQuantile({ ...exchanged(slower), shift: -binsOf(1.2) })).toBeLessThan(0);
  });

  it("is as the docstring's example says", () => {
    const bets = { p: 0.5, shift: 0, kappaCanary: 100, kappaControl: 100 };
    const lnE = lnEQuantile({ canary: [0, 0, 40], control: [40, 0, 0], ...bets });
    expect(lnE).toBeCloseTo(4.673172293, 9);
  });

  it("says nothing while an arm is empty, and is finite at every edge", () => {
    const empty: readonly number[] = [];
    const one = [0, 1];
    const giant = [0, Number.MAX_SAFE_INTEGER];
    const kappas = { kappaCanary: 421, kappaControl: 41_700, p: 0.75, shift: 0 };
    expect(lnEQuantile({ canary: empty, control: one, ...kappas })).toBe(0);
    expect(lnEQuantile({ canary: giant, control: [0, 0], ...kappas })).toBe(0);
    for (const canary of [one, giant, [1], [1e9, 1e9]]) {
      for (const control of [one, giant, [1], [1e9, 1e9]]) {
        expect(lnEQuantile({ canary, control, ...kappas })).toSatisfy(Number.isFinite);
      }
    }
  });
});

describe("the interval of the quantile ratio", () => {
  it("holds its estimate, and just the shifts that are not rejected", () => {
    const lnThreshold = Math.log(2 / 0.05);
    fc.assert(
      fc.property(arms, (drawn) => {
        const { estimate, lower, upper } = quantileRatioInterval({ ...drawn, alpha: 0.05 });
        expect(lower).toBeLessThanOrEqual(estimate);
        expect(upper).toBeGreaterThanOrEqual(estimate);
        const slower = Math.round(binsOf(lower));
        const atEnd = slower === -drawn.control.length;
        expect(lnEQuantile({ ...drawn, shift: slower + 1 })).toBeLessThan(lnThreshold);
        expect(atEnd || lnEQuantile({ ...drawn, shift: slower }) >= lnThreshold).toBe(true);
        const faster = 1 - Math.round(binsOf(upper));
        expect(lnEQuantile({ ...exchanged(drawn), shift: faster })).toBeLessThan(lnThreshold);
      }),
    );
  });

  it("turns over when the arms are exchanged", () => {
    fc.assert(
      fc.property(arms, (drawn) => {
        const there = quantileRatioInterval({ ...drawn, alpha: 0.05 });
        const back = quantileRatioInterval({ ...exchanged(drawn), alpha: 0.05 });
        expect(back.lower * there.upper).toBeCloseTo(1, 9);
        expect(back.estimate * there.estimate).toBeCloseTo(1, 9);
      }),
    );
  });

  it("is tight around many units and as wide as the histogram around none", () => {
    const bets = { p: 0.5, kappaCanary: 100, kappaControl: 100, alpha: 0.05 };
    const apart = quantileRatioInterval({ canary: [0, 0, 400], control: [400, 0, 0], ...bets });
    expect(apart.estimate).toBeCloseTo(BIN_RATIO ** 2, 12);
    expect([apart.lower, apart.upper]).toEqual([BIN_RATIO, BIN_RATIO ** 3]);
    const none = quantileRatioInterval({ canary: [0, 0, 0], control: [], ...bets });
    expect(none).toEqual({ estimate: 1, lower: BIN_RATIO ** -3, upper: BIN_RATIO ** 3 });
  });
});

describe("the default pseudo-trials", () => {
  it("follow the design's formula, and stay finite at the ends of the share", () => {
    const l = -2 * Math.log(0.1);
    const canary = 500 / (0.75 * 0.25) / (l + Math.log(1 + l));
    const { kappaCanary, kappaControl } = defaultKappas({ p: 0.75, alpha: 0.05, share: 0.01 });
    expect(kappaCanary).toBeCloseTo(canary, 9);
    expect(kappaCanary).toBe(optimalPrecision(500 / (0.75 * 0.25), 0.1));
    expect(kappaControl).toBeCloseTo(99 * canary, 6);
    expect(defaultKappas({ p: 0.5, alpha: 0.05, share: 0.5 }).kappaControl).toBeCloseTo(
      2000 / 6.329,
      0,
    );
    for (const share of [0, 1]) {
      expect(defaultKappas({ p: 0.5, alpha: 0.05, share }).kappaControl).toSatisfy(Number.isFinite);
    }
  });
});
