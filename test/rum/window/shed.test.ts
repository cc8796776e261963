import { describe, expect, it } from "vitest";
import { backOffMs } from "#rum/window/back-off.ts";
import { isShed, shardBounds, shedShare } from "#rum/window/shed.ts";
import { fc } from "../../property.ts";

const calm = { pendingChars: 0, openViews: 0, storedBytes: 0 };
const names = Object.keys(shardBounds) as (keyof typeof shardBounds)[];

describe("shedding", () => {
  it.each(names)("begins when %s is half full, and leaves nothing when it is full", (name) => {
    const at = (part: number): number => shedShare({ ...calm, [name]: part * shardBounds[name] });
    expect([at(0), at(0.5), at(0.75), at(1), at(3)]).toEqual([0, 0, 0.5, 1, 1]);
  });

  it("lets a view go with all of its beacons, and more views the fuller the shard is", () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.string(), share, share, (view, one, other) => {
        const [less, more] = [Math.min(one, other), Math.max(one, other)];
        expect(isShed(view, less) && !isShed(view, more)).toBe(false);
        expect([isShed(view, 0), isShed(view, 1)]).toEqual([false, true]);
      }),
    );
  });

  it("lets go about the share that it should", () => {
    const views = Array.from({ length: 10_000 }, (_, at) => `view-${at}`);
    const gone = views.filter((view) => isShed(view, 0.3)).length;
    expect(gone / views.length).toBeCloseTo(0.3, 1);
  });
});

describe("backing off", () => {
  it("waits between half and all of a time that doubles up to a minute", () => {
    const random = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), random, (attempts, luck) => {
        const full = Math.min(60_000, 500 * 2 ** (attempts - 1));
        const ms = backOffMs(attempts, luck);
        expect(ms).toBeGreaterThanOrEqual(full / 2);
        expect(ms).toBeLessThanOrEqual(full);
      }),
    );
  });

  it("never comes earlier than it was asked to", () => {
    expect(backOffMs(1, 0, 90_000)).toBe(90_000);
  });
});
