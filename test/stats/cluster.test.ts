import { fc } from "../property.ts";
import { describe, expect, it } from "vitest";
import { designEffect } from "#src/stats/cluster.ts";
import type { ArmSums } from "#src/stats/mean.ts";
import { relativeError } from "./relative-error.ts";

/** Sums of a bucket's values. */
function bucketOf(values: readonly number[]): ArmSums {
  const sum = values.reduce((total, value) => total + value, 0);
  const sumSq = values.reduce((total, value) => total + value * value, 0);
  return { n: values.length, sum, sumSq };
}

const bucket = fc.array(fc.integer({ min: -1000, max: 1000 }), { maxLength: 8 });
const buckets = fc.array(bucket, { minLength: 2, maxLength: 12 });
const anyNumber = fc.oneof(fc.constantFrom(0, 1, Number.MAX_SAFE_INTEGER, 1e308), fc.double());

describe("the design effect", () => {
  it("is B/(B − 1) · Σ(X_b − x̄N_b)²/(ΣN)² over the variance of independent units", () => {
    const halves = [bucketOf([0, 0]), bucketOf([1, 1])];
    // x̄ = ½; each bucket is 1 away: 2 · (1 + 1)/16 = ¼, against (1/3)/4 = 1/12.
    expect(designEffect(halves)).toBeCloseTo(3, 12);
    expect(designEffect([...halves, bucketOf([])])).toBeCloseTo((3 / 2) * (2 / 16) * 12, 12);
  });

  it("is about the number of views of a visitor when visitors never vary", () => {
    const visitors = Array.from({ length: 64 }, (_, visitor) => (visitor * 37) % 101);
    const once = designEffect(visitors.map((value) => bucketOf([value])));
    const often = designEffect(visitors.map((value) => bucketOf([value, value, value, value])));
    expect(once).toBeCloseTo(1, 12);
    expect(often).toBeCloseTo(4 * (255 / 256) * (64 / 63), 9);
  });

  it("is one when every bucket looks like the whole", () => {
    expect(designEffect([bucketOf([1, 2, 3]), bucketOf([3, 2, 1]), bucketOf([2, 3, 1])])).toBe(1);
  });

  it("does not know the order of buckets, nor the unit, nor where zero lies", () => {
    fc.assert(
      fc.property(buckets, (values) => {
        const effect = designEffect(values.map(bucketOf));
        const turned = designEffect(values.toReversed().map(bucketOf));
        const moved = designEffect(values.map((vs) => bucketOf(vs.map((v) => 8 * v - 512))));
        expect(effect).toBeGreaterThanOrEqual(1);
        expect(relativeError(turned, effect)).toBeLessThan(1e-9);
        expect(relativeError(moved, effect)).toBeLessThan(1e-9);
      }),
    );
  });

  it("is finite and at least one whatever it is given", () => {
    const anyBucket = fc.record({ n: anyNumber, sum: anyNumber, sumSq: anyNumber });
    fc.assert(
      fc.property(fc.array(anyBucket), (given) => {
        expect(designEffect(given)).toSatisfy(Number.isFinite);
        expect(designEffect(given)).toBeGreaterThanOrEqual(1);
      }),
    );
    expect([designEffect([]), designEffect([bucketOf([1, 2])])]).toEqual([1, 1]);
    expect(designEffect([bucketOf([5]), bucketOf([5, 5])])).toBe(1);
  });
});
