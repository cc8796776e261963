import { describe, expect, it } from "vitest";
import golden from "../vectors/flagd-fractional.json" with { type: "json" };
import { murmur3 } from "#base/murmur3.ts";
import {
  armOfHash,
  armOfPlace,
  armPlaces,
  armSizes,
  armWeights,
  places,
  type Arm,
} from "#flags/arms.ts";
import { bucket, hashLimit, maxTotalWeight } from "#flags/bucket.ts";
import { fc } from "../property.ts";

const hash = fc.integer({ min: 0, max: 0xffffffff });
const total = fc.integer({ min: 1, max: maxTotalWeight });
const share = fc.integer({ min: 1, max: places });
const place = fc.integer({ min: 0, max: places - 1 });
const holdout = fc.integer({ min: 10_000, max: 500_000 });

describe("bucket", () => {
  it.each(golden.vectors)("puts $flagKey$targetingKey where flagd does", (vector) => {
    expect(bucket(vector.murmur3_u32, 1_000)).toBe(vector.bucket_of_1000);
  });

  it("is exact up to the largest total weight", () => {
    fc.assert(
      fc.property(hash, total, (h, t) => {
        expect(bucket(h, t)).toBe(Number((BigInt(h) * BigInt(t)) >> 32n));
      }),
      { numRuns: 5_000 },
    );
    expect(bucket(0xffffffff, maxTotalWeight)).toBe(maxTotalWeight - 1);
  });

  it("says the same as the limits on the hash", () => {
    const around = fc.integer({ min: -2, max: 2 });
    fc.assert(
      fc.property(total, fc.nat(), around, (t, seed, offset) => {
        const at = seed % (t + 1);
        const limit = hashLimit(at, t);
        const h = Math.min(Math.max(limit + offset, 0), 0xffffffff);
        expect(h >= limit).toBe(bucket(h, t) >= at);
      }),
      { numRuns: 5_000 },
    );
  });
});

describe("armPlaces", () => {
  it("never moves a unit out of the canary when the share grows", () => {
    const ramps = fc.record({
      shares: fc.array(share, { minLength: 2 }),
      holdoutPpm: holdout,
      place,
    });
    fc.assert(
      fc.property(ramps, ({ shares, holdoutPpm, place: at }) => {
        const ramp = shares.toSorted((left, right) => left - right);
        const arms = ramp.map((sharePpm) => armOfPlace(at, armPlaces({ sharePpm, holdoutPpm })));
        const first = arms.indexOf("canary");
        const since = first === -1 ? [] : arms.slice(first);
        expect(since.filter((arm) => arm !== "canary")).toEqual([]);
      }),
      { numRuns: 2_000 },
    );
  });

  it("keeps control in control until it shrinks, and lets it out into the canary alone", () => {
    const ramps = fc.record({ from: share, growth: fc.nat(places), holdoutPpm: holdout, place });
    fc.assert(
      fc.property(ramps, ({ from, growth, holdoutPpm, place: at }) => {
        const to = Math.min(from + growth, places);
        const [before, after] = [from, to].map((sharePpm) =>
          armOfPlace(at, armPlaces({ sharePpm, holdoutPpm })),
        );
        fc.pre(before === "control");
        const lawful = to <= places / 2 ? ["control"] : ["control", "canary"];
        expect(lawful).toContain(after);
      }),
      { numRuns: 2_000 },
    );
  });

  it("gives control as much as the canary up to one half, and then what is left or the hold-out", () => {
    fc.assert(
      fc.property(share, holdout, (sharePpm, holdoutPpm) => {
        const sizes = sizesAt(sharePpm, holdoutPpm);
        const left = Math.max(places - sharePpm, holdoutPpm);
        const control = sharePpm <= places / 2 ? sharePpm : left;
        expect(sizes).toEqual({
          control,
          canary: sharePpm <= places / 2 ? sharePpm : places - left,
          rest: sharePpm <= places / 2 ? places - 2 * sharePpm : 0,
        });
      }),
    );
    expect(sizesAt(places, 10_000)).toEqual({ canary: 990_000, control: 10_000, rest: 0 });
  });

  it("has arms of the sizes that it tells, which add up to everybody", () => {
    fc.assert(
      fc.property(share, holdout, (sharePpm, holdoutPpm) => {
        const sizes: Record<Arm, number> = { canary: 0, control: 0, rest: 0 };
        for (const [arm, weight] of armWeights(armPlaces({ sharePpm, holdoutPpm }))) {
          sizes[arm] += weight;
        }
        expect(armSizes({ sharePpm, holdoutPpm })).toEqual(sizes);
        expect(sizes.canary + sizes.control + sizes.rest).toBe(places);
      }),
    );
    const half = { sharePpm: 500_000, holdoutPpm: 10_000 };
    expect(armSizes(half)).toEqual({ canary: 500_000, control: 500_000, rest: 0 });
    const all = { sharePpm: places, holdoutPpm: 20_000 };
    expect(armSizes(all)).toEqual({ canary: 980_000, control: 20_000, rest: 0 });
  });

  it("gives shares that are right to three standard errors from 1 ppm to 100 %", () => {
    const units = 200_000;
    const hashes = Array.from({ length: units }, (_, unit) => murmur3(`share-seed-1/u${unit}`));
    for (const sharePpm of [1, 10, 100, 1_000, 10_000, 50_000, 250_000, 500_000, 900_000, places]) {
      const at = armPlaces({ sharePpm, holdoutPpm: 10_000 });
      for (const arm of ["canary", "control"] as const) {
        const expected = sizesAt(sharePpm, 10_000)[arm] / places;
        const seen = hashes.filter((each) => armOfHash(each, at) === arm).length;
        const error = Math.sqrt(units * expected * (1 - expected));
        expect(Math.abs(seen - units * expected), `${arm} at ${sharePpm}`).toBeLessThanOrEqual(
          3 * error,
        );
      }
    }
  });

  it("makes the arms of two flags independent of one another (χ², 4 degrees, p > 0.001)", () => {
    const at = armPlaces({ sharePpm: 300_000, holdoutPpm: 10_000 });
    const units = 100_000;
    const counts = new Map<string, number>();
    for (let unit = 0; unit < units; unit += 1) {
      const pair = ["seed-of-one", "seed-of-two"].map((seed) =>
        armOfHash(murmur3(`${seed}account-${unit}`), at),
      );
      counts.set(pair.join(), (counts.get(pair.join()) ?? 0) + 1);
    }
    expect(chiSquare(counts, units)).toBeLessThan(18.467);
    const alike = new Map(
      [...counts.keys()].map((pair) => [pair, pair === "canary,canary" ? units : 1]),
    );
    expect(chiSquare(alike, units)).toBeGreaterThan(18.467);
  });
});

function sizesAt(sharePpm: number, holdoutPpm: number): Record<Arm, number> {
  const sizes = { canary: 0, control: 0, rest: 0 };
  for (const [arm, weight] of armWeights(armPlaces({ sharePpm, holdoutPpm }))) sizes[arm] += weight;
  return sizes;
}

/** Against independence with shares of 30 %, 30 % and 40 %. */
function chiSquare(counts: ReadonlyMap<string, number>, units: number): number {
  const shares = { canary: 0.3, control: 0.3, rest: 0.4 };
  let sum = 0;
  for (const [first, share1] of Object.entries(shares)) {
    for (const [second, share2] of Object.entries(shares)) {
      const expected = units * share1 * share2;
      sum += ((counts.get(`${first},${second}`) ?? 0) - expected) ** 2 / expected;
    }
  }
  return sum;
}
