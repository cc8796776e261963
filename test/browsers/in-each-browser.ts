// Laws that hold in every browser that is here; `npm test` says which are not.
import { afterAll, beforeAll, describe } from "vitest";
import type { BrowserName, Tab, TestBrowser } from "./browser.ts";
import { seenBrowsers } from "./ensure-browsers.ts";
import { startBrowser } from "./start-browser.ts";

type Here = {
  readonly name: BrowserName;
  /** The browser of this block; it is there once its tests run. */
  readonly browser: () => TestBrowser;
  /** Does something in a tab of its own, and closes it. */
  readonly inTab: <T>(work: (tab: Tab) => Promise<T>) => Promise<T>;
};

/** Runs the same laws in one browser after the other, of all or of some: each is started once, and two are never up at once. */
export function inEachBrowser(laws: (here: Here) => void, among = seenBrowsers): void {
  describe.each(among)("in %s", (name) => {
    let started: TestBrowser | undefined;
    const browser = (): TestBrowser => {
      if (started === undefined) throw new Error(`${name} is not up`);
      return started;
    };
    beforeAll(async () => {
      started = await startBrowser(name);
    });
    afterAll(() => started?.kill());
    laws({
      name,
      browser,
      inTab: async (work) => {
        const tab = await browser().open();
        try {
          return await work(tab);
        } finally {
          // The page may have closed it.
          await tab.close().catch(() => undefined);
        }
      },
    });
  });
}
