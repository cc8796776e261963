// Pages that are left 300 ms after DOMContentLoaded, before they were loaded, in all
// the ways there are: what they could still say.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startLab, type Lab } from "./beacon-lab.ts";
import { startRawBrowser, type RawBrowser, type RawTab } from "../browsers/raw-chromium.ts";

let lab: Lab;

beforeAll(async () => {
  lab = await startLab();
});

afterAll(async () => {
  await lab?.stop();
});

const times = Array.from({ length: 10 }, (_, at) => at);

/** A page that posts to `/heard/<name>` 300 ms after DOMContentLoaded, once it has its collector. */
function leaving(name: string): string {
  const head = `<script>
    const parsed = new Promise((done) => addEventListener("DOMContentLoaded", () => setTimeout(done, 300)));
    const collected = new Promise((done) => new MutationObserver((changes) => {
      for (const { removedNodes } of changes) if (removedNodes.length > 0) done();
    }).observe(document.head, { childList: true }));
    Promise.all([parsed, collected]).then(() => fetch("/heard/${name}", { method: "POST", body: "1" }));
  </script>`;
  return lab.put(name, { head, body: `<h1>Hello</h1><img src="/image/x?slow=60000">` });
}

/** Opens the page, and returns when it is time to leave; in a window of its own it is visible. */
async function visit(browser: RawBrowser, name: string, newWindow: boolean): Promise<RawTab> {
  const tab = await browser.open({ newWindow });
  await tab.send("Page.navigate", { url: leaving(name) });
  await lab.heard(name);
  return tab;
}

/** Once there are so many beacons of a view: their numbers within it. */
async function numbers(name: string, atLeast: number): Promise<readonly number[]> {
  const beacons = await lab.until(name, atLeast);
  return [...new Set(beacons.map(({ said }) => said["stitch.late_seq"]))];
}

describe("a page that is left before it was loaded", () => {
  let browser: RawBrowser;

  beforeAll(async () => {
    browser = await startRawBrowser();
  });

  afterAll(async () => {
    await browser?.kill();
  });

  const exits = {
    "its visitor goes elsewhere": ({ send }: RawTab) =>
      send("Page.navigate", { url: "about:blank" }),
    "its tab is closed": ({ targetId }: RawTab) => browser.send("Target.closeTarget", { targetId }),
    // A crash is no answer.
    "its renderer crashes": async ({ send }: RawTab) =>
      void send("Page.navigate", { url: "chrome://crash" }),
  };

  it.each(Object.entries(exits))(
    "has sent both beacons when %s, ten times of ten",
    async (way, leave) => {
      // One after the other: Chromium ends a renderer that has no time to say goodbye.
      for (const time of times) {
        const name = `${way.replaceAll(" ", "-")}-${time}`;
        const tab = await visit(browser, name, true);
        await leave(tab);
        expect(await numbers(name, 2)).toEqual([0, 1]);
        await browser.send("Target.closeTarget", { targetId: tab.targetId }).catch(() => undefined);
      }
    },
  );
});

describe("a browser that is killed", () => {
  it("has sent the early beacons of all ten pages that it had open", async () => {
    const browser = await startRawBrowser();
    try {
      await Promise.all(times.map((time) => visit(browser, `killed-${time}`, false)));
    } finally {
      await browser.kill();
    }
    for (const time of times) expect(await numbers(`killed-${time}`, 1)).toContain(0);
  });
});
