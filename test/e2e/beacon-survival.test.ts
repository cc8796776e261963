// Pages that are left, before they were loaded or after, in all the ways there are: what
// they could still say.
import { expect, it, vi } from "vitest";
import type { Tab } from "../browsers/browser.ts";
import { inEachBrowser } from "../browsers/in-each-browser.ts";
import { startRawBrowser } from "../browsers/raw-chromium.ts";
import { startBrowser } from "../browsers/start-browser.ts";
import { saidOf, tellingWhenCollected, type Arrived } from "./beacon-lab.ts";
import { labOfFile } from "./lab-of-file.ts";

const lab = await labOfFile();
const times = [1, 2, 3];

/** A page that is heard 300 ms after DOMContentLoaded, once it has its collector; before it is loaded if it never is. */
function leaving(name: string, isLoaded: boolean): string {
  const on = isLoaded ? "load" : "DOMContentLoaded";
  const head = `<script>addEventListener("${on}", () =>
    setTimeout(() => fetch("/heard/${name}-ready", { method: "POST", body: "1" }), 300))</script>`;
  const image = isLoaded ? "" : `<img src="/image/x?slow=60000">`;
  const body = `<h1>Hello</h1><a href="/page/elsewhere">Elsewhere</a>${image}`;
  return lab.put(name, { head, body, engine: tellingWhenCollected(lab, name) });
}

/** Opens the page, and returns when it is time to leave. */
async function visit(
  tab: Pick<Tab, "navigate">,
  name: string,
  { isLoaded = false } = {},
): Promise<void> {
  await tab.navigate(leaving(name, isLoaded));
  await Promise.all([lab.heard(name), lab.heard(`${name}-ready`)]);
}

/** Once there are so many beacons: those of the page's first view. */
async function firstView(name: string, atLeast: number): Promise<readonly Arrived[]> {
  const beacons = await lab.until(name, atLeast);
  return beacons.filter(({ said }) => said["pv.id"] === beacons[0]?.said["pv.id"]);
}

const numbersIn = (view: readonly Arrived[]): readonly unknown[] => [
  ...new Set(view.map(({ said }) => said["stitch.late_seq"])),
];

lab.put("elsewhere");
const closed = "its tab is closed";

const exits: Readonly<Record<string, (tab: Tab) => Promise<void>>> = {
  "its visitor goes elsewhere": (tab) => tab.navigate("about:blank"),
  "its visitor follows a link": (tab) => tab.click("a"),
  "its visitor goes back": (tab) => tab.back(),
  "it is loaded again": (tab) => tab.evaluate("void location.reload()") as Promise<void>,
  [closed]: (tab) => tab.close(),
};

inEachBrowser(({ name: browser, inTab }) => {
  const ways = Object.entries(exits)
    .flatMap(([way, leave]) => [
      { way, leave, when: "before it was loaded", isLoaded: false },
      { way, leave, when: "after it was loaded", isLoaded: true },
    ])
    .filter(({ way, isLoaded }) => way !== closed || isLoaded);

  it.each(ways)(
    "a page has sent both beacons when $way $when, three times of three",
    async ({ way, leave, isLoaded }) => {
      // One after the other: Chromium ends a renderer that has no time to say goodbye.
      for (const time of times) {
        const name = `${browser}-${way}-${isLoaded}-${time}`.replaceAll(" ", "-");
        await inTab(async (tab) => {
          await tab.goto(lab.put("before"));
          await visit(tab, name, { isLoaded });
          await leave(tab);
          const view = await firstView(name, 2);
          expect(numbersIn(view)).toEqual([0, 1]);
          // A tab that is closed, or kept for a way back, is hidden first or not as the browser likes.
          expect(saidOf(view)["page.end_reason"]).toMatch(/^(pagehide|hidden|fetchlater)$/);
        });
      }
    },
  );

  it("a page whose tab is closed before it was loaded has sent both beacons, save in WebKit, where no event tells it", async () => {
    const [name, next] = [`${browser}-closed`, `${browser}-after`];
    await inTab((tab) => visit(tab, name));
    await inTab(async (tab) => {
      await visit(tab, next, { isLoaded: true });
      await tab.goto("about:blank");
    });
    await lab.until(next, 2);
    expect(numbersIn(lab.arrived(name))).toEqual(browser === "webkit" ? [0] : [0, 1]);
  });

  it("a page that stays where it was told to leave says the rest when it ends after all", async () => {
    await inTab(async (tab) => {
      const name = `${browser}-stays`;
      await visit(tab, name);
      // An answer without a page ends nothing, but begins like one that does.
      await tab.evaluate(`void (location.href = "/nothing")`);
      await tab.evaluate("new Promise((done) => setTimeout(done, 300))");
      await tab.hide();
      const lastReason = (): unknown => saidOf(lab.arrived(name))["page.end_reason"];
      await vi.waitFor(() => expect(lastReason()).toBe("hidden"), { timeout: 20_000 });
    });
  });

  it("a page has sent both beacons when it is hidden, and the rest when it ends after all", async () => {
    await inTab(async (tab) => {
      const name = `${browser}-hidden`;
      await visit(tab, name, { isLoaded: true });
      await tab.hide();
      const view = await firstView(name, 2);
      expect(numbersIn(view)).toEqual([0, 1]);
      expect(saidOf(view)["page.end_reason"]).toBe("hidden");
      await tab.show();
      await tab.until("document.visibilityState === 'visible'");
      await tab.evaluate(`void setTimeout(() => { throw new Error("late") })`);
      await tab.navigate("about:blank");
      const whole = await firstView(name, 3);
      expect(numbersIn(whole)).toEqual([0, 1, 2]);
      expect(saidOf(whole)["error.count"]).toBe(1);
    });
  });

  it("a browser that is killed has sent the early beacons of all the pages that it had open", async () => {
    const mine = await startBrowser(browser);
    const name = (time: number): string => `${browser}-killed-${time}`;
    try {
      for (const time of times) await visit(await mine.open(), name(time));
    } finally {
      await mine.kill();
    }
    for (const time of times) expect(numbersIn(await firstView(name(time), 1))).toContain(0);
  });
});

it("Chromium sends what was left with fetchLater when a renderer crashes, three times of three", async () => {
  const browser = await startRawBrowser();
  try {
    for (const time of times) {
      const name = `crash-${time}`;
      const tab = await browser.open({ newWindow: true });
      const navigate = async (url: string): Promise<void> =>
        void (await tab.send("Page.navigate", { url }));
      await visit({ navigate }, name);
      // A crash is no answer.
      void tab.send("Page.navigate", { url: "chrome://crash" }).catch(() => undefined);
      expect(numbersIn(await firstView(name, 2))).toEqual([0, 1]);
      await browser.send("Target.closeTarget", { targetId: tab.targetId }).catch(() => undefined);
    }
  } finally {
    await browser.kill();
  }
});
