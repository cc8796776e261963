import { fc } from "../property.ts";
import { describe, expect, it } from "vitest";
import { eBenjaminiHochberg } from "#src/stats/e-bh.ts";
import reference from "../vectors/reference.json" with { type: "json" };

const evidence = fc.array(fc.double({ min: -5, max: 12, noNaN: true }), { maxLength: 12 });

/** The evidence of what is rejected, ascending. */
function rejectedEvidence(lnEs: readonly number[]): number[] {
  const rejected = eBenjaminiHochberg(lnEs, 0.05).map((index) => lnEs[index] ?? 0);
  return rejected.sort((a, b) => a - b);
}

describe("the e-BH procedure", () => {
  it("rejects as the independent implementation does", () => {
    for (const { logE, alpha, reject } of reference.eBH) {
      expect(eBenjaminiHochberg(logE, alpha)).toEqual(reject);
    }
    expect(eBenjaminiHochberg([9.1, 0.2, 5, 2], 0.05)).toEqual([0, 2]);
  });

  it("rejects the k largest, k the most that K/(kα) allows, in any order", () => {
    fc.assert(
      fc.property(evidence, (lnEs) => {
        const largest = lnEs.toSorted((a, b) => b - a);
        const allowed = largest.findLastIndex(
          (lnE, rank) => Math.exp(lnE) >= lnEs.length / ((rank + 1) * 0.05),
        );
        expect(rejectedEvidence(lnEs)).toEqual(largest.slice(0, allowed + 1).toReversed());
        expect(rejectedEvidence(lnEs.toReversed())).toEqual(rejectedEvidence(lnEs));
      }),
    );
  });

  it("names no fewer at a laxer level, and never one for lack of evidence", () => {
    fc.assert(
      fc.property(evidence, (lnEs) => {
        const lax = eBenjaminiHochberg(lnEs, 0.2);
        expect(lax).toEqual(expect.arrayContaining(eBenjaminiHochberg(lnEs, 0.05)));
        expect(lax.every((index) => (lnEs[index] ?? 0) > 0)).toBe(true);
      }),
    );
    expect(eBenjaminiHochberg([], 0.05)).toEqual([]);
    expect(eBenjaminiHochberg([0, 0, 0], 0.05)).toEqual([]);
    expect(eBenjaminiHochberg([Number.NaN, 9], 0.05)).toEqual([1]);
  });
});
