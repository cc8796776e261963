// Against V8 itself, which is what an engine has to please.
import { createContext, runInContext, Script } from "node:vm";
import { describe, expect, it } from "vitest";
import { prepareBeacon } from "#src/delivery/prepare-beacon.ts";
import { prepareEngine, type PreparedEngine } from "#src/delivery/prepare-engine.ts";
import { fc } from "../property.ts";

function prepared(source: string): PreparedEngine {
  const engine = prepareEngine(source);
  if (!engine.ok) throw new Error(engine.error.detail);
  return engine.value;
}

function isValid(source: string): boolean {
  try {
    return new Script(source) instanceof Script;
  } catch {
    return false;
  }
}

/** The greatest power of two that V8's own parser takes of a shape, to 2^17. */
function deepest(shape: (depth: number) => string): number {
  let depth = 64;
  while (depth < 131_072 && isValid(shape(depth * 2))) depth *= 2;
  return depth;
}

function canDeclare(word: string, context: object): boolean {
  try {
    // A declaration of the same name is refused before the script runs at all.
    runInContext(`throw 0; let ${word}`, context);
  } catch (error) {
    return error === 0;
  }
  return true;
}

const shapes: readonly [string, (depth: number) => string][] = [
  ["terms of one sum", (n) => `x=${Array(n).fill('"a"').join("+")}`],
  ["terms of mixed operators", (n) => `x=${Array(n).fill("a*b-c").join("||")}`],
  ["terms joined by ??", (n) => `x=${Array(n).fill("a").join("??")}`],
  ["arrays", (n) => `x=${"[".repeat(n)}${"]".repeat(n)}`],
  ["objects", (n) => `x=${"{a:".repeat(n)}1${"}".repeat(n)}`],
  ["parentheses", (n) => `x=${"(".repeat(n)}1${")".repeat(n)}`],
  ["calls", (n) => `x=${"f(".repeat(n)}${")".repeat(n)}`],
  ["functions", (n) => `${"(function(){".repeat(n)}${"})()".repeat(n)}`],
  ["arrow functions", (n) => `x=${"a=>".repeat(n)}1`],
  ["classes", (n) => `${"(class{m(){".repeat(n)}${"}})".repeat(n)}`],
  ["blocks", (n) => `${"{".repeat(n)}${"}".repeat(n)}`],
  ["templates", (n) => `x=${"`${".repeat(n)}1${"}`".repeat(n)}`],
  ["patterns", (n) => `[x,{y:${"[".repeat(n)}z${"]".repeat(n)}}]=w`],
  ["ternaries", (n) => `x=${"a?b:".repeat(n)}c`],
  ["else-ifs", (n) => `if(a)b();${"else if(a)b();".repeat(n)}`],
  ["assignments", (n) => `${"a=".repeat(n)}1`],
  ["negations", (n) => `x=${"!".repeat(n)}1`],
  ["conditions without a block", (n) => `${"if(f(a))for(;;)".repeat(n)};`],
];

function awaiting(depth: number): string {
  const inside = `f(${"[".repeat(depth)}${"]".repeat(depth)})`;
  return `${"{".repeat(99)}async function q(){await(${inside})}${"}".repeat(99)}`;
}

describe("a deep script", () => {
  it.each(shapes)("is taken as deep as V8 takes it: %s", (_, shape) => {
    const source = `"use strict";const {q:{w=1},...r}=x;\n${shape(deepest(shape))}\n//# sourceMappingURL=x.map`;
    expect(isValid(source)).toBe(true);
    const { code, isChecked, warnings } = prepared(source);
    expect(code).toBe(`${source.slice(0, source.indexOf("//#"))}\n`);
    expect(warnings.some((warning) => warning.includes("parser's stack"))).toBe(!isChecked);
  });

  it.each(shapes.slice(0, 3))("is checked as a whole where it only is long: %s", (_, shape) => {
    expect(prepared(shape(100_000))).toMatchObject({ isChecked: true, warnings: [] });
  });

  it.each(shapes)("is refused where it is wrong at either end: %s", (_, shape) => {
    const deep = shape(30_000);
    expect(prepareEngine(`${deep}\n;)`)).toMatchObject({
      ok: false,
      error: { reason: "not_javascript", line: 2, column: 1 },
    });
    expect(prepareEngine(`(\n${deep}`).ok).toBe(false);
    expect(prepareEngine(`${deep}\n'`).ok).toBe(false);
  });

  it.each(["[", "{a:", "(", "f("])("is refused for its shallow parts' grammar: %s", (opener) => {
    const closer = { "[": "]", "{a:": "}", "(": ")", "f(": ")" }[opener] ?? "";
    const deep = `x=${opener.repeat(30_000)}1${closer.repeat(30_000)}`;
    expect(prepareEngine(`${deep};\nlet a b;`)).toMatchObject({ ok: false, error: { line: 2 } });
    expect(prepared(`${deep};let [[a]] = b`).warnings[0]).toContain("(a)");
  });

  it.each(["for(const a of b)", "for await(const a of b)"])(
    "keeps the heads of its statements, wherever its parser ends: %s",
    (head) => {
      const long = head.replace("a of b", "abcdefghij of klmnopqrst");
      const rest = `var z=${"[".repeat(30_000)}${"]".repeat(30_000)};`;
      for (const depth of [97, 98, 99, 100, 101]) {
        const [open, close] = ["{".repeat(depth), "}".repeat(depth)];
        const source = `${open}async function q(){${long}f();}${close}`;
        expect(isValid(source)).toBe(true);
        expect(prepared(source + rest).isChecked).toBe(false);
      }
    },
  );

  it("is taken where it waits for something deep: await (…)", () => {
    expect(isValid(awaiting(1))).toBe(true);
    expect(prepared(awaiting(30_000)).warnings[0]).toContain("more than 100");
  });

  it("is no part of a beacon, for a fence holds only what parses", () => {
    const deep = `x=${"[".repeat(30_000)}${"]".repeat(30_000)}`;
    const texts = { early: "", collector: deep };
    expect(prepareBeacon(texts)).toEqual({
      ok: false,
      error: { reason: "too_deep", field: "collector" },
    });
  });
});

describe("a warning of names", () => {
  const name = fc.stringMatching(/^[a-z]{1,3}\d$/);
  const { pattern } = fc.letrec<{ pattern: string; element: string }>((tie) => ({
    pattern: fc.oneof(
      { withCrossShrink: true },
      name,
      fc.array(tie("element"), { maxLength: 3 }).map((parts) => `[${parts.join(",")}]`),
      fc.tuple(tie("pattern"), tie("pattern")).map(([a, rest]) => `[,${a},...${rest}]`),
      fc
        .array(fc.tuple(name, tie("element")), { maxLength: 3 })
        .map((parts) => `{${parts.map(([key, part]) => `${key}:${part}`).join(",")}}`),
      fc.tuple(name, name).map(([short, rest]) => `{${short}=[1,{b:2}],...${rest}}`),
    ),
    element: fc.oneof(
      tie("pattern"),
      tie("pattern").map((part) => `${part}=(({unbound1})=>unbound1)`),
    ),
  }));
  // What a page may have as well is written in capitals.
  const statement = fc.oneof(
    fc.tuple(fc.constantFrom("let", "const"), pattern).map(([kind, p]) => `${kind} ${p}=f`),
    name.map((n) => `class ${n}{}`),
    pattern.map((p) => `var ${p.toUpperCase()}=f`),
    name.map((n) => `function ${n.toUpperCase()}(){let ${n}}`),
    name.map((n) => `{let ${n}=1}`),
  );

  it("names exactly what would keep a page that has it from running the script", () => {
    fc.assert(
      fc.property(fc.array(statement, { minLength: 1, maxLength: 3 }), (statements) => {
        const source = statements.join(";");
        fc.pre(isValid(source));
        const context = createContext({ f: new Proxy({}, {}) });
        // Names are bound before anything runs, and stay where it throws.
        try {
          runInContext(source, context);
        } catch {}
        const taken = [...new Set(source.match(/[a-z]+\d/g))].filter(
          (n) => !canDeclare(n, context),
        );
        const warned = /\(([^)]*?)(?: and \d+ more)?\)/.exec(prepared(source).warnings[0] ?? "");
        const names = warned?.[1]?.split(", ") ?? [];
        expect(taken).toEqual(expect.arrayContaining(names));
        expect(names).toHaveLength(Math.min(5, taken.length));
      }),
    );
  });

  it.each([
    ["const {x} = self", "(x)"],
    ["let [x, ...{ length }] = self", "(x, length)"],
    ["let { a: { b: [c = 1] }, ...d } = self", "(c, d)"],
    ["class A {}", "(A)"],
    ["let a,b,c,d,e,f,g", "(a, b, c, d, e and 2 more)"],
  ])("%s", (source, named) => {
    expect(prepared(source).warnings).toEqual([expect.stringContaining(named)]);
  });

  it("takes no stack, and no time beyond its length, for a pattern of any length", () => {
    const names = Array.from({ length: 200_000 }, (_, at) => `n${at}`);
    expect(prepared(`let [${names.join()}] = x`).warnings[0]).toContain("and 199995 more");
  });
});

describe("a script's head", () => {
  it("is strict after a hashbang, and its lines are counted with it", () => {
    const source = "#!/usr/bin/env node\n'use strict';\n";
    expect(prepared(`${source}x=1`).code).toMatch(/^"use strict";\n'use strict';\nx=1/);
    expect(prepareEngine(`${source}with(a){}`)).toMatchObject({ ok: false, error: { line: 3 } });
  });
});
