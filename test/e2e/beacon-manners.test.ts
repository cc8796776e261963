// On pages that are hostile, broken or full, the beacon is as if it were not there:
// nothing reaches the page's error handling, and the engine does what it does alone.
import type { Page as Tab } from "playwright-core";
import { describe, expect, it, vi } from "vitest";
import { saidOf, type Page } from "./beacon-lab.ts";
import { labAndBrowser } from "./lab-of-file.ts";

const { lab, browser } = await labAndBrowser();

const engine = `const end = aviary.span("apply");
  document.documentElement.dataset.engine = [typeof aviary.payload, [3, 1, 2].sort().join()].join();
  end(1);
  aviary.track("added", { value: 2 });`;

const watch = `<script>self.seen = [];
  addEventListener("error", (e) => seen.push("error: " + e.message));
  addEventListener("unhandledrejection", (e) => seen.push("rejection: " + e.reason));
</script>`;

type Outcome = { readonly result: unknown; readonly seen: unknown };

/** Loads a page, leaves it hidden for the beacon's last word, and says what the page noticed. */
async function visit(name: string, page: Page): Promise<Outcome> {
  const tab = await browser.newPage();
  await tab.goto(lab.put(name, { engine, ...page, head: `${watch}${page.head ?? ""}` }));
  await settled(tab);
  const seen = await tab.evaluate("seen");
  const result = await tab.evaluate("document.documentElement.dataset.engine");
  await tab.goto("about:blank");
  await tab.close();
  return { result, seen };
}

/** Waits until the page is loaded and has had time to run what it was told to run later. */
async function settled(tab: Tab): Promise<void> {
  await tab.waitForLoadState("load");
  await tab.waitForTimeout(400);
}

const throwing = `() => { throw new Error("not for you") }`;
const platforms = {
  "every API throws": `<script>
    for (const [holder, names] of [
      [performance, ["now", "getEntriesByType", "getEntriesByName", "addEventListener"]],
      [crypto, ["getRandomValues"]],
      [navigator, ["sendBeacon"]],
      [self, ["fetch", "fetchLater", "PerformanceObserver", "URL", "MutationObserver"]],
    ]) for (const name of names) Object.defineProperty(holder, name, { value: ${throwing} });
    for (const name of ["userAgent", "connection", "deviceMemory", "webdriver"])
      Object.defineProperty(navigator, name, { get: ${throwing} });
  </script>`,
  "every API is missing": `<script>
    for (const name of ["performance", "crypto", "fetch", "fetchLater", "PerformanceObserver",
      "PerformanceEventTiming", "URL", "requestIdleCallback", "sessionStorage"])
      Object.defineProperty(self, name, { value: undefined });
    Object.defineProperty(navigator, "sendBeacon", { value: undefined });
  </script>`,
  "observers alone are missing": `<script>
    for (const name of ["PerformanceObserver", "fetchLater"])
      Object.defineProperty(self, name, { value: undefined });
  </script>`,
  "prototypes are frozen": `<script>
    for (const each of [Object, Array, Function, Promise, Map, Set, String, RegExp, Element, Node, Event])
      Object.freeze(each.prototype);
  </script>`,
  "Array.prototype is polluted": `<script>
    Array.prototype.each = function () {};
    Array.prototype.toJSON = function () { return "no array" };
    Object.prototype.extra = "extra";
    Array.prototype.last = function () { return this[this.length - 1] };
  </script>`,
  "fetch is somebody else's": `<script>
    self.fetch = () => undefined;
    navigator.sendBeacon = () => { throw new Error("no") };
  </script>`,
  "its storage throws": `<script>
    Object.defineProperty(self, "sessionStorage", { get: ${throwing} });
  </script>`,
};

describe("a page notices nothing of the beacon", () => {
  it.each(Object.entries(platforms))("where %s", async (what, head) => {
    const name = what.replaceAll(/\W+/g, "-");
    const [inline, loaded, alone] = await Promise.all([
      visit(`${name}-inline`, { head, inline: true }),
      visit(name, { head, config: { session: true } }),
      visit(`${name}-alone`, { head, config: { sampleRate: 0 } }),
    ]);
    expect(alone).toEqual({ result: "object,1,2,3", seen: [] });
    expect([loaded, inline]).toEqual([alone, alone]);
  });

  it("and its messages are read where every object has a toJSON", async () => {
    const head = `<script>
      Array.prototype.toJSON = function () { return "[" + this.join(", ") + "]" };
      Object.prototype.toJSON = function () { return "an object" };
    </script>`;
    const outcome = await visit("to-json", { head });
    expect(outcome).toEqual({ result: "object,1,2,3", seen: [] });
    const said = saidOf(await lab.until("to-json", 2));
    expect(said["snippet.timing"]).toHaveLength(11);
    expect(said["beacon.token"]).toMatch(/^1\.ya\./);
    expect(said["beacon.events"]).toEqual([["added", 1, 2]]);
    expect(lab.arrived("to-json").flatMap(({ dropped }) => dropped)).toEqual([]);
  });

  it.each([
    ["connections", "default-src 'self' 'unsafe-inline' http://localhost:*; connect-src 'none'"],
    ["its collector", "script-src 'unsafe-inline' http://localhost:*/js/"],
    ["assigning to script.src", "require-trusted-types-for 'script'"],
  ])("whose policy forbids %s", async (what, policy) => {
    const name = `policy-${what.replaceAll(/\W+/g, "-")}`;
    const outcome = await visit(name, { headers: { "content-security-policy": policy } });
    expect(outcome).toEqual({ result: "object,1,2,3", seen: [] });
  });

  it("that has spent the budget of beacons itself", async () => {
    const head = `<script>while (navigator.sendBeacon("/heard/full?slow=3000", "x".repeat(8000)));</script>`;
    expect(await visit("full", { head })).toEqual({ result: "object,1,2,3", seen: [] });
  });

  it("of five thousand resources, and its message stays small", async () => {
    const head = `<script>performance.setResourceTimingBufferSize(6000);
      const some = () => Array.from({ length: 100 }, () => fetch("/pixel/one", { cache: "force-cache" }));
      (async () => { for (let n = 0; n < 50; n++) await Promise.all(some()); })();</script>`;
    const tab = await browser.newPage();
    await tab.goto(lab.put("crowded", { head: watch + head, engine }));
    const all = "performance.getEntriesByType('resource').length >= 5000";
    await tab.waitForFunction(all, undefined, { polling: 500, timeout: 100_000 });
    expect(await tab.evaluate("seen")).toEqual([]);
    await tab.goto("about:blank");
    // On a slow machine a view may last beyond its first late beacon.
    const count = (): number => saidOf(lab.arrived("crowded"))["resource.count"] ?? 0;
    await vi.waitUntil(() => count() >= 5_000, 20_000);
    for (const { text } of lab.arrived("crowded")) expect(text.length).toBeLessThan(4_000);
    await tab.close();
  }, 120_000);
});

describe("the beacon asks for no layout", () => {
  it("when it begins and when it ends, on a phone too", async () => {
    const context = await browser.newContext({ isMobile: true, hasTouch: true });
    const tab = await context.newPage();
    const cdp = await context.newCDPSession(tab);
    await cdp.send("Performance.enable");
    const layouts = async (): Promise<number> => {
      const { metrics } = await cdp.send("Performance.getMetrics");
      return metrics.find(({ name }) => name === "LayoutCount")?.value ?? Number.NaN;
    };
    // The page is never clean when the beacon looks: a forced layout would be one more.
    const dirty = `document.documentElement.style.paddingTop = Math.random() + "px";`;
    const url = lab.put("layout", { engine, body: "<h1>Hello</h1>", inline: true });
    await tab.goto(url);
    await settled(tab);
    const before = await layouts();
    await tab.evaluate(`${dirty}
      Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true });
      document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
      self.forced = document.documentElement.dataset.engine;`);
    await lab.until("layout", 2);
    await tab.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))");
    const between = (await layouts()) - before;
    await tab.evaluate(`${dirty} void document.body.offsetTop; ${dirty}`);
    await tab.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))");
    const forced = (await layouts()) - before - between;
    expect({ between, forced }).toEqual({ between: 1, forced: 2 });
    await context.close();
  });
});
