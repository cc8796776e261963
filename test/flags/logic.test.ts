import { FeatureFlag } from "@openfeature/flagd-core";
import { describe, expect, it } from "vitest";
import { compileLogic } from "#flags/logic/compile-logic.ts";
import { contextMark } from "#flags/logic/contextual.ts";
import type { Json } from "#flags/logic/expression.ts";
import { fc } from "../property.ts";
import { contexts, expression } from "./targetings.ts";

const silent = { error() {}, warn() {}, info() {}, debug() {} };

/** A targeting alone, in flagd-core: the value before it becomes a variant's name. */
function reference(targeting: Json): ((context: object) => unknown) | undefined {
  const definition = { state: "ENABLED", variants: {}, targeting };
  const flag = new FeatureFlag("flag", definition as never, silent) as unknown as {
    _targeting?: { evaluate: (key: string, context: object, logger: object) => unknown };
  };
  const targetingOf = flag._targeting;
  return targetingOf && ((context) => targetingOf.evaluate("flag", context, silent));
}

function ours(targeting: Json): ((context: object) => unknown) | undefined {
  try {
    const logic = compileLogic(targeting, "flag");
    const $flagd = { flagKey: "flag", timestamp: 0 };
    return (context) =>
      logic.run(logic.needsContext ? { ...context, $flagd, [contextMark]: true } : context);
  } catch {
    return undefined;
  }
}

/** What comes out, as text: kinds of numbers, undefined and failures are told apart. */
function outcome(run: (context: object) => unknown, context: object): string {
  try {
    return inspect(run(context));
  } catch {
    return "throws";
  }
}

function inspect(value: unknown): string {
  if (typeof value === "object" && value !== null && "targetingKey" in value) return "the context";
  const text = JSON.stringify(value, (key, inner: unknown) => {
    if (key === "$flagd") return "flagd";
    return typeof inner === "number" && !Number.isFinite(inner) ? String(inner) : inner;
  });
  return text ?? "undefined";
}

describe("compileLogic", () => {
  it("evaluates any expression as flagd-core does, failures too", () => {
    fc.assert(
      fc.property(expression(4), (targeting) => {
        fc.pre(typeof targeting === "object" && targeting !== null && !Array.isArray(targeting));
        const expected = reference(targeting);
        const actual = ours(targeting);
        expect(actual === undefined).toBe(expected === undefined);
        if (expected === undefined || actual === undefined) return;
        for (const context of contexts) {
          expect(outcome(actual, context)).toBe(outcome(expected, context));
        }
      }),
      { numRuns: 5_000 },
    );
  });

  it.each<[string, Json, unknown]>([
    ["writes null as text in cat", { cat: ["a", { var: "absent" }] }, "anull"],
    [
      "leaves null out of cat below an if without else",
      { if: [true, { cat: ["a", { var: "absent" }] }] },
      "a",
    ],
    [
      "lets or capture what stands left of it in cat",
      { cat: ["a", { or: [{ var: "age" }, 1] }] },
      42,
    ],
    [
      "finds a missing value on the right not equal to zero",
      { "==": [0, { var: "absent" }] },
      false,
    ],
    ["finds a missing value on the left equal to zero", { "==": [{ var: "absent" }, 0] }, true],
    ["finds zero equal to null", { "==": [{ var: "zero" }, null] }, true],
    ["refuses to compare a text with a number", { "==": [{ var: "plan" }, 1] }, "throws"],
    ["but not the other way round", { "==": [1, { var: "plan" }] }, false],
    [
      "knows no flagd operators inside iterators",
      { some: [{ var: "tags" }, { starts_with: [{ var: "" }, "a"] }] },
      "throws",
    ],
  ])("%s, as flagd-core does", (_law, targeting, value) => {
    const context = contexts[1] ?? {};
    const expected = value === "throws" ? "throws" : inspect(value);
    expect(outcome(ours(targeting) ?? (() => "refused"), context)).toBe(expected);
    expect(outcome(reference(targeting) ?? (() => "refused"), context)).toBe(expected);
  });

  it("reads and orders versions as flagd-core does", () => {
    const version = fc.oneof(
      fc.stringMatching(/^[vV]{0,2}\d{1,2}(\.\d{1,2}){0,3}(-[0-9a-z.-]{0,5})?(\+[0-9a-z.]{0,3})?$/),
      fc.stringMatching(/^1\.0\.0-[01a-]{1,3}(\.[01a-]{1,3}){0,2}$/),
      fc.constantFrom("12345678901234567", "9007199254740993.0.0", "1.12345678901234567", " 1.0.0"),
    );
    const seen = new Set<string>();
    fc.assert(
      fc.property(version, version, (left, right) => {
        for (const relation of ["<", "=", "^", "~"]) {
          const targeting = { sem_ver: [{ var: "left" }, relation, { var: "right" }] };
          const context = { left, right };
          const expected = outcome(reference(targeting) ?? (() => "refused"), context);
          expect(outcome(ours(targeting) ?? (() => "refused"), context)).toBe(expected);
          seen.add(`${relation} ${expected}`);
        }
      }),
      { numRuns: 1_000 },
    );
    expect(seen.size).toBe(12);
  });

  it.each<Json>([
    { unheard_of: [1] },
    { "==": [1, 1], "!=": [1, 1] },
    { "+": ["text", { var: "age" }] },
    { if: [{ var: "a" }, { "<": ["abc", 1] }, 1] },
  ])("refuses %j when it is compiled", (targeting) => {
    expect(ours(targeting)).toBeUndefined();
    expect(reference(targeting)).toBeUndefined();
  });

  it("leads no path to a constructor or a prototype", () => {
    const keys = ["constructor", "__proto__", "toString", "constructor.name", "device.__proto__"];
    for (const key of keys) {
      expect(ours({ var: [key, "safe"] })?.(contexts[1] ?? {})).toBe("safe");
      expect(ours({ val: key.split(".") })?.(contexts[1] ?? {})).toBeNull();
      expect(ours({ missing: [key] })?.(contexts[1] ?? {})).toEqual([key]);
    }
  });

  it.each(["constructor", "__proto__", "toString", "hasOwnProperty"])(
    "knows no operator %s that every object inherits",
    (name) => {
      expect(ours(JSON.parse(`{"${name}":[1]}`) as Json)).toBeUndefined();
    },
  );

  it("compiles nested splits, quotients and filters in linear time", () => {
    let targeting: Json = { var: "age" };
    for (let depth = 0; depth < 40; depth += 1) {
      targeting = { fractional: [["a", { "/": [{ filter: [[1], { length: targeting }] }, 2] }]] };
    }
    expect(ours(targeting)).toBeDefined();
  });
});
