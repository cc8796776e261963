import { describe, expect, it } from "vitest";
import { foldBatch } from "#src/canary/evidence.ts";
import { judge } from "#src/canary/judge.ts";
import type { VerdictInput } from "#src/canary/verdict-input.ts";
import { fc } from "../property.ts";
import {
  allBroken,
  fold,
  fourKinds,
  harmed,
  inputOf,
  nothing,
  numbersOf,
  scene,
  trialFor,
  usual,
  view,
  type Columns,
} from "./trials.ts";

const same = inputOf(scene({ units: 6_000, control: usual, canary: usual }));

const better: Columns = (at) => {
  const { ms, bytes } = usual(at) as { ms: number; bytes: number };
  return { errors: 0, ms: ms / 2, bytes: bytes / 2, hit: true };
};

describe("the judge", () => {
  it("lets a ramp go on whose arms do the same", () => {
    const verdict = judge(same);
    expect(verdict).toMatchObject({ action: "advance", step: "advance", needsPerson: false });
    expect(verdict.units).toEqual({ control: 6_000, canary: 6_000 });
  });

  it.each([
    ["errors", (page: object, at: number) => ({ ...page, errors: at % 10 === 0 ? 1 : 0 })],
    ["time_p75", (page: { ms: number }) => ({ ...page, ms: page.ms * 1.5 })],
    ["bytes", (page: { bytes: number }) => ({ ...page, bytes: page.bytes * 1.1 })],
    ["hits", (page: object, at: number) => ({ ...page, hit: at % 5 < 2 })],
  ])("takes back what does harm, and names it: %s", (name, worsen) => {
    const canary: Columns = (at) => worsen(usual(at) as never, at);
    const verdict = judge(inputOf(scene({ units: 2_000, control: usual, canary })));
    expect(verdict).toMatchObject({ action: "rollback", step: "rollback", needsPerson: true });
    expect(harmed(verdict)).toEqual([name]);
    expect(numbersOf(verdict, name)?.isUnharmed).toBe(false);
  });

  it("does not take back what does good", () => {
    const verdict = judge(inputOf(scene({ units: 6_000, control: usual, canary: better })));
    expect(verdict.action).toBe("advance");
    expect(verdict.guardrails.every(({ lnE }) => lnE < 0)).toBe(true);
  });

  it("sees total breakage at the first look", () => {
    const verdict = judge(inputOf(scene({ units: 20, control: usual, canary: allBroken })));
    expect(harmed(verdict)).toEqual(["errors"]);
  });

  it("gives the same verdict on the same input, stored and read again", () => {
    const stored = JSON.parse(JSON.stringify(same)) as VerdictInput;
    expect(judge(stored)).toEqual(judge(same));
  });

  it("is not moved by a batch that is retried", () => {
    const events = Array.from({ length: 500 }, (_, at) =>
      view(at + 1, at % 2 === 0 ? "canary" : "control", { columns: usual(at) }),
    );
    const once = fold(nothing, trialFor(fourKinds), events);
    const twice = foldBatch(once, trialFor(fourKinds), { shard: "shard-0", events });
    expect(twice.ok && judge(inputOf(twice.value))).toEqual(judge(inputOf(once)));
  });
});

/** Every number in a value. */
function numbersIn(value: unknown): number[] {
  if (typeof value === "number") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(numbersIn) : [];
}

function oneUnit(arm: "canary" | "control") {
  return fold(nothing, trialFor(fourKinds), [view(1, arm, { columns: usual(0) })]);
}

const constant: Columns = () => ({ errors: 0, ms: 100, bytes: 1_000, hit: true });
const allBad: Columns = () => ({ errors: 1, ms: 120_000, bytes: 1e12, hit: false });

describe("with next to nothing to go by, the judge waits", () => {
  it.each([
    ["no unit", nothing],
    ["one unit of the canary", oneUnit("canary")],
    ["one unit of the control", oneUnit("control")],
    ["one unit of each", scene({ units: 1, control: usual, canary: usual })],
    ["no variance", scene({ units: 6_000, control: constant, canary: constant })],
    ["everything bad in both arms", scene({ units: 6_000, control: allBad, canary: allBad })],
    ["columns that never come", scene({ control: () => ({}), canary: () => ({}) })],
    ["columns of the canary that never come", scene({ control: usual, canary: () => ({}) })],
  ])("%s", (_, evidence) => {
    const verdict = judge(inputOf(evidence));
    expect(verdict.action).toBe("hold");
    expect(numbersIn(verdict).every(Number.isFinite)).toBe(true);
  });

  it("whatever the counts, every number is finite", () => {
    const unit = fc.record({
      arm: fc.constantFrom("canary" as const, "control" as const),
      bucket: fc.nat(63),
      columns: fc.record(
        {
          errors: fc.oneof(fc.nat(3), fc.constant(null)),
          ms: fc.double(),
          bytes: fc.oneof(fc.double(), fc.constantFrom(0, 1e99, -1e99)),
          hit: fc.oneof(fc.boolean(), fc.constant("yes")),
        },
        { requiredKeys: [] },
      ),
    });
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 300 }), fc.nat(3), (units, repeat) => {
        const events = Array.from({ length: repeat + 1 }, () => units)
          .flat()
          .map(({ arm, bucket, columns }, at) => view(at + 1, arm, { bucket, columns }));
        const input = inputOf(fold(nothing, trialFor(fourKinds), events));
        expect(numbersIn(judge(input)).every(Number.isFinite)).toBe(true);
        expect(numbersIn(input).every(Number.isFinite)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
