import { describe, expect, it } from "vitest";
import { compileFlags } from "#flags/compile.ts";
import { parseFlagSet, parseFlagSetText, type FlagSet } from "#flags/definition.ts";
import { evaluate, expectType } from "#flags/evaluate.ts";
import type { Json } from "#flags/logic/expression.ts";

function flag(targeting?: Json): object {
  return { state: "ENABLED", variants: { on: true, off: false }, defaultVariant: "off", targeting };
}

function accepted(input: object): FlagSet {
  const parsed = parseFlagSetText(JSON.stringify(input));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
}

function paths(input: unknown): string[] {
  const parsed = parseFlagSet(input);
  return parsed.ok ? [] : parsed.error.issues.map((issue) => issue.path);
}

function resolve(set: FlagSet, key: string) {
  return evaluate(compileFlags(set), key, { context: { a: 1 }, nowMs: 0 });
}

/** `{"!":[{"!":[…]}]}`. */
function nested(depth: number): Json {
  let logic: Json = { var: "a" };
  for (let level = 0; level < depth; level += 1) logic = { "!": [logic] };
  return logic;
}

/** A search through a list of so many values. */
function wide(values: number): Json {
  return { in: [{ var: "a" }, Array<number>(values).fill(1)] };
}

describe("parseFlagSet", () => {
  it.each<[string, object, string]>([
    ["an unknown state", { ...flag(), state: "ON" }, "flags.f.state"],
    ["variants of two types", { ...flag(), variants: { a: 1, off: "b" } }, "flags.f.variants"],
    ["a null variant", { ...flag(), variants: { off: null } }, "flags.f.variants.off"],
    [
      "a default that names no variant",
      { ...flag(), defaultVariant: "x" },
      "flags.f.defaultVariant",
    ],
    ["a targeting that is a list", { ...flag(), targeting: [] }, "flags.f.targeting"],
    ["nested metadata", { ...flag(), metadata: { a: {} } }, "flags.f.metadata.a"],
    [
      "a variant without a name",
      { ...flag(), variants: { "": true, off: true } },
      "flags.f.variants.",
    ],
  ])("refuses %s and names the field", (_fault, definition, path) => {
    expect(paths({ flags: { f: definition } })).toEqual([path]);
  });

  it("refuses a document without flags, a list, and what is no JSON", () => {
    expect(paths({})).toEqual(["flags"]);
    expect(paths([])).toEqual(["flags"]);
    expect(parseFlagSetText("{").ok).toBe(false);
  });

  it.each(["__proto__", "constructor", "prototype"])("refuses records with the name %s", (name) => {
    const poisoned = `{"${name}":${JSON.stringify(flag())}}`;
    expect(paths(JSON.parse(`{"flags":${poisoned}}`))).toEqual(["flags"]);
    const variants = JSON.parse(`{"${name}":true,"off":false}`) as object;
    expect(paths({ flags: { f: { ...flag(), variants } } })).toEqual(["flags.f.variants"]);
    const evaluators = JSON.parse(`{"flags":{},"$evaluators":{"${name}":true}}`) as unknown;
    expect(paths(evaluators)).toEqual(["$evaluators"]);
  });

  it("refuses targeting nested deeper than it can be compiled, without overflowing", () => {
    expect(paths({ flags: { f: flag(nested(100_000)) } })).toEqual(["flags.f.targeting"]);
    expect(
      resolve(accepted({ flags: { f: flag({ if: [nested(100), "on"] }) } }), "f").variant,
    ).toBe("on");
  });

  it("refuses targeting with more values than it compiles", () => {
    expect(paths({ flags: { f: flag(wide(262_143)) } })).toEqual(["flags.f.targeting"]);
    expect(paths({ flags: { f: flag(wide(200_000)) } })).toEqual([]);
  });

  it("takes the schema's optional parts or leaves them", () => {
    const bare = { state: "DISABLED", variants: {} };
    const full = { ...flag(), metadata: { owner: "x", weight: 1, live: true } };
    const set = { $schema: "https://flagd.dev/schema/v0/flags.json", metadata: { a: "b" } };
    expect(paths({ ...set, flags: { bare, full }, $evaluators: { e: { var: "a" } } })).toEqual([]);
    expect(paths({ flags: { f: { ...bare, defaultVariant: null, targeting: null } } })).toEqual([]);
  });
});

describe("compileFlags", () => {
  it("leaves other flags unharmed by one that cannot be compiled or throws", () => {
    const set = accepted({
      flags: {
        broken: flag({ unheard_of: [] }),
        throwing: flag({ "+": [{ var: "list" }, 1] }),
        exploding: flag({ in: ["a", { var: "a" }] }),
        sound: flag({ if: [{ var: "a" }, "on"] }),
      },
    });
    expect(compileFlags(set).faults).toEqual(["broken"]);
    expect(resolve(set, "broken").errorCode).toBe("PARSE_ERROR");
    expect(resolve(set, "exploding").errorCode).toBe("GENERAL");
    expect(resolve(set, "sound").variant).toBe("on");
  });

  it("survives a context whose members throw", () => {
    const context = {
      get a(): never {
        throw new Error("no");
      },
    };
    const set = compileFlags(accepted({ flags: { f: flag({ var: "a" }) } }));
    expect(evaluate(set, "f", { context, nowMs: 0 }).errorCode).toBe("GENERAL");
  });

  it("says TYPE_MISMATCH for a value of another type", () => {
    const resolution = resolve(accepted({ flags: { f: flag() } }), "f");
    expect(expectType(resolution, "f", "boolean")).toBe(resolution);
    expect(expectType(resolution, "f", "string").errorCode).toBe("TYPE_MISMATCH");
  });

  it("takes 10,000 flags", () => {
    const flags: { [key: string]: object } = {};
    for (let at = 0; at < 10_000; at += 1) {
      flags[`flag-${at}`] = flag({ if: [{ "===": [{ var: "a" }, at % 2] }, "on", "off"] });
    }
    const set = compileFlags(accepted({ flags }));
    const on = [...set.flags.keys()].filter(
      (key) => evaluate(set, key, { context: { a: 1 }, nowMs: 0 }).value === true,
    );
    expect(on).toHaveLength(5_000);
  });

  it("takes 200 KB of targeting", () => {
    const texts = Array.from({ length: 10_000 }, (_, at) => `text of number ${at}`);
    const targeting = { if: [{ in: [{ var: "a" }, texts] }, "on", "off"] };
    expect(JSON.stringify(targeting).length).toBeGreaterThan(200_000);
    const set = compileFlags(accepted({ flags: { f: flag(targeting) } }));
    const variant = (context: object): unknown =>
      evaluate(set, "f", { context: { ...context }, nowMs: 0 }).variant;
    expect(variant({ a: "text of number 9999" })).toBe("on");
    expect(variant({ a: "another text" })).toBe("off");
  });

  it("refuses few references that stand for very much logic", () => {
    const $evaluators: { [key: string]: Json } = {};
    for (let at = 0; at < 40; at += 1) {
      const next = { $ref: `e${at + 1}` };
      $evaluators[`e${at}`] = { and: [next, next] };
    }
    const set = accepted({ flags: { f: flag({ $ref: "e0" }) }, $evaluators });
    expect(resolve(set, "f").errorCode).toBe("PARSE_ERROR");
  });
});
