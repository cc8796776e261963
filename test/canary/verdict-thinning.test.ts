import { describe, expect, it } from "vitest";
import { expendable, type VerdictMark } from "#src/canary/verdict-thinning.ts";

const hourMs = 3_600_000;
const nowMs = 1_000 * hourMs;

function kept(marks: readonly VerdictMark[]): readonly VerdictMark[] {
  const gone = new Set(expendable(marks, nowMs));
  return marks.filter(({ seq }) => !gone.has(seq));
}

/** One a second for some hours up to now. */
function everySecond(hours: number, over: (at: number) => Partial<VerdictMark> = () => ({})) {
  return Array.from({ length: hours * 3_600 }, (_, at) => ({
    seq: at,
    atMs: nowMs - hours * hourMs + 1_000 * (at + 1),
    moved: false,
    turned: false,
    ...over(at),
  }));
}

describe("stored verdicts", () => {
  it("thin out with their age, and the last minute stays whole", () => {
    const left = kept(everySecond(6));
    expect(left.filter(({ atMs }) => nowMs - atMs <= 60_000)).toHaveLength(61);
    expect(left.length).toBeLessThan(61 + 61 + 7);
    expect(left.length).toBeGreaterThan(60 + 59 + 4);
  });

  it("stay for good where they moved something, and turning points nearly so", () => {
    const marks = everySecond(3, (at) => ({ moved: at === 1_500, turned: at % 997 === 5 }));
    const left = new Set(kept(marks).map(({ seq }) => seq));
    const must = marks.filter(({ moved, turned }) => moved || turned);
    expect(must.length).toBeGreaterThan(8);
    expect(must.filter(({ seq }) => !left.has(seq))).toEqual([]);
    const old = [{ seq: 1, atMs: 0, moved: true, turned: true }];
    expect(expendable(old, nowMs)).toEqual([]);
  });

  it("are bounded however much they turn and however long it takes", () => {
    const restless = everySecond(2, () => ({ turned: true }));
    expect(kept(restless).length).toBeLessThan(600);
    const long = Array.from({ length: 20_000 }, (_, at) => ({
      seq: at,
      atMs: nowMs - (20_000 - at) * 600_000,
      moved: false,
      turned: true,
    }));
    expect(kept(long).length).toBeLessThan(1_300);
  });

  it("thinning what was thinned takes nothing more", () => {
    const once = kept(everySecond(5, (at) => ({ turned: at % 50 === 0 })));
    expect(expendable(once, nowMs)).toEqual([]);
  });
});
