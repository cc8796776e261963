import { fc } from "../property.ts";
import { describe, expect, it } from "vitest";
import { Lru } from "#base/lru.ts";

describe("Lru", () => {
  it("never holds more weight than its bound, and says how much it holds", () => {
    const operation = fc.record({
      key: fc.constantFrom("a", "b", "c", "d", "e"),
      weight: fc.integer({ min: 0, max: 12 }),
      kind: fc.constantFrom("get", "set", "delete"),
    });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
        const lru = new Lru<number>(10);
        for (const { key, weight, kind } of operations) {
          if (kind === "get") lru.get(key);
          else if (kind === "set") lru.set(key, weight, weight);
          else lru.delete(key);
          const held = ["a", "b", "c", "d", "e"].map((k) => lru.get(k) ?? 0);
          expect(lru.weight).toBe(held.reduce((sum, w) => sum + w, 0));
          expect(lru.weight).toBeLessThanOrEqual(10);
        }
      }),
    );
  });

  it("drops the entry that was not used for the longest time", () => {
    const lru = new Lru<string>(2);
    lru.set("a", "A");
    lru.set("b", "B");
    lru.get("a");
    lru.set("c", "C");
    expect([lru.get("a"), lru.get("b"), lru.get("c")]).toEqual(["A", undefined, "C"]);
  });

  it("refuses an entry heavier than the bound without emptying itself", () => {
    const lru = new Lru<string>(2);
    lru.set("a", "A");
    lru.set("giant", "G", 3);
    expect([lru.get("a"), lru.get("giant"), lru.size]).toEqual(["A", undefined, 1]);
  });
});
