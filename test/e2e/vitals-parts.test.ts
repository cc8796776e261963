// The vitals and what they are made of, beside the attribution build of `web-vitals` on
// the same page, in each browser that has them.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import type { ColumnValues } from "#rum/columns.ts";
import type { Tab } from "../browsers/browser.ts";
import { inEachBrowser } from "../browsers/in-each-browser.ts";
import { saidOf, type Page } from "./beacon-lab.ts";
import { labOfFile } from "./lab-of-file.ts";

const lab = await labOfFile();
const folder = join(import.meta.dirname, "..", "..", "node_modules", "web-vitals", "dist");
const library = await readFile(join(folder, "web-vitals.attribution.iife.js"), "utf8");

/** What one metric of one view came to; parts by the names of our columns. */
type Report = {
  readonly startMs: number;
  readonly parts: Readonly<Record<string, string | number | undefined>>;
};

/** Keeps what `web-vitals` reports, and posts it to `/heard/<name>` when the page is hidden. */
function witness(name: string): string {
  return `<script>${library};
    self.reports = [];
    const parts = {
      FCP: ({ value }) => ({ "fcp.value": value }),
      TTFB: ({ value }) => ({ "ttfb.value": value }),
      CLS: ({ value, attribution: a }) => ({
        "cls.value": value,
        "cls.largest_shift_target": a.largestShiftTarget,
        "cls.largest_shift_time": a.largestShiftTime,
      }),
      LCP: ({ value, attribution: a }) => ({
        "lcp.value": value,
        "lcp.element": a.target,
        "lcp.resource_load_delay": a.resourceLoadDelay,
        "lcp.resource_load_duration": a.resourceLoadDuration,
        "lcp.element_render_delay": a.elementRenderDelay,
      }),
      INP: ({ value, attribution: a }) => ({
        "inp.value": value,
        "inp.input_delay": a.inputDelay,
        "inp.processing_duration": a.processingDuration,
        "inp.presentation_delay": a.presentationDelay,
        "inp.interaction_target": a.interactionTarget,
        "inp.interaction_type": a.interactionType,
        "inp.longest_script_ms": a.longestScript?.intersectingDuration,
      }),
    };
    for (const name of Object.keys(parts)) webVitals["on" + name]((metric) =>
      reports.push({ name, startMs: metric.navigationStartTime, parts: parts[name](metric) }),
      { reportAllChanges: true, reportSoftNavs: true });
    addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") navigator.sendBeacon("/heard/${name}", JSON.stringify(reports));
    });
  </script>`;
}

/** What the witness heard last of each part, in each view, in the order of their beginning. */
async function heard(name: string): Promise<readonly Report["parts"][]> {
  const views = new Map<number, Report["parts"]>();
  for (const { startMs, parts } of (await lab.heard(name)) as readonly Report[]) {
    views.set(startMs, { ...views.get(startMs), ...parts });
  }
  return [...views].sort(([a], [b]) => a - b).map(([, parts]) => parts);
}

const loading: ReadonlySet<string> = new Set([
  "lcp.resource_load_delay",
  "lcp.resource_load_duration",
]);

/** The parts in which two accounts of a view differ by more than rounding. */
function differences(ours: ColumnValues, theirs: Report["parts"]): readonly string[] {
  const said = ours as Report["parts"];
  const names = new Set([...Object.keys(theirs), ...Object.keys(said)].filter(isPart));
  return [...names].flatMap((name) => {
    const one = said[name];
    const other = theirs[name];
    // What has no resource was never loaded: they say zero, we say nothing.
    if (loading.has(name) && one === undefined && other === 0) return [];
    // They look once the page is idle, and Chromium may have forgotten by then.
    if (name === "inp.interaction_target" && other === undefined) return [];
    const isNear =
      typeof one === "number" && typeof other === "number"
        ? Math.abs(one - other) <= (name === "cls.value" ? 0.000_1 : 0.1)
        : one === other;
    return isNear ? [] : `${name}: ${one} and not ${other}`;
  });
}

function isPart(name: string): boolean {
  return /^(fcp|ttfb|cls|lcp|inp)\./.test(name) && !/_domain$|_script_host$/.test(name);
}

const collected = `document.readyState === "complete" &&
  performance.getEntriesByType("resource").some(({ name }) => name.includes("/beacon/"))`;
const busy = `const busy = (ms) => { for (const s = performance.now(); performance.now() - s < ms;); };`;

const settle = (tab: Tab, ms: number): Promise<unknown> =>
  tab.evaluate(`new Promise((done) => setTimeout(done, ${ms}))`);

/** Loads a page, does something there, hides it, and compares view by view. */
async function compare(
  tab: Tab,
  page: Page & { readonly name: string },
  act: () => Promise<void>,
): Promise<readonly Report["parts"][]> {
  const { name } = page;
  await tab.goto(lab.put(name, { ...page, head: `${witness(name)}${page.head ?? ""}` }));
  await tab.until(collected);
  await settle(tab, 500);
  await act();
  await settle(tab, 1_500);
  await tab.hide();
  const theirs = await heard(name);
  const isLast = (): boolean =>
    lab.arrived(name).some(({ said }) => said["page.first_hidden"]! > 0);
  await vi.waitUntil(isLast, 20_000);
  await settle(tab, 300);
  await tab.show();
  const ours = theirs.map((_, index) => saidOf(lab.arrived(name), index));
  expect(theirs.map((each, index) => differences(ours[index] ?? {}, each))).toEqual(
    theirs.map(() => []),
  );
  return theirs;
}

inEachBrowser(({ name: browserName, inTab }) => {
  const hasVitals = browserName !== "webkit";

  it("divides the paint of an image, the press of a button and a shift as web-vitals does", async () => {
    await inTab(async (tab) => {
      const body = `<button id="buy">Buy</button><div id="late"></div><p id="moved">Words that move</p>
        <img id="hero" src="/image/x?slow=400" width="400" height="300">
        <script>${busy} buy.onclick = () => busy(100);
          self.shift = () => { late.style.height = "100px" }</script>`;
      const name = `${browserName}-image`;
      const [theirs = {}] = await compare(tab, { name, body }, async () => {
        await tab.evaluate("void shift()");
        await settle(tab, 300);
        await tab.click("#buy");
      });
      expect(theirs["fcp.value"]).toBeGreaterThan(0);
      expect("lcp.value" in theirs).toBe(hasVitals);
      expect("inp.value" in theirs).toBe(hasVitals);
      expect("cls.value" in theirs).toBe(browserName === "chromium");
    });
  });

  it("divides the paint of a text, and keys, as web-vitals does", async () => {
    await inTab(async (tab) => {
      const body = `<h1 id="title">Words alone</h1><input id="field">
        <script>${busy} field.addEventListener("keydown", () => busy(60))</script>`;
      const name = `${browserName}-text`;
      await compare(tab, { name, body }, async () => {
        await tab.click("#field");
        await tab.type("ab");
      });
      const said = saidOf(lab.arrived(name));
      expect(said["lcp.element_render_delay"] !== undefined).toBe(hasVitals);
      expect(said).not.toHaveProperty(["lcp.resource_load_delay"]);
    });
  });

  it("names elements that are gone when it is asked for them", async () => {
    await inTab(async (tab) => {
      const body = `<div id="late"></div><p id="moved">Words that move</p>
        <img id="hero" src="/image/x" width="400" height="300"><button id="buy">Buy</button>
        <script>${busy} buy.onclick = () => busy(100);
          self.shift = () => { late.style.height = "100px" };
          self.clear = () => { for (const each of [moved, hero, buy]) each.remove() };</script>`;
      const name = `${browserName}-gone`;
      await compare(tab, { name, body }, async () => {
        await tab.evaluate("void shift()");
        await settle(tab, 300);
        await tab.click("#buy");
        await settle(tab, 1_500);
        await tab.evaluate("void clear()");
      });
      const said = saidOf(lab.arrived(name));
      expect(said["lcp.element"]).toBe(hasVitals ? "#hero" : undefined);
      expect(said["inp.interaction_target"]).toBe(hasVitals ? "#buy" : undefined);
    });
  });

  it("tells of a click that took its element away what web-vitals does", async () => {
    await inTab(async (tab) => {
      const body = `<p>Words</p><main><button id="close">Close</button></main>
        <script>${busy} document.getElementById("close").onclick = ({ target }) => { busy(100); target.remove() }</script>`;
      const name = `${browserName}-closed`;
      await compare(tab, { name, body }, () => tab.click("#close"));
      expect((saidOf(lab.arrived(name))["inp.value"] ?? 0) >= 100).toBe(hasVitals);
    });
  });

  it("begins a view of its own with each soft navigation, on its own clock", async () => {
    await inTab(async (tab) => {
      const body = `<p>Words</p><button id="next">Next</button><div id="late"></div>
        <script>${busy} next.onclick = () => {
          history.pushState({}, "", "/page/soft-" + Math.random());
          late.innerHTML = '<h1 id="other" style="font-size:90px">Another page</h1><button id="buy">Buy</button>';
          buy.onclick = () => busy(100);
        }</script>`;
      const views = await compare(tab, { name: `${browserName}-soft`, body }, async () => {
        await tab.click("#next");
        await settle(tab, 1_500);
        await tab.click("#buy");
      });
      expect(views).toHaveLength(browserName === "chromium" ? 2 : 1);
      const begun = lab
        .arrived(`${browserName}-soft`)
        .filter(({ said }) => said["stitch.late_seq"] === 0);
      const sent = begun.map(({ said }) => said["stitch.transport"]);
      expect(sent).toEqual(["sb", "keepalive"].slice(0, views.length));
    });
  });
});
