import { describe, expect, it } from "vitest";
import { homeOf, placeOf } from "#rum/window/ring.ts";
import { fc } from "../../property.ts";

const hash = fc.nat({ max: 0xffff_ffff });
const places = fc.integer({ min: 1, max: 200 });

describe("the ring", () => {
  it("places a hash among the places that there are", () => {
    fc.assert(
      fc.property(hash, places, (one, count) => {
        const place = placeOf(one, count);
        expect(Number.isInteger(place) && place >= 0 && place < count).toBe(true);
      }),
      { numRuns: 5_000 },
    );
  });

  it("moves a view to the new place or not at all, when there is one more", () => {
    fc.assert(
      fc.property(hash, places, (one, count) => {
        const before = placeOf(one, count);
        expect([before, count]).toContain(placeOf(one, count + 1));
      }),
      { numRuns: 5_000 },
    );
  });

  it("gives each shard its fair share of views, within a tenth", () => {
    const count = 8;
    const views = 80_000;
    const taken = new Map<string, number>();
    for (let view = 0; view < views; view += 1) {
      const id = Math.imul(view, 0x9e37_79b1).toString(16).padStart(32, "0");
      const { shard } = homeOf({ shards: count }, id, "EU");
      taken.set(shard, (taken.get(shard) ?? 0) + 1);
    }
    expect(taken.size).toBe(count);
    for (const share of taken.values()) {
      expect(Math.abs((share * count) / views - 1)).toBeLessThan(0.1);
    }
  });

  it("places shards near their visitors, and somewhere where nobody knows the continent", () => {
    const ring = { shards: 1 };
    expect(homeOf(ring, "a", "EU")).toEqual({ shard: "weur-0", region: "weur" });
    expect(homeOf(ring, "a", "AN")).toEqual({ shard: "any-0", region: undefined });
    expect(homeOf(ring, "a", undefined)).toEqual({ shard: "any-0", region: undefined });
  });
});
