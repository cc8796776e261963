// The beacon asks for no layout: as Chromium counts and traces them.
import type { Page as Tab } from "playwright-core";
import { expect, it, onTestFinished } from "vitest";
import { startRawBrowser } from "../browsers/raw-chromium.ts";
import { labAndBrowser } from "./lab-of-file.ts";

const { lab, browser } = await labAndBrowser();

const engine = `document.documentElement.dataset.engine = "ran";`;

/** Waits until the page is loaded and has had time to run what it was told to run later. */
async function settled(tab: Tab): Promise<void> {
  await tab.waitForLoadState("load");
  await tab.waitForTimeout(400);
}

it("a phone's page is laid out no more often for a beacon that begins and ends", async () => {
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

/** Styles and layouts within the task that runs the snippet of a page that is dirty then. */
async function layoutsForced(name: string, source: string): Promise<number> {
  // Whoever looks at `aviary`, as the early part does first, finds the page changed.
  const head = `<script>let kept;
    Object.defineProperty(self, "aviary", {
      get() { document.documentElement.style.paddingTop = Math.random() + "px"; return kept; },
      set(given) { kept = given; },
    });</script>`;
  const raw = await startRawBrowser();
  onTestFinished(raw.kill);
  const stop = await raw.trace();
  const tab = await raw.open({ newWindow: true });
  await tab.send("Page.navigate", { url: lab.put(name, { head, engine: source }) });
  await lab.until(name, 1);
  await tab.send("Page.navigate", { url: "about:blank" });
  const events = await stop();
  const run = events.find(
    ({ name: kind, args }) =>
      kind === "EvaluateScript" && args?.data?.url?.endsWith(`/js/${name}.js`),
  );
  const { ts = 0, dur = 0, tid } = run ?? {};
  expect(dur).toBeGreaterThan(0);
  return events.filter(
    (event) =>
      /^(UpdateLayoutTree|Layout)$/.test(event.name) &&
      event.tid === tid &&
      event.ts >= ts &&
      event.ts <= ts + dur,
  ).length;
}

it("the early part forces no layout on a page that needs one", async () => {
  const asked = await layoutsForced("asks", "document.documentElement.offsetHeight;");
  const alone = await layoutsForced("dirty", "");
  expect({ asked: asked > 0, alone }).toEqual({ asked: true, alone: 0 });
});
