import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { beaconConfig, deliveredBeacon, type SnippetBeacon } from "#src/delivery/beacon.ts";
import { compose, compositionSource, preludeFor } from "#src/delivery/compose.ts";
import type { Digest } from "#src/delivery/representation.ts";
import { prepareEngine } from "#src/delivery/prepare-engine.ts";
import { fc } from "../property.ts";

/** Runs a script as a page would and returns its global object. */
function run(script: string): Record<string, unknown> {
  const page: Record<string, unknown> = {};
  page["self"] = page;
  runInNewContext(script, page);
  return page;
}

function prepared(source: string): string {
  const engine = prepareEngine(source);
  if (!engine.ok) throw new Error(engine.error.detail);
  return engine.value.code;
}

const aBeacon: SnippetBeacon = {
  version: "1.0.0",
  early: "a".repeat(64) as Digest,
  collector: "b".repeat(64) as Digest,
  sampleRate: 1,
};

const prelude = preludeFor({ snippetId: "demo", engineVersion: "1.0.0", payload: '{"a":1}' });

describe("the prelude", () => {
  it("hands every JSON text to the engine as it was published", () => {
    fc.assert(
      fc.property(fc.json(), (payload) => {
        const page = run(preludeFor({ snippetId: "demo", engineVersion: "1", payload }));
        const { payload: arrived } = page["aviary"] as { payload: unknown };
        expect(JSON.stringify(arrived)).toBe(JSON.stringify(JSON.parse(payload)));
      }),
    );
  });

  it.each([
    '{"__proto__":{"x":1}}',
    '"</script><!--"',
    '"\u2028\u2029\\u0000 \' \\" 客"',
    ' {\r\n"a" : [ ] }\n',
  ])("keeps %s intact", (payload) => {
    const page = run(preludeFor({ snippetId: "demo", engineVersion: "1", payload }));
    const { payload: arrived } = page["aviary"] as { payload: unknown };
    expect(JSON.stringify(arrived)).toBe(JSON.stringify(JSON.parse(payload)));
  });

  it("tells the beacon of itself, whatever the names in it look like", () => {
    const place = { snippetId: "demo", payload: "f".repeat(64), engineVersion: "1", to: "/t/" };
    const beacon = beaconConfig({ ...aBeacon, marks: ["</script>", "\u2028"] }, place);
    const text = preludeFor({ snippetId: "demo", engineVersion: "1", payload: "{}", beacon });
    expect(text).not.toContain("</script");
    expect((run(text)["aviary"] as { beacon: unknown }).beacon).toEqual({
      collector: `/b/${"b".repeat(16)}.js`,
      to: "/t/demo",
      sampleRate: 1,
      revision: "f".repeat(12),
      build: "1",
      variant: "1.0.0",
      marks: ["</script>", "\u2028"],
    });
  });

  it("names the CDN's own host where the operator has, for pages that were redirected to it", () => {
    const place = { snippetId: "demo", payload: "f".repeat(64), engineVersion: "1", to: "/t/" };
    expect(beaconConfig(aBeacon, { ...place, origin: "https://cdn.test" })).toMatchObject({
      collector: `https://cdn.test/b/${"b".repeat(16)}.js`,
      to: "https://cdn.test/t/demo",
    });
  });

  it("never ends an inline script element", () => {
    const text = preludeFor({ snippetId: "demo", engineVersion: "1", payload: '"</script>"' });
    expect(text).not.toContain("</script");
  });

  it.each(["self", "JSON", "aviary"])("stands before an engine that declares %s", (name) => {
    const page = run(`${prelude}\nconst ${name} = 1; this.engineRan = ${name};`);
    expect(page).toMatchObject({ engineRan: 1, aviary: { payload: { a: 1 } } });
  });

  it("keeps what the page put into aviary, and leaves another snippet's to itself", () => {
    const other = preludeFor({ snippetId: "other", engineVersion: "1", payload: '{"b":2}' });
    const page = run(`aviary = { flags: ["a:b"] }; ${prelude} first = aviary; ${other}`);
    expect(page["first"]).toMatchObject({ flags: ["a:b"], snippet: { id: "demo" } });
    expect(page["first"]).toMatchObject({ payload: { a: 1 } });
    expect(page["aviary"]).toMatchObject({ snippet: { id: "other" }, payload: { b: 2 } });
  });

  it("does not throw into a page that froze its own aviary", () => {
    const frozen = '"use strict"; self.aviary = Object.freeze({});';
    expect(() => run(`${frozen}\n${prelude}`)).not.toThrow();
  });
});

describe("a beacon is delivered", () => {
  it.each([
    [{ sampleRate: 1 }, true],
    [{ sampleRate: 0 }, false],
    [{ sampleRate: 0, earlyAlways: true as const }, true],
  ])("where somebody is heard: %j", (options, isDelivered) => {
    const delivered = deliveredBeacon({ ...aBeacon, ...options });
    expect(delivered !== undefined).toBe(isDelivered);
  });

  it.each(["off", { ...aBeacon, earlyAlways: true as const }] as const)(
    "never where a flag says off: %j",
    (chosen) => {
      const off = { version: "off", sampleRate: null, build: undefined };
      expect(deliveredBeacon(chosen, off)).toBeUndefined();
    },
  );
});

describe("compose", () => {
  const beacon = ["self.beaconRan = true;"];
  const engines: readonly [string, string][] = [
    ["a line comment at its end", "self.engineRan = true // the end"],
    ["a byte-order mark", "\uFEFFself.engineRan = true"],
    ["a hashbang", "#!/usr/bin/env node\nself.engineRan = true"],
    ["a source map", "self.engineRan = true\n//# sourceMappingURL=engine.js.map"],
    ["a strict prologue", '"use strict"; self.engineRan = true'],
    ["an expression without a semicolon", "(function () { self.engineRan = true })()"],
    ["an HTML-like comment", "<!-- hidden\nself.engineRan = true\n--> end"],
  ];

  it.each(engines)("runs beacon and engine where the engine has %s", (_, source) => {
    const page = run(compose({ prelude, beacon, engine: prepared(source) }));
    expect(page).toMatchObject({ beaconRan: true, engineRan: true });
  });

  it("runs the engine where the beacon throws, and where it ends in a comment", () => {
    const engine = prepared("self.engineRan = true");
    for (const broken of ["throw new Error('beacon')", "self.x = 1 // end"]) {
      expect(run(compose({ prelude, beacon: [broken], engine }))).toMatchObject({
        engineRan: true,
      });
    }
  });

  it("runs each part of a beacon though another throws", () => {
    const parts = ["throw 1", "self.collectorRan = true"];
    const script = compose({ prelude, beacon: parts, engine: prepared("self.engineRan = true") });
    expect(run(script)).toMatchObject({ collectorRan: true, engineRan: true });
  });

  it("has run the beacon before an engine that throws, and lets its error through", () => {
    const script = compose({ prelude, beacon, engine: prepared("throw new TypeError('engine')") });
    const page: Record<string, unknown> = {};
    page["self"] = page;
    expect(() => runInNewContext(script, page) as unknown).toThrow("engine");
    expect(page["beaconRan"]).toBe(true);
  });

  const isStrict = "self.strict = (function () { return this === undefined })()";

  it.each([
    ["strict", `/* banner */ 'use strict';\n${isStrict}`, true],
    ["sloppy", isStrict, false],
    ["sloppy, though the words stand in it", `self.text = "use strict";\n${isStrict}`, false],
  ])("keeps an engine %s", (_, source, strict) => {
    const page = run(compose({ prelude, beacon, engine: prepared(source) }));
    expect(page["strict"]).toBe(strict);
  });

  it("leaves top-level names of the engine global, as they are when it is loaded alone", () => {
    const source = "var v = 1; function f() { return v + 1 }";
    const page = run(compose({ prelude, beacon, engine: prepared(source) }));
    expect([page["v"], (page["f"] as () => number)()]).toEqual([1, 2]);
  });

  it("is told apart by everything that it depends on", () => {
    const engine = { version: "1", sha256: "e" };
    const source = { snippetId: "a", payload: "p", engine, beaconPath: "/t/" };
    const withBeacon = { ...source, beacon: aBeacon };
    const beacons: readonly Partial<SnippetBeacon>[] = [
      { version: "2.0.0" },
      { early: "c".repeat(64) as Digest },
      { collector: "c".repeat(64) as Digest },
      { sampleRate: 2 },
      { earlyAlways: true },
      { inlineCollector: true },
      { session: true },
      { marks: ["theme"] },
      { templates: ["/p/*"] },
    ];
    const others = [
      { ...source, snippetId: "b" },
      { ...source, payload: "q" },
      { ...source, engine: { version: "2", sha256: "e" } },
      { ...source, engine: { version: "1", sha256: "f" } },
      { ...source, copy: "x" },
      withBeacon,
      { ...withBeacon, copy: "x" },
      { ...withBeacon, beaconPath: "/x/" },
      { ...withBeacon, cdnOrigin: "https://cdn.test" },
      ...beacons.map((other) => Object.assign({}, source, { beacon: { ...aBeacon, ...other } })),
    ];
    const keys = [source, ...others].map(compositionSource);
    expect(new Set(keys).size).toBe(keys.length);
  });
});

describe("prepareEngine", () => {
  it.each(["export const a = 1", "return 1", "self.x = ", "let a; let a", "await x", "/* open"])(
    "refuses %j and says where",
    (source) => {
      expect(prepareEngine(source)).toMatchObject({
        ok: false,
        error: { reason: "not_javascript", detail: expect.any(String), line: 1 },
      });
    },
  );

  it("leaves text that only looks like a source map alone", () => {
    const source = 'self.text = "//# sourceMappingURL=x"; self.re = /\\/\\/# sourceURL=x/;';
    expect(prepared(source)).toBe(`${source}\n`);
  });

  it("keeps tokens and lines apart where it cuts a comment out", () => {
    expect(run(prepared("var a = 1/*# sourceURL=x */+ 1; self.a = a")).a).toBe(2);
    expect(
      run(prepared("var f = function () { return/*#\nsourceURL=x */1 }; self.r = f()")).r,
    ).toBe(undefined);
  });

  it("warns of top-level let, const and class, which fail on a second load", () => {
    const engine = prepareEngine("let one = 1; const two = 2; class Three {} var four = 4;");
    expect(engine).toMatchObject({
      ok: true,
      value: { warnings: [expect.stringContaining("one, two, Three")] },
    });
  });

  it("is idempotent", () => {
    const once = prepared('\uFEFF"use strict"\nself.a = 1 //# sourceURL=x');
    expect(prepared(once).trimEnd()).toBe(once.trimEnd());
  });
});
