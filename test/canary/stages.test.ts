import { describe, expect, it } from "vitest";
import { completed, endOf, stagesFor, usualStages } from "#src/canary/stages.ts";
import { fc } from "../property.ts";

const dayMs = 86_400_000;
const floors = { minViews: 200, bakeMs: 0, maxStageMs: 7 * dayMs, before: 0 };

/** A site's units of the canary a day, at every share. */
const at = (unitsADay: number) => (sharePpm: number) => (unitsADay * sharePpm) / 1_000_000;

describe("stages by traffic", () => {
  it("are the usual ones where traffic is not known, and where there is plenty", () => {
    expect(stagesFor(() => null)).toEqual(usualStages);
    expect(stagesFor(at(10_000_000))).toEqual(usualStages);
  });

  it("end by themselves for every site that has a hundred views a day: in a week each, most in two days", () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 50_000_000 }), (views) => {
        const stages = stagesFor(at(views));
        const ends = stages.map((stage) => endOf(stage, at(views)(stage.sharePpm), floors));
        for (const [place, { readyAfterMs, waitsFor }] of ends.entries()) {
          const isLast = place === stages.length - 1;
          const days = place < stages.length - 2 ? 2 : 7;
          expect(waitsFor === "person").toBe(isLast);
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

  it("of a site with two hundred views a day are one half at once, which has its units in two days", () => {
    const stages = stagesFor(at(200));
    expect(stages.map(({ sharePpm, minViews, mode }) => [sharePpm, minViews, mode])).toEqual([
      [500_000, 200, "manual"],
    ]);
    const [half] = stages.map((stage) => endOf(stage, 100, floors));
    expect(half).toEqual({ waitsFor: "person", readyAfterMs: 2 * dayMs });
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
    const much = { ...stage, minViews: 40_000 };
    expect(endOf(stage, 40_000, floors)).toEqual({ waitsFor: "time", readyAfterMs: dayMs });
    expect(endOf(much, 10_000, floors)).toEqual({ waitsFor: "units", readyAfterMs: 4 * dayMs });
    expect(endOf(stage, 12_750, floors)).toEqual({ waitsFor: "proof", readyAfterMs: 2 * dayMs });
    const sooner = { ...floors, before: 12_750 };
    expect(endOf(stage, 12_750, sooner).waitsFor).toBe("units");
    const manual = { ...stage, mode: "manual" } as const;
    expect(endOf(manual, 10_000, floors)).toEqual({ waitsFor: "person", readyAfterMs: 2 * dayMs });
  });

  it("is a person's where proof takes longer than the policy lets a stage last", () => {
    const quarter = { ...stage, sharePpm: 250_000, minViews: 200 };
    const asked = { waitsFor: "person", readyAfterMs: 7 * dayMs };
    expect(endOf(quarter, 50, floors)).toEqual(asked);
    expect(endOf(quarter, 200, floors).waitsFor).toBe("proof");
  });

  it("is not in sight where the units would take more than a year", () => {
    expect(endOf(stage, 1, floors)).toEqual({ waitsFor: "units", readyAfterMs: null });
    expect(endOf(stage, 0, floors)).toEqual({ waitsFor: "units", readyAfterMs: null });
  });
});
