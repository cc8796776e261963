// The whole of flagd-core beside ours: the same file of definitions, the same
// units, every answer compared.
import { FlagdCore } from "@openfeature/flagd-core";
import { describe, expect, it } from "vitest";
import { compileFlags, type CompiledFlags } from "#flags/compile.ts";
import { parseFlagSetText } from "#flags/definition.ts";
import { evaluate } from "#flags/evaluate.ts";
import type { Json } from "#flags/logic/expression.ts";
import { fc } from "../property.ts";
import { expression } from "./targetings.ts";

const silent = { error() {}, warn() {}, info() {}, debug() {} };
const noValue = {};

type Context = { [key: string]: never };

function both(document: object): { reference: FlagdCore; ours: CompiledFlags } {
  const text = JSON.stringify(document);
  const reference = new FlagdCore(undefined, silent);
  reference.setConfigurations(text);
  const parsed = parseFlagSetText(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error.issues));
  return { reference, ours: compileFlags(parsed.value) };
}

/** True where every field of the two resolutions is the same. */
function agree(
  { reference, ours }: ReturnType<typeof both>,
  flagKey: string,
  context: Context,
): boolean {
  const actual = evaluate(ours, flagKey, { context, nowMs: Date.now() });
  // Of a value that is not of the type asked for, flagd-core tells nothing more.
  const type = typeof (actual.value ?? noValue) as "object";
  const details = reference.resolve(type, flagKey, noValue, context, silent);
  return (
    actual.variant === details.variant &&
    actual.reason === details.reason &&
    actual.errorCode === details.errorCode &&
    actual.errorMessage === details.errorMessage &&
    JSON.stringify(actual.value) ===
      JSON.stringify(details.value === noValue ? undefined : details.value) &&
    JSON.stringify(actual.flagMetadata) === JSON.stringify(details.flagMetadata)
  );
}

const operators = (
  "if ?: and or ?? == === != !== < <= > >= ! !! not + - * / % min max cat in substr merge map " +
  "filter some none all every reduce missing missing_some starts_with ends_with sem_ver " +
  "fractional length keys exists val get try var"
).split(" ");

const plans = ["free", "pro", "enterprise"];
const countries = ["de", "fr", "us", "zz"];

function contextOf(unit: number): Context {
  const context: { [key: string]: unknown } = {
    targetingKey: `unit-${unit.toString(36)}`,
    plan: plans[unit % 3] ?? null,
    country: countries[unit % 4] ?? null,
    age: unit % 90,
    vip: unit % 7 === 0,
    email: `user${unit}@${unit % 2 === 0 ? "example.com" : "de"}`,
    version: `${unit % 4}.${unit % 11}.${unit % 5}`,
    text: unit % 3 === 0 ? "hello" : String(unit),
    tags: unit % 5 === 0 ? [] : ["a", "b", countries[unit % 4]],
    numbers: [unit % 3, unit % 10],
    items: [{ x: unit % 4 }, { x: 2 }],
  };
  if (unit % 6 === 0) delete context["plan"];
  if (unit % 10 !== 0) context["device"] = { os: unit % 2 === 0 ? "linux" : 0, cores: "8" };
  return context as Context;
}

function uses(targeting: Json): string[] {
  if (typeof targeting !== "object" || targeting === null) return [];
  const own = Array.isArray(targeting) ? [] : Object.keys(targeting);
  return [...own, ...Object.values(targeting as object).flatMap((each: Json) => uses(each))];
}

/** Thirty targetings that use every operator and answer more than one thing. */
function thirtyTargetings(): Json[] {
  const pool = fc.sample(expression(4), { numRuns: 4_000, seed: 30 });
  const chosen = new Set<Json>();
  for (const operator of operators) {
    if ([...chosen].some((targeting) => uses(targeting).includes(operator))) continue;
    const found = pool.find(
      (condition) => uses(condition).includes(operator) && answersVary(around(condition, 0)),
    );
    if (found !== undefined) chosen.add(found);
  }
  for (const condition of pool) {
    if (chosen.size < 30 && uses(condition).length > 3 && answersVary(around(condition, 0))) {
      chosen.add(condition);
    }
  }
  return [...chosen].map(around);
}

function around(condition: Json, seed: number): Json {
  const arms = [
    ["on", 50_000 * (1 + (seed % 7))],
    ["off", 450_000],
    ["third", 1_000_000],
  ];
  const split = { fractional: [{ cat: [`seed-${seed}/`, { var: "targetingKey" }] }, ...arms] };
  const shorthand = {
    fractional: [
      ["on", 5],
      ["off", 95],
    ],
  };
  // An if without else is interpreted, with all below it: that dialect is to agree too.
  const otherwise = seed % 5 === 0 ? { if: [{ "!": [condition] }, "third"] } : "third";
  return { if: [condition, seed % 2 === 0 ? split : shorthand, otherwise] };
}

/** Failures are compared too, but a flag that always fails compares little. */
function answersVary(targeting: Json): boolean {
  const { ours } = both({ flags: { probe: definition(targeting) } });
  const answers = Array.from({ length: 200 }, (_, unit) =>
    evaluate(ours, "probe", { context: contextOf(unit * 31), nowMs: 0 }),
  );
  const failures = answers.filter((answer) => answer.reason === "ERROR").length;
  return failures < 4 && new Set(answers.map((answer) => answer.variant)).size > 1;
}

function definition(targeting: Json): object {
  const variants = { on: "ON", off: "OFF", third: "3" };
  return { state: "ENABLED", variants, defaultVariant: "off", targeting, metadata: { team: "x" } };
}

describe("evaluate", () => {
  it("agrees with flagd-core for 100,000 units and 30 flags that use every operator", () => {
    const flags = Object.fromEntries(
      thirtyTargetings().map((targeting, at) => [`flag-${at}`, definition(targeting)]),
    );
    expect(Object.keys(flags)).toHaveLength(30);
    const used = uses(flags as Json);
    expect(operators.filter((operator) => !used.includes(operator))).toEqual([]);
    const pair = both({ flags, metadata: { set: "generated" } });
    const differences: string[] = [];
    for (let unit = 0; unit < 100_000; unit += 1) {
      const context = contextOf(unit);
      for (const key of Object.keys(flags)) {
        const expected = pair.reference.resolveStringEvaluation(key, "", context, silent);
        const actual = evaluate(pair.ours, key, { context, nowMs: 0 });
        if (
          actual.variant !== expected.variant ||
          actual.reason !== expected.reason ||
          actual.errorCode !== expected.errorCode
        ) {
          differences.push(`${key} for ${unit}`);
        }
      }
    }
    expect(differences).toEqual([]);
  }, 60_000);

  it("agrees with flagd-core on every field, whatever the definition lacks", () => {
    const states = fc.constantFrom("ENABLED", "DISABLED");
    const variants = fc.constantFrom(
      { a: 1, b: 2 },
      { a: "x" },
      { a: true },
      { a: { deep: [1] } },
      {},
    );
    const targeting = fc.oneof(
      fc.constant(undefined),
      fc.constant(null),
      fc.constant({}),
      fc.constantFrom("a", "b", "missing").map((name) => ({ if: [true, name] })),
      fc.constant({ var: "plan" }),
      fc.constant({ unheard_of: [] }),
      fc.constant({ "<": ["text", { var: "age" }] }),
    );
    const named = fc.constantFrom(undefined, null, "", "a");
    const record = { state: states, variants, targeting, defaultVariant: named };
    fc.assert(
      fc.property(fc.record(record), (flag) => {
        fc.pre(!flag.defaultVariant || Object.hasOwn(flag.variants, flag.defaultVariant));
        const pair = both({ flags: { flag }, metadata: { owner: "set" } });
        expect(agree(pair, "flag", { plan: "a", age: 3 } as object as Context)).toBe(true);
        expect(agree(pair, "other", {})).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it("puts evaluators in the place of their references, as flagd-core does", () => {
    const $evaluators = {
      first: { and: [{ $ref: "second" }, { $ref: "third" }] },
      second: { ends_with: [{ var: "email" }, "@example.com"] },
      third: { ">": [{ var: "age" }, 30] },
      looped: { "!": [{ $ref: "looped" }] },
      backwards: { $ref: "first" },
    };
    const names = [...Object.keys($evaluators), "unknown"];
    const flags = Object.fromEntries(
      names.map((name) => [name, definition({ if: [{ $ref: name }, "on", "third"] })]),
    );
    const pair = both({ flags, $evaluators });
    for (let unit = 0; unit < 200; unit += 1) {
      for (const name of names) expect(agree(pair, name, contextOf(unit))).toBe(true);
    }
    expect(pair.ours.faults).toEqual(["looped", "backwards", "unknown"]);
  });

  it("gives targeting the flag's own key and the time in whole seconds", () => {
    const flags = {
      key: definition({ if: [{ "===": [{ var: "$flagd.flagKey" }, "key"] }, "on", "third"] }),
      later: definition({ if: [{ ">=": [{ var: "$flagd.timestamp" }, 1_000] }, "on", "third"] }),
    };
    const { ours } = both({ flags });
    const variant = (key: string, nowMs: number): string | undefined =>
      evaluate(ours, key, { context: { $flagd: "forged" }, nowMs }).variant;
    expect(variant("key", 0)).toBe("on");
    expect([variant("later", 999_999), variant("later", 1_000_000)]).toEqual(["third", "on"]);
  });
});
