// The beacon's vitals beside those of `web-vitals` on the same page load.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { launchChromium } from "../chromium.ts";
import { saidOf, startLab, type Arrived, type Lab } from "./beacon-lab.ts";
import { startRawBrowser, type RawBrowser } from "../browsers/raw-chromium.ts";

const names = ["CLS", "FCP", "INP", "LCP", "TTFB"] as const;
type Vitals = Partial<Record<(typeof names)[number], number>>;
type Report = {
  readonly name: (typeof names)[number];
  readonly value: number;
  readonly navigationStartTime: number;
};

type Evaluated = { readonly result: { readonly value: unknown } };

let lab: Lab;
let browser: Browser;
let hidden: RawBrowser;
let library: string;

beforeAll(async () => {
  const folder = join(import.meta.dirname, "..", "..", "node_modules", "web-vitals", "dist");
  library = await readFile(join(folder, "web-vitals.iife.js"), "utf8");
  [lab, browser, hidden] = await Promise.all([
    startLab(),
    launchChromium({ bfcache: true }),
    startRawBrowser(),
  ]);
});

afterAll(async () => {
  await browser?.close();
  await hidden?.kill();
  await lab?.stop();
});

/** Has `web-vitals` report to `/heard/<name>` whenever the page is hidden. */
function witness(name: string): string {
  return `<script>${library};
    self.reports = [];
    for (const on of ${JSON.stringify(names)}) webVitals["on" + on]((m) =>
      reports.push({ name: m.name, value: m.value, navigationStartTime: m.navigationStartTime }),
      { reportAllChanges: true, reportSoftNavs: true });
    addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") navigator.sendBeacon("/heard/${name}", JSON.stringify(reports));
    });
  </script>`;
}

/** What the witness heard last of each metric, in each view, in the order of their beginning. */
async function heard(name: string): Promise<readonly Vitals[]> {
  const views = new Map<number, Vitals>();
  for (const report of (await lab.heard(name)) as readonly Report[]) {
    const start = report.navigationStartTime;
    views.set(start, { ...views.get(start), [report.name]: report.value });
  }
  return [...views].sort(([a], [b]) => a - b).map(([, vitals]) => vitals);
}

function vitalsOf(beacons: readonly Arrived[], index = 0): Vitals {
  const said = saidOf(beacons, index);
  const columns = {
    CLS: said["cls.value"],
    FCP: said["fcp.value"],
    INP: said["inp.value"],
    LCP: said["lcp.value"],
    TTFB: said["ttfb.value"],
  };
  return Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== undefined));
}

/** The metrics in which two accounts differ by more than rounding. */
function differences(ours: Vitals, theirs: Vitals): readonly string[] {
  return names.filter((name) => {
    const [one, other] = [ours[name], theirs[name]];
    if (one === undefined || other === undefined) return one !== other;
    return Math.abs(one - other) > (name === "CLS" ? 0.000_1 : 0.1);
  });
}

async function untilReported(page: Page, name: string): Promise<void> {
  await page.waitForFunction(`reports.some((report) => report.name === "${name}")`);
}

const busy = `<h1>Hello</h1>
  <button onclick="for (const s = performance.now(); performance.now() - s < 120;);">Buy</button>
  <div id="late"></div><p>Words that move</p><img src="/image/x?slow=400" width="400" height="300">
  <script>setTimeout(() => { late.style.height = "100px" }, 300)</script>`;

describe("the beacon says what web-vitals says", () => {
  it("of a slow image, a late shift and a blocking click", async () => {
    const page = await browser.newPage();
    await page.goto(lab.put("busy", { head: witness("busy"), body: busy }));
    await page.waitForFunction("reports.some(({ name, value }) => name === 'CLS' && value > 0)");
    await page.waitForFunction("reports.filter(({ name }) => name === 'LCP').length > 1");
    await page.click("button");
    await untilReported(page, "INP");
    await page.goto("about:blank");
    const [theirs = {}] = await heard("busy");
    expect(Object.keys(theirs).sort()).toEqual(names);
    expect(theirs.INP).toBeGreaterThan(100);
    expect(theirs.LCP).toBeGreaterThan(theirs.FCP ?? Infinity);
    expect(differences(vitalsOf(await lab.until("busy", 2)), theirs)).toEqual([]);
    await page.close();
  });

  it("of a page that was hidden when it began", async () => {
    const tab = await hidden.open();
    await hidden.send("Target.activateTarget", { targetId: (await hidden.open()).targetId });
    const body = `${busy}<script>setTimeout(() => document.body.append("more"), 200)</script>`;
    await tab.send("Page.navigate", { url: lab.put("hidden", { head: witness("hidden"), body }) });
    await lab.until("hidden", 2);
    const reported = { expression: 'reports.some(({ name }) => name === "TTFB")' };
    await vi.waitFor(async () => {
      const { result } = (await tab.send("Runtime.evaluate", reported)) as Evaluated;
      expect(result.value).toBe(true);
    }, 15_000);
    await hidden.send("Target.activateTarget", { targetId: tab.targetId });
    await hidden.open();
    const [theirs = {}] = await heard("hidden");
    const beacons = await lab.until("hidden", 2);
    expect(saidOf(beacons)["page.visibility_at_start"]).toBe("hidden");
    expect(saidOf(beacons)["page.first_hidden"]).toBe(0);
    expect(Object.keys(theirs)).not.toContain("LCP");
    expect(differences(vitalsOf(beacons), theirs)).toEqual([]);
  });

  it("of a page that was prerendered", async () => {
    const signals = `<script>
      addEventListener("load", () => fetch("/heard/ready", { method: "POST", body: "1" }));
      const watch = setInterval(() => {
        if (!["CLS", "LCP", "TTFB"].every((each) => reports.some(({ name }) => name === each))) return;
        clearInterval(watch);
        location.href = "/page/elsewhere";
      }, 20);
    </script>`;
    lab.put("elsewhere");
    const head = witness("prerendered");
    const target = lab.put("prerendered", { head, body: busy + signals });
    const rules = JSON.stringify({ prerender: [{ urls: [target], eagerness: "immediate" }] });
    const url = lab.put("prerendering", {
      head: `<script type="speculationrules">${rules}</script>
        <script>setInterval(async () => {
          if ((await fetch("/heard/ready")).ok) location.href = "${target}";
        }, 50)</script>`,
    });
    // A page that is told what to do through the protocol prerenders nothing.
    await hidden.send("Target.createTarget", { url, newWindow: true });
    const [theirs = {}] = await heard("prerendered");
    const beacons = await lab.until("prerendered", 2);
    const said = saidOf(beacons);
    expect(said["nav.activation_start"]).toBeGreaterThan(0);
    expect(said["browser.web_vital.navigation_type"]).toBe("prerender");
    expect(theirs.LCP).toBeGreaterThanOrEqual(0);
    expect(differences(vitalsOf(beacons), theirs)).toEqual([]);
  });

  it("of a return from the back/forward cache, which is a view of its own", async () => {
    const page = await browser.newPage();
    await page.goto(lab.put("restored", { head: witness("restored"), body: busy }));
    await page.waitForFunction("reports.some(({ name, value }) => name === 'CLS' && value > 0)");
    await page.goto(lab.put("elsewhere"));
    await page.evaluate("history.back()");
    await lab.until("restored", 3);
    await page.waitForFunction(
      "reports.filter(({ name }) => name === 'LCP').at(-1).navigationStartTime > 0",
    );
    await page.click("button");
    await page.waitForFunction("reports.at(-1).name === 'INP'");
    await page.goto("about:blank");
    const beacons = await lab.until("restored", 4);
    await vi.waitFor(async () => expect((await heard("restored"))[1]?.INP).toBeGreaterThan(100));
    const [first = {}, second = {}] = await heard("restored");
    expect(differences(vitalsOf(beacons), first)).toEqual([]);
    const ours = vitalsOf(beacons, 1);
    // Both ask the clock for them, each in a callback of its own in the same frame.
    for (const paint of ["FCP", "LCP"] as const) {
      expect(Math.abs((ours[paint] ?? Number.NaN) - (second[paint] ?? Number.NaN))).toBeLessThan(
        16,
      );
      delete ours[paint];
      delete second[paint];
    }
    expect(differences(ours, second)).toEqual([]);
    const said = saidOf(beacons, 1);
    expect(said["browser.web_vital.navigation_type"]).toBe("back-forward-cache");
    expect(said["page.bfcache_restores"]).toBe(1);
    expect(new Set(beacons.map((beacon) => beacon.said["pv.id"])).size).toBe(1);
    await page.close();
  });

  it("of a soft navigation, which is a view of its own", async () => {
    const body = `${busy}<a onclick="history.pushState({}, '', '/page/soft?secret=1');
      setTimeout(() => { late.innerHTML = '<h1 style=font-size:90px>Another page</h1>' }, 50)">Next</a>`;
    const page = await browser.newPage();
    const config = { templates: ["/page/*"] };
    await page.goto(lab.put("soft", { head: witness("soft"), body, config }));
    await page.waitForFunction("reports.some(({ name, value }) => name === 'CLS' && value > 0)");
    await page.click("a");
    await page.waitForFunction(
      "reports.some((report) => report.name === 'LCP' && report.navigationStartTime > 0)",
    );
    await page.click("button");
    await page.waitForFunction(
      "reports.some((report) => report.name === 'INP' && report.navigationStartTime > 0 && report.value > 100)",
    );
    await page.goto("about:blank");
    const beacons = await lab.until("soft", 4);
    const [first = {}, second = {}] = await heard("soft");
    expect(differences(vitalsOf(beacons), first)).toEqual([]);
    expect(differences(vitalsOf(beacons, 1), second)).toEqual([]);
    expect(saidOf(beacons)["page.end_reason"]).toBe("soft-nav");
    expect(saidOf(beacons, 1)["browser.web_vital.navigation_type"]).toBe("soft-navigation");
    await page.close();
  });
});
