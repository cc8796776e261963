import { fc } from "../property.ts";
import { describe, expect, it } from "vitest";
import { lnEBinomial } from "#src/stats/binomial.ts";
import { optimalPrecision } from "#src/stats/mean.ts";
import { lnBeta, logSumExp } from "#src/stats/special.ts";
import confseq from "../vectors/confseq.json" with { type: "json" };
import far from "../vectors/evidence-far.json" with { type: "json" };
import reference from "../vectors/reference.json" with { type: "json" };
import { relativeError } from "./relative-error.ts";

const q = fc.double({ min: 0.01, max: 0.99, noNaN: true });
const kappa = fc.double({ min: 1, max: 50_000, noNaN: true });

/** ln of the chance of `k` successes in `n` trials. */
function lnBinomial(k: number, n: number, chance: number): number {
  const choose = -lnBeta(k + 1, n - k + 1) - Math.log(n + 1);
  return choose + k * Math.log(chance) + (n - k) * Math.log(1 - chance);
}

/**
 * confseq's beta-binomial mixture of a score `s` at intrinsic time `v`, steps −g and h
 * with g + h = 1: n = v/(gh) trials, k = ng + s successes, pseudo-trials r/(gh),
 * r = ρ − gh. The two-sided one has no cut at q, so the incomplete betas drop out.
 */
function lnBetaBinomial(
  { v_opt, alpha_opt, g, h, one_sided }: (typeof confseq.beta_binomial_log_mixture)[number],
  s: number,
  v: number,
): number {
  const variance = g * h;
  const rho = optimalPrecision(v_opt, one_sided ? 2 * alpha_opt : alpha_opt);
  const pseudo = (rho - variance) / variance;
  const trials = v / variance;
  const successes = trials * g + s;
  if (one_sided) return lnEBinomial({ successes, trials, q: g, kappa: pseudo });
  const posterior = lnBeta(pseudo * g + successes, pseudo * h + trials - successes);
  const likelihood = successes * Math.log(g) + (trials - successes) * Math.log(h);
  return posterior - lnBeta(pseudo * g, pseudo * h) - likelihood;
}

describe("the one-sided bet on a coin", () => {
  it("agrees with independent implementations to 1e-8", () => {
    for (const { k, n, p, kappa: pseudo, logE } of reference.binUp) {
      const got = lnEBinomial({ successes: k, trials: n, q: p, kappa: pseudo });
      expect(relativeError(got, logE)).toBeLessThan(1e-8);
    }
    for (const { k, n, q: chance, kappa: pseudo, lnE } of far.binomial) {
      const got = lnEBinomial({ successes: k, trials: n, q: chance, kappa: pseudo });
      expect(relativeError(got, lnE)).toBeLessThan(1e-8);
    }
  });

  it("is confseq's beta-binomial mixture rearranged, to 1e-5", () => {
    for (const row of confseq.beta_binomial_log_mixture) {
      expect(relativeError(lnBetaBinomial(row, row.s, row.v), row.out)).toBeLessThan(confseq.tol);
    }
    for (const row of confseq.beta_binomial_mixture_bound) {
      const settings = { ...row, s: 0, alpha_opt: 0.05 };
      const at = (s: number) => lnBetaBinomial(settings, s, row.v) + Math.log(row.alpha);
      expect(at(row.out * (1 - confseq.tol))).toBeLessThan(0);
      expect(at(row.out * (1 + confseq.tol))).toBeGreaterThan(0);
    }
  });

  it("is one on average at the edge of the null, at any count", () => {
    fc.assert(
      fc.property(fc.nat(60), q, kappa, (trials, chance, pseudo) => {
        const outcomes = Array.from({ length: trials + 1 }, (_, successes) => {
          const lnE = lnEBinomial({ successes, trials, q: chance, kappa: pseudo });
          return lnBinomial(successes, trials, chance) + lnE;
        });
        expect(logSumExp(outcomes)).toBeCloseTo(0, 9);
      }),
    );
  });

  it("grows with successes", () => {
    const bet = fc.record({
      trials: fc.integer({ min: 1, max: 1e6 }),
      q,
      kappa,
      at: fc.nat(999_999),
    });
    fc.assert(
      fc.property(bet, ({ at, ...rest }) => {
        const successes = at % rest.trials;
        const lnE = lnEBinomial({ ...rest, successes });
        const more = lnEBinomial({ ...rest, successes: successes + 1 });
        expect(more).toBeGreaterThan(lnE - 1e-9 * (1 + Math.abs(lnE)));
      }),
    );
  });

  it("says nothing without trials", () => {
    expect(lnEBinomial({ successes: 0, trials: 0, q: 0.75, kappa: 421 })).toBe(0);
  });
});
