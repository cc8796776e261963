import { fc } from "../property.ts";
import { describe, expect, it } from "vitest";
import {
  lnBeta,
  lnBetaInc,
  lnBetaIncScaled,
  lnBetaPower,
  lnGamma,
  lnNormalCdf,
  lnNormalCdfScaled,
  logSumExp,
  stirlingRemainder,
} from "#src/stats/special.ts";
import { betaFraction } from "#src/stats/beta-fraction.ts";
import { deviance } from "#src/stats/deviance.ts";
import near from "../vectors/special-functions.json" with { type: "json" };
import far from "../vectors/special-functions-far.json" with { type: "json" };
import { relativeError } from "./relative-error.ts";

const TOLERANCE = 1e-10;

/** The worst relative error over rows of arguments that end in the value. */
function worst(rows: readonly (readonly number[])[], compute: (...xs: number[]) => number): number {
  const errors = rows.map((row) => relativeError(compute(...row.slice(0, -1)), row.at(-1) ?? 0));
  return Math.max(...errors);
}

const gamma = (x = Number.NaN) => lnGamma(x);
const beta = (a = Number.NaN, b = Number.NaN) => lnBeta(a, b);
const betaInc = (a = Number.NaN, b = Number.NaN, x = Number.NaN) => lnBetaInc(a, b, x);
const normalCdf = (x = Number.NaN) => lnNormalCdf(x);

describe("special functions agree with 40 digits of mpmath", () => {
  it.each([
    ["lnGamma", gamma, [...near.lgamma, ...far.lnGamma]],
    ["lnBeta, also of a giant and a dwarf", beta, far.lnBeta],
    [
      "lnNormalCdf, from e^-5e19 up to 1 − e^-688",
      normalCdf,
      [...near.logNcdf, ...far.lnNormalCdf],
    ],
    ["lnBetaInc, both tails, up to 1e10", betaInc, [...near.logBetaInc, ...far.lnBetaInc]],
  ])("%s, to 1e-10", (_, compute, rows) => {
    expect(worst(rows, compute)).toBeLessThan(TOLERANCE);
  });
});

const parameter = fc.double({ min: 0.01, max: 1e6, noNaN: true });
const chance = fc.double({ min: 1e-6, max: 1 - 1e-6, noNaN: true });

describe("special functions keep their own laws", () => {
  it("the gamma function climbs by its argument", () => {
    fc.assert(
      fc.property(parameter, (x) => {
        expect(lnGamma(x + 1) - lnGamma(x)).toBeCloseTo(Math.log(x), 6);
        const stirling = (x - 0.5) * Math.log(x) - x + Math.log(2 * Math.PI) / 2;
        expect(stirling + stirlingRemainder(x)).toBeCloseTo(lnGamma(x), 6);
      }),
    );
  });

  it("the beta function does not know the order of its arguments", () => {
    fc.assert(
      fc.property(parameter, parameter, (a, b) => {
        expect(lnBeta(a, b)).toBe(lnBeta(b, a));
      }),
    );
  });

  it("a beta law's two tails make one", () => {
    fc.assert(
      fc.property(parameter, parameter, chance, (a, b, x) => {
        const tails = [lnBetaInc(a, b, x), lnBetaInc(b, a, 1 - x)];
        expect(logSumExp(tails)).toBeCloseTo(0, 8);
      }),
    );
  });

  it("the incomplete beta function grows with x and is its scaled form times its power", () => {
    fc.assert(
      fc.property(fc.record({ a: parameter, b: parameter, x: chance, step: chance }), (drawn) => {
        const { a, b, x, step } = drawn;
        const point = { a, b, x, y: 1 - x };
        expect(lnBetaInc(a, b, x + step * (1 - x))).toBeGreaterThanOrEqual(lnBetaInc(a, b, x));
        const whole = lnBetaIncScaled(point) + lnBetaPower(point);
        expect(Math.abs(whole - lnBetaInc(a, b, x))).toBeLessThan(1e-9 * (1 - lnBetaPower(point)));
      }),
    );
  });

  it("ends where a distribution function ends", () => {
    expect([lnBetaInc(2, 3, 0), lnBetaInc(2, 3, 1)]).toEqual([-Infinity, 0]);
    expect([lnBetaInc(2, 3, -1), lnBetaInc(2, 3, 2)]).toEqual([-Infinity, 0]);
    expect([lnGamma(0), lnGamma(-1.5)]).toEqual([Infinity, Number.NaN]);
  });

  it("answers NaN with NaN, and does not search for ever", () => {
    const { NaN: no } = Number;
    const answers = [lnGamma(no), lnBeta(no, 1), lnBetaInc(no, 1, 0.5), lnBetaInc(1, 1, no)];
    const rest = [lnNormalCdf(no), deviance(no, 1), deviance(Infinity, 1)];
    expect([...answers, ...rest].filter((answer) => !Number.isNaN(answer))).toEqual([]);
  });

  it("stays finite where the fraction is cut short", () => {
    expect(lnBetaInc(2.5e14, 7.5e14, 0.25)).toBeCloseTo(-Math.LN2, 1);
  });

  it("the normal law's two tails make one", () => {
    fc.assert(
      fc.property(fc.double({ min: -30, max: 30, noNaN: true }), (x) => {
        expect(logSumExp([lnNormalCdf(x), lnNormalCdf(-x)])).toBeCloseTo(0, 12);
        expect(lnNormalCdfScaled(x) - (x * x) / 2).toBeCloseTo(lnNormalCdf(x), 10);
      }),
    );
  });

  it("a deviance is positive, zero at the mean, and smooth where series meets logarithm", () => {
    fc.assert(
      fc.property(parameter, parameter, (x, m) => {
        expect(deviance(x, m)).toBeGreaterThanOrEqual(0);
        expect(deviance(x, x)).toBe(0);
      }),
    );
    const meeting = 110 / 0.9;
    expect(deviance(meeting * (1 + 1e-13), 100)).toBeCloseTo(
      deviance(meeting * (1 - 1e-13), 100),
      9,
    );
    expect(deviance(0, 7)).toBe(7);
  });

  it("logSumExp neither overflows nor forgets the empty sum", () => {
    expect(logSumExp([1000, 1000])).toBeCloseTo(1000 + Math.LN2, 12);
    expect(logSumExp([])).toBe(-Infinity);
    expect(logSumExp([-Infinity, 3])).toBe(3);
    expect(logSumExp(Array.from({ length: 300_000 }, () => 0))).toBeCloseTo(Math.log(3e5), 10);
  });

  it("the examples of the docstrings are true", () => {
    expect(lnGamma(10)).toBeCloseTo(12.801827480081469, 13);
    expect(stirlingRemainder(1)).toBeCloseTo(0.08106146679532726, 15);
    expect(lnBeta(2, 3)).toBeCloseTo(-2.4849066497880004, 14);
    expect(lnBetaPower({ a: 2, b: 3, x: 0.5, y: 0.5 })).toBeCloseTo(Math.log(0.375), 14);
    expect(lnBetaIncScaled({ a: 1, b: 1, x: 0.5, y: 0.5 })).toBeCloseTo(Math.LN2, 14);
    expect(betaFraction({ a: 1, b: 1, x: 0.5, y: 0.5 })).toBeCloseTo(2, 14);
    expect(lnNormalCdfScaled(0)).toBeCloseTo(-Math.LN2, 14);
    expect(deviance(110, 100)).toBeCloseTo(110 * Math.log(1.1) - 10, 12);
  });
});
