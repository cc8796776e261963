// The beacon asks for no layout: as Chromium counts them, on a phone too.
import type { Page as Tab } from "playwright-core";
import { expect, it } from "vitest";
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
