// Whatever a page hands over or lets us ask, its beacons come, say the rest, and are read;
// what was left out is counted. Nothing is thrown into the page.
import { describe, expect, it } from "vitest";
import type { Tab } from "../browsers/browser.ts";
import { inEachBrowser } from "../browsers/in-each-browser.ts";
import { fc } from "../property.ts";
import { saidOf, type Page } from "./beacon-lab.ts";
import { labAndBrowser } from "./lab-of-file.ts";

const { lab, browser: chromium } = await labAndBrowser();

/** Values that break whoever looks at them, and a window of another origin. */
const oddities = `<iframe id="other" src="${lab.cdn}/pixel/frame"></iframe><script>
  self.boom = () => { throw new Error("not for you") };
  self.cycle = []; cycle.push(cycle, { cycle });
  self.revoked = (() => { const { proxy, revoke } = Proxy.revocable([], {}); revoke(); return proxy })();
  self.guarded = new Proxy([], { get: boom, has: boom, ownKeys: boom, getPrototypeOf: boom });
  self.bare = Object.create(null);
  self.mute = { get message() { boom() }, get name() { boom() } };
  self.clumsy = { toString: boom, valueOf: boom, toJSON: boom };
  self.endless = { *[Symbol.iterator]() { for (;;) yield "a:b" } };
</script>`;

/** Keeps exceptions of ours: those with a file of the CDN, and those out of \`aviary\`. */
const watch = `<script>self.ours = [];
  addEventListener("error", (event) => {
    let file; try { file = event.filename } catch {}
    if (String(file).includes("localhost")) ours.push(event.message);
  });
  self.call = (run) => { try { run() } catch (error) { ours.push("thrown") } };
</script>`;

const values = [
  "undefined",
  "null",
  "NaN",
  "-Infinity",
  "-1",
  "1e300",
  "1n",
  "10n ** 400n",
  "Symbol('s')",
  "bare",
  "mute",
  "clumsy",
  "cycle",
  "revoked",
  "guarded",
  "endless",
  "document.all",
  "boom",
  "new Array(2 ** 32 - 1)",
  "'x'.repeat(1e6)",
  "'\\ud800'",
  "new Date(NaN)",
  "new Set(['a:b'])",
  "other.contentWindow",
  "document.createElement('form')",
  "new Event('load')",
  "/r/g",
  "[[[]]]",
];
const anyValue = fc.oneof(
  fc.constantFrom(...values),
  fc.json({ maxDepth: 2 }),
  fc.string({ unit: "binary" }).map((text) => JSON.stringify(text)),
);

/** What a page may do with two values. */
const deeds: readonly ((one: string, other: string) => string)[] = [
  (one) => `call(() => aviary.track(${one}))`,
  (one, other) => `call(() => aviary.track(${one}, ${other}))`,
  (one) => `call(() => aviary.track("odd", ${one}))`,
  (one) => `call(() => aviary.track("odd", { value: ${one} }))`,
  (one) => `call(() => aviary.track("odd", { get value() { throw ${one} } }))`,
  (one, other) => `call(() => aviary.span(${one})(${other}))`,
  (one, other) => `call(() => aviary.span("apply", ${one})(${other}))`,
  (one) =>
    `call(() => { for (let n = 0; n < 600; n++) aviary.track("flood" + n, { value: ${one} }) })`,
  (one) => `Promise.reject(${one})`,
  (one) => `setTimeout(() => { throw ${one} })`,
  (one) =>
    `dispatchEvent(Object.defineProperty(new Event("error"), "error", { get() { throw ${one} } }))`,
  (one) =>
    `dispatchEvent(Object.defineProperty(new Event("error"), "filename", { value: ${one} }))`,
  (one) =>
    `dispatchEvent(Object.defineProperty(new Event("unhandledrejection"), "reason", { value: { message: ${one}, name: ${one} } }))`,
  (one) => `aviary.flags = ${one}`,
  (one, other) => `aviary.flags = [${one}, "good:a", ${other}]`,
  (one) => `Object.defineProperty(aviary, "flags", { get() { throw ${one} } })`,
  (one) => `performance.mark("theme", { detail: ${one} })`,
  (one) => `sessionStorage.aviary = ${one}`,
  (one) => `Object.defineProperty(performance, "memory", { value: { usedJSHeapSize: ${one} } })`,
  (one) => `Object.defineProperty(performance, "interactionCount", { value: ${one} })`,
  (one) => `history.pushState(${one}, "", "#" + Math.random())`,
  (one) => `document.body.id = ${one}; document.body.className = ${one}`,
  () =>
    `for (const each of [Object, Array, Map, WeakMap, String, Number, RegExp, Event, Performance, PerformanceEntry, Node, Element, Promise]) Object.freeze(each.prototype)`,
  () =>
    `document.body.insertAdjacentHTML("beforeend", '<form><input name="nodeName"><input name="classList"><input name="id"><input name="parentNode"><h1>Larger words</h1></form>')`,
];
const anyDeed = fc
  .tuple(fc.constantFrom(...deeds), anyValue, anyValue)
  .map(([deed, one, other]) => `try { ${deed(one, other)} } catch {}`);

const pageOf = (script: string, inline: boolean): Page => ({
  head: watch,
  body: `${oddities}<p>Words</p><script>
    addEventListener("load", () => {
      call(() => aviary.track("good", { value: 1 }));
      ${script.replaceAll("</", "<\\/")}
      self.done = true;
    });</script>`,
  config: { session: true, marks: ["theme"] },
  ...(inline ? { inline } : {}),
});

describe("whatever a page does with whatever it has", () => {
  it("both beacons come, are read, and say the rest", async () => {
    const tab = await chromium.newPage();
    let runs = 0;
    const law = fc.asyncProperty(
      fc.array(anyDeed, { minLength: 1, maxLength: 10 }),
      fc.boolean(),
      async (script, inline) => {
        runs += 1;
        const name = `odd-${runs}`;
        await tab.goto(lab.put(name, pageOf(script.join(";\n"), inline)));
        await tab.waitForFunction("self.done && !document.querySelector('script[src*=beacon]')");
        await tab.waitForTimeout(60);
        expect(await tab.evaluate("JSON.stringify(self.ours)")).toBe("[]");
        await tab.goto("about:blank");
        const beacons = await lab.until(name, 2);
        const said = saidOf(beacons);
        expect(said["beacon.events"]).toContainEqual(["good", 1, 1]);
        expect(said["beacon.omitted_count"]).toBeGreaterThanOrEqual(0);
        expect(said["dom.nodes"]).toBeGreaterThan(5);
        expect(said["nav.timing"]).toHaveLength(11);
        expect(said["session.id"]).toMatch(/^[0-9a-f]{32}$/);
        for (const { text, dropped } of beacons) {
          expect(text.length).toBeLessThan(8_000);
          // Numbers beyond a column's bounds are the server's to refuse, and to name.
          expect(dropped.filter((field) => !/changes|interaction|memory/.test(field))).toEqual([]);
        }
      },
    );
    await fc.assert(law, { numRuns: 60 });
    await tab.close();
  }, 240_000);
});

/** Loads a page, hides it, and says what its beacons said. */
async function saidBy(tab: Tab, name: string, page: Page): Promise<ReturnType<typeof saidOf>> {
  await tab.goto(lab.put(name, page));
  await tab.until("self.done && !document.querySelector('script[src*=beacon]')");
  await tab.evaluate("new Promise((done) => setTimeout(done, 200))");
  expect(await tab.evaluate("JSON.stringify(self.ours)")).toBe("[]");
  await tab.hide();
  const beacons = await lab.until(name, 2);
  await tab.show();
  return saidOf(beacons);
}

inEachBrowser(({ name, inTab }) => {
  it("leaves out what is odd, each for itself, and counts it", async () => {
    const script = `
      for (const odd of [bare, other.contentWindow, mute, clumsy, revoked, guarded, Symbol("s"), 1n])
        Promise.reject(odd);
      aviary.track(Symbol("s")); aviary.track(bare); aviary.track("no name");
      aviary.track("odd", { get value() { boom() } });
      aviary.track("odd", { value: 1n }); aviary.track("odd", mute);
      aviary.span("constructor")(); aviary.span("apply", NaN)(1); aviary.span("apply")(new Event("load"));
      aviary.flags = ["checkout:b", 1n, cycle, "x".repeat(1e6), bare];
      performance.mark("theme", { detail: 1n });`;
    await inTab(async (tab) => {
      const said = await saidBy(tab, `${name}-each`, pageOf(script, false));
      expect(said).toMatchObject({
        "rejection.count": 8,
        "exception.message_hash": expect.stringMatching(/^[0-9a-f]+$/) as string,
        "beacon.events": [
          ["good", 1, 1],
          ["odd", 2, null],
        ],
        "snippet.changes": 1,
        "feature_flags.active": ["checkout:b"],
      });
      const [mark] = said["beacon.marks"] ?? [];
      expect(mark?.[1]).toBeGreaterThan(0);
      // Six reasons that cannot be asked, four events, two spans, four flags; and the
      // events named after that, once somebody had said what was thrown, ask nobody.
      expect(said["beacon.omitted_count"]).toBeGreaterThanOrEqual(10);
    });
  });

  it.each([
    ["aviary is gone", "self.aviary = null"],
    ["flags go round in circles", "aviary.flags = cycle"],
    ["flags are numbers that JSON has not", "aviary.flags = [1n]; aviary.flags[1] = 2n"],
    ["flags throw", "Object.defineProperty(aviary, 'flags', { get: boom })"],
    [
      "prototypes are frozen",
      "for (const each of [Object, Array, Map, String, Event]) Object.freeze(each.prototype)",
    ],
  ])("sends its late message where %s", async (what, script) => {
    await inTab(async (tab) => {
      const id = `${name}-${what.replaceAll(/\W+/g, "-")}`;
      const said = await saidBy(tab, id, pageOf(script, false));
      expect(said["stitch.late_seq"]).toBeGreaterThan(0);
      expect(said["beacon.events"]).toEqual([["good", 1, 1]]);
    });
  });
});
