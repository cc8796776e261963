// The beacon's vitals beside those of `web-vitals` on the same page load.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchChromium } from "../chromium.ts";
import { saidOf, startLab, type Arrived, type Lab } from "./beacon-lab.ts";

const names = ["CLS", "FCP", "INP", "LCP", "TTFB"] as const;
type Vitals = Partial<Record<(typeof names)[number], number>>;
type Report = {
  readonly name: (typeof names)[number];
  readonly value: number;
  readonly navigationStartTime: number;
};

let lab: Lab;
let browser: Browser;
let library: string;

beforeAll(async () => {
  const folder = join(import.meta.dirname, "..", "..", "node_modules", "web-vitals", "dist");
  library = await readFile(join(folder, "web-vitals.iife.js"), "utf8");
  [lab, browser] = await Promise.all([startLab(), launchChromium({ bfcache: true })]);
});

afterAll(async () => {
  await browser?.close();
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
    await page.click("button");
    await untilReported(page, "INP");
    await page.goto("about:blank");
    const [theirs = {}] = await heard("busy");
    expect(Object.keys(theirs).sort()).toEqual(names);
    expect(theirs.INP).toBeGreaterThan(100);
    expect(differences(vitalsOf(await lab.until("busy", 2)), theirs)).toEqual([]);
    await page.close();
  });
});
