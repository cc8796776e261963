import { fc } from "../property.ts";
import { describe, expect, it } from "vitest";
import {
  BIN_RATIO,
  binOf,
  BINS,
  binsOf,
  edges,
  merge,
  quantilePosition,
} from "#src/stats/histogram.ts";

const counts = fc.array(fc.nat(1000), { maxLength: 30 });
const duration = fc.double({ min: 1, max: 120_000, noNaN: true });

describe("the histogram", () => {
  it("puts a duration between the edges of its bin", () => {
    fc.assert(
      fc.property(duration, (ms) => {
        const bin = binOf(ms);
        expect(edges[bin]).toBeLessThanOrEqual(ms);
        expect(edges[bin + 1]).toBeGreaterThan(ms);
      }),
    );
  });

  it("puts every edge in the bin that it opens, and what is a hair below it in the one before", () => {
    for (const [bin, edge] of edges.slice(0, BINS).entries()) {
      expect(binOf(edge)).toBe(bin);
      expect(binOf(edge * (1 - Number.EPSILON))).toBe(Math.max(0, bin - 1));
    }
  });

  it("reaches from 1 ms to 120 s, and keeps what lies outside in its end bins", () => {
    expect([edges.length, edges[0], BINS]).toEqual([593, 1, 592]);
    expect([binOf(100), binOf(120_000)]).toEqual([232, 590]);
    expect(edges[35]).toBeCloseTo(1.9998895527, 10);
    expect([Number.NaN, -5, 0, 0.3, 1].map(binOf)).toEqual([0, 0, 0, 0, 0]);
    expect([1e9, Number.MAX_VALUE, Infinity].map(binOf)).toEqual([591, 591, 591]);
  });

  it("turns a ratio of durations into a shift of bins", () => {
    fc.assert(
      fc.property(duration, fc.integer({ min: 0, max: 40 }), (ms, shift) => {
        const moved = binOf(Math.min(edges[590] ?? 0, ms) * BIN_RATIO ** shift);
        const slack = Math.abs(
          moved - Math.min(BINS - 1, binOf(Math.min(edges[590] ?? 0, ms)) + shift),
        );
        expect(slack).toBeLessThanOrEqual(1);
        expect(binsOf(BIN_RATIO ** shift)).toBeCloseTo(shift, 9);
      }),
    );
    expect(binsOf(1.1)).toBeCloseTo(4.813, 3);
  });

  it("merges in any order and grouping to the same counts", () => {
    fc.assert(
      fc.property(counts, counts, counts, (a, b, c) => {
        expect(merge(a, b)).toEqual(merge(b, a));
        expect(merge(merge(a, b), c)).toEqual(merge(a, merge(b, c)));
        expect(merge(a, [])).toEqual(a);
      }),
    );
    expect(merge([1, 2], [0, 1, 4])).toEqual([1, 3, 4]);
  });

  it("has a quantile that climbs with p, inside the bins that hold counts", () => {
    const chance = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(counts, chance, chance, (histogram, p, other) => {
        const [low, high] = [Math.min(p, other), Math.max(p, other)];
        const position = quantilePosition(histogram, low);
        expect(position).toBeLessThanOrEqual(quantilePosition(histogram, high));
        expect(position).toBeGreaterThanOrEqual(0);
        expect(position).toBeLessThanOrEqual(histogram.length);
      }),
    );
    expect(quantilePosition([0, 4, 0], 0.5)).toBe(1.5);
    expect(quantilePosition([], 0.5)).toBe(0);
    expect(quantilePosition([0, 0], 0.5)).toBe(0);
  });
});
