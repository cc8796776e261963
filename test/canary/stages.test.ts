import { describe, expect, it } from "vitest";
import { completed, endOf, stagesFor, usualStages } from "#src/canary/stages.ts";
import { fc } from "../property.ts";

const dayMs = 86_400_000;
const floors = { minViews: 200, bakeMs: 0 };

/** A site's units of the canary a day, at every share. */
const at = (unitsADay: number) => (sharePpm: number) => (unitsADay * sharePpm) / 1_000_000;

describe("stages by traffic", () => {
  it("are the usual ones where traffic is not known, and where there is plenty", () => {
    expect(stagesFor(() => null)).toEqual(usualStages);
    expect(stagesFor(at(10_000_000))).toEqual(usualStages);
  });

  it("end for every site that has a hundred views a day: in a week each, most in a day", () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 50_000_000 }), (views) => {
        const stages = stagesFor(at(views));
        const ends = stages.map((stage) => endOf(stage, at(views)(stage.sharePpm), floors));
        for (const [place, { readyAfterMs }] of ends.entries()) {
          const days = place < stages.length - 2 ? 1 : 7;
          expect(readyAfterMs).not.toBeNull();
          expect(readyAfterMs).toBeLessThanOrEqual(days * dayMs);
        }
      }),
    );
  });

  it("never ask for more than the usual units, nor for fewer than a judge takes", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 50_000_000 }), (views) => {
        for (const { sharePpm, minViews } of stagesFor(at(views))) {
          const usual = usualStages.find((each) => each.sharePpm === sharePpm);
          expect(minViews).toBeLessThanOrEqual(usual?.minViews ?? 0);
          expect(minViews).toBeGreaterThanOrEqual(200);
        }
      }),
    );
  });

  it("of a site with forty views a minute begin at 1 % and end within two days each", () => {
    expect(stagesFor(at(40 * 1_440)).map(({ sharePpm, minViews }) => [sharePpm, minViews])).toEqual(
      [
        [10_000, 500],
        [50_000, 2_000],
        [250_000, 10_000],
        [500_000, 20_000],
      ],
    );
  });

  it("that an author left half open are filled, and what was said stays", () => {
    const wanted = [
      { sharePpm: 20_000 },
      { sharePpm: 300_000, minViews: 7, mode: "manual" as const },
    ];
    expect(completed(wanted, at(57_600))).toEqual([
      { sharePpm: 20_000, minTimeMs: 3_600_000, minViews: 1_000, mode: "judged" },
      { sharePpm: 300_000, minTimeMs: 3_600_000, minViews: 7, mode: "manual" },
    ]);
  });
});

describe("a stage's end", () => {
  const stage = { sharePpm: 500_000, minTimeMs: dayMs, minViews: 20_000, mode: "judged" } as const;

  it("is named after what comes last", () => {
    expect(endOf(stage, 40_000, floors)).toEqual({ waitsFor: "time", readyAfterMs: dayMs });
    expect(endOf(stage, 10_000, floors)).toEqual({ waitsFor: "units", readyAfterMs: 2 * dayMs });
    const manual = { ...stage, mode: "manual" } as const;
    expect(endOf(manual, 10_000, floors)).toEqual({ waitsFor: "person", readyAfterMs: 2 * dayMs });
  });

  it("is not in sight where the units would take more than a year", () => {
    expect(endOf(stage, 1, floors)).toEqual({ waitsFor: "units", readyAfterMs: null });
    expect(endOf(stage, 0, floors)).toEqual({ waitsFor: "units", readyAfterMs: null });
  });
});
