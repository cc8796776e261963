import { describe, expect, it } from "vitest";
import {
  lnEMeanOneSided,
  lnEMeanTwoSided,
  meanInterval,
  meanStage,
  optimalPrecision,
} from "#src/stats/mean.ts";
import asymptotic from "../vectors/asympcs-drconfseq.json" with { type: "json" };
import confseq from "../vectors/confseq.json" with { type: "json" };
import johari from "../vectors/msprt-johari.json" with { type: "json" };
import { sums } from "./arm-sums.ts";
import { relativeError } from "./relative-error.ts";

/** Where an increasing function crosses `level`, by bisection. */
function crossing(rising: (x: number) => number, level: number): number {
  let low = 0;
  let high = 1e6;
  for (let step = 0; step < 100; step += 1) {
    const middle = (low + high) / 2;
    if (rising(middle) < level) low = middle;
    else high = middle;
  }
  return low;
}

const mixture = (oneSided: boolean) => (oneSided ? lnEMeanOneSided : lnEMeanTwoSided);

/** confseq's best_rho: a one-sided mixture is tuned at twice the level. */
function bestRho(v: number, alpha: number, oneSided: boolean): number {
  return optimalPrecision(v, oneSided ? 2 * alpha : alpha);
}

describe("the normal mixture agrees with independent implementations", () => {
  it("confseq: precision, mixtures and bounds, to 1e-5", () => {
    for (const { v, alpha, out } of confseq.best_rho_two_sided) {
      expect(relativeError(optimalPrecision(v, alpha), out)).toBeLessThan(confseq.tol);
    }
    for (const { s, v, v_opt, alpha_opt, one_sided, out } of confseq.normal_log_mixture) {
      const got = mixture(one_sided)(s, v, bestRho(v_opt, alpha_opt, one_sided));
      expect(relativeError(got, out)).toBeLessThan(confseq.tol);
    }
    for (const { v, alpha, v_opt, alpha_opt, one_sided, out } of confseq.normal_mixture_bound) {
      const precision = bestRho(v_opt, alpha_opt, one_sided);
      const got = crossing((s) => mixture(one_sided)(s, v, precision), -Math.log(alpha));
      expect(relativeError(got, out)).toBeLessThan(confseq.tol);
    }
    const [twoSided] = confseq.normal_mixture_bound;
    const { radius } = meanInterval(0, 100, optimalPrecision(100, 0.05), 0.05);
    expect(relativeError(radius * 100, twoSided?.out ?? 0)).toBeLessThan(confseq.tol);
  });

  it("Johari's mSPRT: n pairs are a score with precision 1/τ², to 1e-8", () => {
    for (const { n, x, y, theta0, sigma2, tau2, log_lambda } of johari.cases) {
      const i = n / (2 * sigma2);
      const got = lnEMeanTwoSided((y - x - theta0) * i, i, 1 / tau2);
      expect(relativeError(got, log_lambda)).toBeLessThan(1e-8);
      const arms = { control: sums(n, x, sigma2), canary: sums(n, y, sigma2) };
      const stage = meanStage({ ...arms, margin: theta0, sign: 1, minUnits: 1 });
      expect(relativeError(lnEMeanTwoSided(stage.s, stage.i, 1 / tau2), log_lambda)).toBeLessThan(
        1e-8,
      );
    }
  });

  it("is tighter where it is tuned than the bound of the iterated logarithm, at any time", () => {
    for (const { alpha, t, margin } of asymptotic.lil) {
      const { radius } = meanInterval(0, t, optimalPrecision(t, alpha), alpha);
      expect(radius).toBeLessThan(margin);
      // Much tighter than a bound that is nearly the best for all times, it would not hold.
      expect(radius).toBeGreaterThan(0.7 * margin);
    }
  });

  it("the asymptotic confidence sequence: ρ² is τ², to 1e-8", () => {
    for (const { alpha, t_opt, rho2_exact, rho2_approx, margin } of asymptotic.cases) {
      expect(relativeError(1 / optimalPrecision(t_opt, alpha), rho2_approx)).toBeLessThan(1e-8);
      // Lambert's W₋₁ by its fixed point: u = 1 − ln α² + ln u, ρ² = (u − 1)/t.
      let u = 10;
      for (let step = 0; step < 200; step += 1) u = 1 - 2 * Math.log(alpha) + Math.log(u);
      expect(relativeError((u - 1) / t_opt, rho2_exact)).toBeLessThan(1e-8);
      for (const [t = 0, want = 0] of margin) {
        const { radius } = meanInterval(0, t, 1 / rho2_exact, alpha);
        expect(relativeError(radius, want)).toBeLessThan(1e-8);
      }
    }
  });
});
