// Snippets in real browsers: what an engine does in a composition is what it does when a
// page loads it alone.
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { Tab } from "../browsers/browser.ts";
import { inEachBrowser } from "../browsers/in-each-browser.ts";
import { compose, preludeFor } from "#src/delivery/compose.ts";
import { prepareEngine } from "#src/delivery/prepare-engine.ts";
import { control, startAviary, type Started } from "../harness.ts";
import { startRecordingProxy } from "./recording-proxy.ts";
import { startSite, type Site } from "./site.ts";

let worker: Started;
let site: Site;

beforeAll(async () => {
  [worker, site] = await Promise.all([startAviary(), startSite()]);
});

afterAll(() => Promise.all([site?.stop(), worker?.stop()]));

type Seen = { readonly marks: Record<string, unknown>; readonly errors: readonly string[] };

/** Loads a page with `head` in it; `marks` is `self.marks` afterwards, `errors` what reached window. */
async function visitIn(tab: Tab, head: string): Promise<Seen> {
  const path = `/${Math.random().toString(36).slice(2)}.html`;
  const listener = `self.marks = {}; self.errors = [];
    addEventListener("error", function (e) { if (e.message) errors.push(e.message); });`;
  site.serve(path, `<!doctype html><meta charset="utf-8"><script>${listener}</script>${head}`);
  await tab.goto(site.url + path);
  return (await tab.evaluate("({ marks, errors })")) as Seen;
}

async function put(path: string, body: string): Promise<Record<string, string>> {
  const response = await control(worker, path, { method: "PUT", body });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return response.json<Record<string, string>>();
}

const strictness = "marks.strict = (function () { return this === undefined })();";

const engines: readonly (readonly [string, string])[] = [
  ["line-comment", `${strictness} // the end`],
  ["byte-order-mark", `\uFEFF${strictness}`],
  [
    "strict-prologue",
    `"use strict";\n${strictness} try { undeclared = 1 } catch (e) { marks.e = e.name }`,
  ],
  ["strict-after-a-comment", `/*! banner */ 'use strict'\n${strictness}`],
  ["sloppy", `undeclared = 1; marks.undeclared = self.undeclared; ${strictness}`],
  ["source-map", `${strictness}\n//# sourceMappingURL=engine.js.map`],
  [
    "top-level-names",
    `var v = 1; function f() {} marks.own = [typeof self.v, typeof self.f, this === self];`,
  ],
  ["html-comment", `<!-- hidden\n${strictness}`],
  ["no-semicolon", `marks.first = 1\n;(function () { marks.second = 2 })()`],
  [
    "throws",
    `marks.before = true; throw new TypeError("the engine is broken"); marks.after = true;`,
  ],
  [
    "document",
    `marks.current = document.currentScript !== null; marks.state = document.readyState;`,
  ],
];

inEachBrowser(({ name: browser, inTab }) => {
  const visit = (head: string): Promise<Seen> => inTab((tab) => visitIn(tab, head));

  describe("an engine in a snippet", () => {
    it.each(engines)("does what it does alone: %s", async (name, source) => {
      site.serve(`/alone/${name}.js`, source);
      await put(`/engines/${name}`, source);
      await put(`/snippets/${name}?account=demo&engine=${name}`, "{}");
      const alone = await visit(`<script src="/alone/${name}.js"></script>`);
      const composed = await visit(
        `<script src="${worker.url}/js/${name}.js" crossorigin></script>`,
      );
      expect(composed).toEqual(alone);
      expect(Object.keys(alone.marks).length).toBeGreaterThan(0);
    });

    it.each(engines)("leaves the beacon its place: %s", async (name, source) => {
      const prepared = prepareEngine(source);
      const engine = prepared.ok ? prepared.value.code : "";
      const prelude = preludeFor({ snippetId: name, engineVersion: "1", payload: "{}" });
      site.serve(`/with/${name}.js`, compose({ prelude, beacon: ["marks.beacon = true"], engine }));
      site.serve(`/broken/${name}.js`, compose({ prelude, beacon: ["throw 1 // end"], engine }));
      const plain = await visit(`<script src="/alone/${name}.js"></script>`);
      const withBeacon = await visit(`<script src="/with/${name}.js"></script>`);
      const withBroken = await visit(`<script src="/broken/${name}.js"></script>`);
      expect(withBeacon).toEqual({ ...plain, marks: { ...plain.marks, beacon: true } });
      expect(withBroken).toEqual(plain);
    });

    it.each([
      '{"__proto__":{"polluted":true},"text":"</script><!--"}',
      '"quotes \' \\" and \u2028 and 客 and 🐦"',
      '[null, 1e-7, {"": []}]',
    ])("finds its payload as it was published: %s", async (payload) => {
      const id = `payload-${payload.length}`;
      await put("/engines/reader", "marks.payload = JSON.stringify(self.aviary.payload);");
      await put(`/snippets/${id}?account=demo&engine=reader`, payload);
      const { marks } = await visit(`<script src="${worker.url}/js/${id}.js"></script>`);
      expect(marks["payload"]).toBe(JSON.stringify(JSON.parse(payload)));
    });
  });

  describe("an immutable URL", () => {
    it("runs under its integrity value, and not under another", async () => {
      await put("/engines/pinned", "marks.ran = true;");
      const { immutablePath, integrity = "" } = await put(
        "/snippets/pinned?account=demo&engine=pinned",
        "{}",
      );
      const element = (value: string): string =>
        `<script src="${worker.url}${immutablePath}" integrity="${value}" crossorigin></script>`;
      expect((await visit(element(integrity))).marks).toEqual({ ran: true });
      const wrong = `sha256-${"A".repeat(43)}=`;
      expect((await visit(element(wrong))).marks).toEqual({});
    });
  });

  it("has a Server-Timing that the page can read, from the cache and after a 304 too, save in WebKit", async () => {
    await put("/engines/timed", "marks.ran = true;");
    await put("/snippets/timed?account=demo&engine=timed", "{}");
    const proxy = await startRecordingProxy(worker.url);
    onTestFinished(proxy.stop);
    const script = `${proxy.url}/js/timed.js`;
    const last = `performance.getEntriesByName("${script}").at(-1)`;
    // WebKit tells no page of another origin's Server-Timing.
    const names = browser === "webkit" ? [] : ["cache", "edge"];
    await inTab(async (tab) => {
      const told = (): Promise<unknown> =>
        tab.evaluate(`Array.from(${last}.serverTiming, ({ name }) => name)`);
      await visitIn(tab, `<script src="${script}" crossorigin></script>`);
      expect(await told()).toEqual(names);
      await visitIn(tab, `<script src="${script}" crossorigin></script>`);
      expect(await tab.evaluate(`${last}.transferSize`)).toBe(0);
      expect(await told()).toEqual(names);
      await tab.evaluate(
        `fetch("${script}", { cache: "no-cache" }).then((answer) => answer.text())`,
      );
      expect(await told()).toEqual(names);
    });
    // Driven, WebKit keeps scripts in memory alone, where a fetch does not look.
    const again = browser === "webkit" ? 200 : 304;
    expect(proxy.exchanges.map(({ status }) => status)).toEqual([200, again]);
  });
});
