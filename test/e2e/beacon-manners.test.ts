// On pages that are hostile, broken or full, the beacon is as if it were not there:
// nothing reaches the page's error handling, and the engine does what it does alone.
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import { inEachBrowser } from "../browsers/in-each-browser.ts";
import { saidOf, type Page } from "./beacon-lab.ts";
import { labOfFile } from "./lab-of-file.ts";

const lab = await labOfFile();

const engine = `const end = aviary.span("apply");
  document.documentElement.dataset.engine = [typeof aviary.payload, [3, 1, 2].sort().join()].join();
  end(1);
  aviary.track("added", { value: 2 });`;

const watch = `<script>self.seen = [];
  addEventListener("error", (e) => seen.push("error: " + e.message));
  addEventListener("unhandledrejection", (e) => seen.push("rejection: " + e.reason));
</script>`;

type Outcome = { readonly result: unknown; readonly seen: unknown };

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

inEachBrowser(({ name: browser, inTab }) => {
  /** Loads a page, leaves it for the beacon's last word, and says what the page noticed. */
  const visit = (name: string, page: Page): Promise<Outcome> =>
    inTab(async (tab) => {
      const head = `${watch}${page.head ?? ""}`;
      await tab.goto(lab.put(`${browser}-${name}`, { engine, ...page, head }));
      // Time to run what it was told to run later.
      await wait(400);
      const seen = await tab.evaluate("seen");
      const result = await tab.evaluate("document.documentElement.dataset.engine");
      await tab.goto("about:blank");
      return { result, seen };
    });

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
      const said = saidOf(await lab.until(`${browser}-to-json`, 2));
      expect(said["snippet.timing"]).toHaveLength(11);
      // WebKit shows pages no Server-Timing of another origin.
      const isShown = said["beacon.token"]?.startsWith("1.ya.") ?? false;
      expect(isShown).toBe(browser !== "webkit");
      expect(said["beacon.events"]).toEqual([["added", 1, 2]]);
      expect(lab.arrived(`${browser}-to-json`).flatMap(({ dropped }) => dropped)).toEqual([]);
    });

    it("that has spent the budget of beacons itself", async () => {
      // Firefox has no such budget, and takes all of them.
      const head = `<script>for (let n = 0; n < 20; n++)
      navigator.sendBeacon("/heard/full?slow=3000", '"' + "x".repeat(8000) + '"');</script>`;
      expect(await visit("full", { head })).toEqual({ result: "object,1,2,3", seen: [] });
    });

    it("of five thousand resources, and its message stays small", async () => {
      const name = `${browser}-crowded`;
      const head = `<script>performance.setResourceTimingBufferSize(6000);
      const some = () => Array.from({ length: 100 }, () => fetch("/pixel/one", { cache: "force-cache" }));
      (async () => { for (let n = 0; n < 50; n++) await Promise.all(some()); })();</script>`;
      await inTab(async (tab) => {
        await tab.navigate(lab.put(name, { head: watch + head, engine }));
        await tab.until("performance.getEntriesByType('resource').length >= 5000");
        expect(await tab.evaluate("seen")).toEqual([]);
        await tab.goto("about:blank");
      });
      // On a slow machine a view may last beyond its first late beacon.
      const count = (): number => saidOf(lab.arrived(name))["resource.count"] ?? 0;
      await vi.waitUntil(() => count() >= 5_000, 60_000);
      for (const { text } of lab.arrived(name)) expect(text.length).toBeLessThan(4_000);
    }, 120_000);
  });
});
