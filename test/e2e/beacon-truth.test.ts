// The beacon's vitals beside those of `web-vitals` on the same page load, in every browser:
// the same value, or none where the browser has none.
import { expect, it } from "vitest";
import type { BrowserName, Tab } from "../browsers/browser.ts";
import { inEachBrowser } from "../browsers/in-each-browser.ts";
import { saidOf } from "./beacon-lab.ts";
import { labOfFile } from "./lab-of-file.ts";
import { busy, differences, heard, vitalsOf, witness, type VitalName } from "./vitals-witness.ts";

const lab = await labOfFile();
lab.put("elsewhere");

/** Firefox does not measure layout shifts; WebKitGTK neither those, nor largest paints and interactions. */
const measured: Readonly<Record<BrowserName, readonly VitalName[]>> = {
  chromium: ["CLS", "FCP", "INP", "LCP", "TTFB"],
  firefox: ["FCP", "INP", "LCP", "TTFB"],
  webkit: ["FCP", "TTFB"],
};

/** Waits until the witness of a page has all that its browser measures of it before anybody clicks. */
async function untilSeen(tab: Tab, names: readonly VitalName[]): Promise<void> {
  const seen: Partial<Record<VitalName, string>> = {
    CLS: "reports.some(({ name, value }) => name === 'CLS' && value > 0)",
    FCP: "reports.some(({ name }) => name === 'FCP')",
    // The heading, and then the image.
    LCP: "reports.filter(({ name }) => name === 'LCP').length > 1",
    TTFB: "reports.some(({ name }) => name === 'TTFB')",
  };
  for (const name of names) await tab.until(seen[name] ?? "true");
  await tab.until("late.style.height !== ''");
}

/** Presses the button, and waits for what the witness makes of it. */
async function press(tab: Tab, names: readonly VitalName[]): Promise<void> {
  await tab.click("button");
  if (names.includes("INP")) await tab.until("reports.at(-1).name === 'INP'");
}

inEachBrowser(({ name: browser, inTab }) => {
  const names = measured[browser];

  it("the beacon says what web-vitals says of a slow image, a late shift and a blocking click", async () => {
    const name = `${browser}-busy`;
    await inTab(async (tab) => {
      await tab.goto(lab.put(name, { head: witness(name), body: busy }));
      await untilSeen(tab, names);
      await press(tab, names);
      await tab.goto("about:blank");
    });
    const [theirs = {}] = await heard(lab, name);
    expect(Object.keys(theirs).sort()).toEqual(names);
    expect(theirs.INP ?? Infinity).toBeGreaterThan(100);
    expect(theirs.LCP ?? Infinity).toBeGreaterThan(theirs.FCP ?? Infinity);
    expect(differences(vitalsOf(await lab.until(name, 2)), theirs)).toEqual([]);
  });

  it("and of a page that was hidden when it began", async () => {
    const name = `${browser}-hidden`;
    const body = `${busy}<script>setTimeout(() => document.body.append("more"), 200)</script>`;
    await inTab(async (tab) => {
      await tab.hide();
      await tab.navigate(lab.put(name, { head: witness(name), body }));
      await lab.until(name, 2);
      await tab.until("reports.some(({ name }) => name === 'TTFB')");
      await tab.show();
      await tab.until("document.visibilityState === 'visible'");
      await tab.hide();
      const [theirs = {}] = await heard(lab, name);
      const beacons = await lab.until(name, 2);
      expect(saidOf(beacons)["page.visibility_at_start"]).toBe("hidden");
      expect(saidOf(beacons)["page.first_hidden"]).toBe(0);
      expect(Object.keys(theirs)).not.toContain("LCP");
      expect(differences(vitalsOf(beacons), theirs)).toEqual([]);
    });
  });

  it("and of a return from the back/forward cache, which is a view of its own", async () => {
    const name = `${browser}-restored`;
    await inTab(async (tab) => {
      await tab.goto(lab.put(name, { head: witness(name), body: busy }));
      await untilSeen(tab, names);
      await tab.goto(lab.put("elsewhere"));
      await tab.back();
      await lab.until(name, 3);
      await tab.until("reports.at(-1).navigationStartTime > 0");
      await press(tab, names);
      await tab.goto("about:blank");
      await lab.until(name, 4);
    });
    const [first = {}, second = {}] = await heard(lab, name);
    const beacons = lab.arrived(name);
    expect(differences(vitalsOf(beacons), first)).toEqual([]);
    const ours = vitalsOf(beacons, 1);
    // Both ask the clock for them, each in a callback of its own in the same frame.
    for (const paint of ["FCP", "LCP"] as const) {
      const apart = (ours[paint] ?? 0) - (second[paint] ?? 0);
      expect(Math.abs(apart)).toBeLessThan(16);
      delete ours[paint];
      delete second[paint];
    }
    expect(differences(ours, second)).toEqual([]);
    const said = saidOf(beacons, 1);
    expect(said["browser.web_vital.navigation_type"]).toBe("back-forward-cache");
    expect(said["page.bfcache_restores"]).toBe(1);
    expect(new Set(beacons.map((beacon) => beacon.said["pv.id"])).size).toBe(1);
  });
});
