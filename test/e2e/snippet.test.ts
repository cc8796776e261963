// Snippets in a real Chromium: what an engine does in a composition is what it
// does when a page loads it alone.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compose, preludeFor } from "#src/delivery/compose.ts";
import { prepareEngine } from "#src/delivery/prepare-engine.ts";
import { launchChromium } from "../chromium.ts";
import { control, startAviary, type Started } from "../harness.ts";
import { startSite, type Site } from "./site.ts";

let worker: Started;
let site: Site;
let browser: Browser;

beforeAll(async () => {
  [worker, site, browser] = await Promise.all([startAviary(), startSite(), launchChromium()]);
});

afterAll(async () => {
  await browser?.close();
  await Promise.all([site?.stop(), worker?.stop()]);
});

type Seen = { readonly marks: Record<string, unknown>; readonly errors: readonly string[] };

/** Loads a page with `head` in it; `marks` is `self.marks` afterwards, `errors` what reached window. */
async function visit(head: string, page?: Page): Promise<Seen> {
  const path = `/${Math.random().toString(36).slice(2)}.html`;
  const listener = `self.marks = {}; self.errors = [];
    addEventListener("error", function (e) { if (e.message) errors.push(e.message); });`;
  site.serve(path, `<!doctype html><meta charset="utf-8"><script>${listener}</script>${head}`);
  const tab = page ?? (await browser.newPage());
  await tab.goto(site.url + path, { waitUntil: "load" });
  const seen = await tab.evaluate(() => {
    const { marks, errors } = self as unknown as Seen;
    return { marks, errors };
  });
  if (page === undefined) await tab.close();
  return seen;
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

describe("an engine in a snippet", () => {
  it.each(engines)("does what it does alone: %s", async (name, source) => {
    site.serve(`/alone/${name}.js`, source);
    await put(`/engines/${name}`, source);
    await put(`/snippets/${name}?account=demo&engine=${name}`, "{}");
    const alone = await visit(`<script src="/alone/${name}.js"></script>`);
    const composed = await visit(`<script src="${worker.url}/js/${name}.js" crossorigin></script>`);
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

type Timed = {
  readonly transferSize: number;
  readonly serverTiming: readonly { readonly name: string }[];
};

describe("Server-Timing", () => {
  it("is readable by the page, also from the browser's cache and after a 304", async () => {
    await put("/engines/timed", "marks.ran = true;");
    await put("/snippets/timed?account=demo&engine=timed", "{}");
    const script = `${worker.url}/js/timed.js`;
    const page = await browser.newPage();
    const timing = (): Promise<readonly string[]> =>
      page.evaluate((url) => {
        const entry = performance.getEntriesByName(url).at(-1) as unknown as Timed | undefined;
        return (entry?.serverTiming ?? []).map(({ name }) => name);
      }, script);
    await visit(`<script src="${script}"></script>`, page);
    expect(await timing()).toEqual(["cache", "edge"]);
    await visit(`<script src="${script}"></script>`, page);
    const transferred = await page.evaluate(
      (url) => (performance.getEntriesByName(url)[0] as unknown as Timed).transferSize,
      script,
    );
    expect(transferred).toBe(0);
    expect(await timing()).toEqual(["cache", "edge"]);
    const statuses: number[] = [];
    const session = await page.context().newCDPSession(page);
    await session.send("Network.enable");
    session.on("Network.responseReceivedExtraInfo", ({ statusCode }) => statuses.push(statusCode));
    await page.evaluate((url) => fetch(url, { cache: "no-cache" }).then((r) => r.text()), script);
    expect(statuses).toEqual([304]);
    expect(await timing()).toEqual(["cache", "edge"]);
    await page.close();
  });
});
