// What an author of flags can make a request cost. Steps are counted, not time.
import { describe, expect, it } from "vitest";
import { compileFlags } from "#flags/compile.ts";
import { parseFlagSet } from "#flags/definition.ts";
import { evaluate } from "#flags/evaluate.ts";
import { maxCompileSteps, maxRunSteps } from "#flags/logic/budget.ts";
import { compileLogic } from "#flags/logic/compile-logic.ts";
import type { Json } from "#flags/logic/expression.ts";
import { fc } from "../property.ts";
import { contexts, expression } from "./targetings.ts";

const digits: Json = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
/** As many elements, which nobody knows before a request comes. */
const ten: Json = { merge: [digits, { var: "a" }] };

/** Loops in one another over ten elements each: work of 10^depth. */
function loops(name: string, depth: number, body: (inner: Json) => Json): Json {
  const inner: Json = depth === 1 ? { var: "" } : loops(name, depth - 1, body);
  return { [name]: [depth % 2 === 0 ? ten : digits, body(inner)] };
}

const same = (inner: Json): Json => inner;

const doublings = Array.from({ length: 40 }, (_, at) => at);
const twice = { var: "accumulator" };

const bombs: readonly (readonly [what: string, logic: Json])[] = [
  ["loops in loops", loops("map", 9, same)],
  ["loops in loops that a condition asks", { some: [loops("map", 9, same), false] }],
  ["text that doubles", { reduce: [{ var: "forty" }, { cat: [twice, twice] }, { var: "plan" }] }],
  ["constant text that doubles", { reduce: [doublings, { cat: [twice, twice] }, "abc"] }],
  ["a list that doubles", { reduce: [doublings, { merge: [twice, twice] }, [{ var: "plan" }]] }],
  ["a constant list that doubles", { reduce: [doublings, { merge: [twice, twice] }, [1, 2]] }],
  [
    "a bomb behind try",
    { try: [{ map: [digits, { try: [loops("map", 8, same), loops("map", 8, same)] }] }, "on"] },
  ],
];

/** Runs it; whether it was stopped, at compiling or at running. */
function isStopped(logic: Json, context: object): boolean {
  try {
    compileLogic(logic, "flag").run(context);
    return false;
  } catch (error) {
    return error instanceof Error && error.message.includes("more steps");
  }
}

describe("the budget of a targeting", () => {
  it.each(bombs)("stops %s", (_, logic) => {
    expect(JSON.stringify(logic).length).toBeLessThan(3_000);
    expect(isStopped(logic, { a: [], plan: "pro", forty: doublings })).toBe(true);
  });

  it("stops a search for a long text in a longer one", () => {
    const logic: Json = { in: [{ var: "part" }, { var: "whole" }] };
    const whole = "a".repeat(8_000);
    expect(isStopped(logic, { whole, part: `b${"a".repeat(4_000)}` })).toBe(true);
    expect(isStopped(logic, { whole, part: "aab" })).toBe(false);
  });

  it("refuses more expressions than a request may evaluate", () => {
    const conditions = Array.from({ length: 2_000 }, (_, at) => ({ "==": [{ var: "a" }, at] }));
    expect(isStopped({ or: conditions }, {})).toBe(true);
  });

  it("lets pass what people write", () => {
    const logic: Json = {
      and: [
        { some: [{ var: "tags" }, { in: [{ var: "" }, ["beta", "staff"]] }] },
        { ">": [{ reduce: [{ var: "sizes" }, { "+": [twice, { var: "current" }] }, 0] }, 3] },
      ],
    };
    const many = Array.from({ length: 100 }, (_, at) => at);
    const run = compileLogic(logic, "flag").run;
    expect(run({ tags: ["a", "staff"], sizes: many })).toBe(true);
    expect(run({ tags: ["a"], sizes: many })).toBe(false);
  });

  it("begins anew with each evaluation", () => {
    const { run } = compileLogic({ map: [{ var: "a" }, { var: "" }] }, "flag");
    const hundred = Array.from({ length: 100 }, (_, at) => at);
    for (let time = 0; time < 100; time += 1) expect(run({ a: hundred })).toEqual(hundred);
  });

  it("answers an error of its own flag, and leaves the others alone", () => {
    const variants = { on: true, off: false };
    const flagOf = (targeting: Json): object => ({ state: "ENABLED", variants, targeting });
    const parsed = parseFlagSet({
      flags: {
        bomb: flagOf({ if: [{ reduce: [{ var: "a" }, { cat: [twice, twice] }, "ab"] }, "on"] }),
        well: flagOf({ if: [{ "==": [{ var: "plan" }, "pro"] }, "on", "off"] }),
        constant: flagOf({ if: [loops("map", 7, same), "on", "on"] }),
      },
    });
    if (!parsed.ok) throw new Error("the test's own flags are wrong");
    const set = compileFlags(parsed.value);
    const subject = { context: { plan: "pro", a: doublings }, nowMs: 0 };
    expect(evaluate(set, "well", subject).value).toBe(true);
    expect(evaluate(set, "bomb", subject).errorCode).toBe("GENERAL");
    expect(evaluate(set, "constant", subject).errorCode).toBe("PARSE_ERROR");
    expect(set.faults).toEqual(["constant"]);
  });

  it("bounds whatever expression: what passes took no more steps than there are", () => {
    fc.assert(
      fc.property(expression(5), (logic) => {
        let steps = 0;
        const counting = (value: unknown): unknown => {
          steps += 1;
          return value;
        };
        const watched = contexts.map(
          (context) =>
            new Proxy(context, { get: (target, name) => counting(Reflect.get(target, name)) }),
        );
        try {
          const { run } = compileLogic(logic, "flag");
          steps = 0;
          for (const context of watched) run(context);
        } catch {}
        expect(steps).toBeLessThanOrEqual(contexts.length * maxRunSteps + maxCompileSteps);
      }),
    );
  });
});
