// Views that Chromium alone has, beside what `web-vitals` says of them: pages that were
// prerendered, and soft navigations.
import { expect, it, onTestFinished } from "vitest";
import { inEachBrowser } from "../browsers/in-each-browser.ts";
import { startRawBrowser } from "../browsers/raw-chromium.ts";
import { saidOf } from "./beacon-lab.ts";
import { labOfFile } from "./lab-of-file.ts";
import { busy, differences, heard, vitalsOf, witness } from "./vitals-witness.ts";

const lab = await labOfFile();

inEachBrowser(({ name, inTab }) => {
  it(`${name === "chromium" ? "has" : "does not have"} prerendered pages and soft navigations`, async () => {
    await inTab(async (tab) => {
      await tab.goto(lab.put("able"));
      const isAble = `[HTMLScriptElement.supports?.("speculationrules") === true,
        PerformanceObserver.supportedEntryTypes.includes("soft-navigation")]`;
      const expected = name === "chromium";
      expect(await tab.evaluate(isAble)).toEqual([expected, expected]);
    });
  });
});

it("the beacon says what web-vitals says of a page that was prerendered", async () => {
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
  const browser = await startRawBrowser();
  onTestFinished(browser.kill);
  await browser.send("Target.createTarget", { url, newWindow: true });
  const [theirs = {}] = await heard(lab, "prerendered");
  const beacons = await lab.until("prerendered", 2);
  const said = saidOf(beacons);
  expect(said["nav.activation_start"]).toBeGreaterThan(0);
  expect(said["browser.web_vital.navigation_type"]).toBe("prerender");
  expect(theirs.LCP).toBeGreaterThanOrEqual(0);
  expect(differences(vitalsOf(beacons), theirs)).toEqual([]);
});

inEachBrowser(
  ({ inTab }) => {
    it("the beacon says what web-vitals says of a soft navigation, which is a view of its own", async () => {
      const body = `${busy}<a onclick="history.pushState({}, '', '/page/soft?secret=1');
        setTimeout(() => { late.innerHTML = '<h1 style=font-size:90px>Another page</h1>' }, 50)">Next</a>`;
      const config = { templates: ["/page/*"] };
      await inTab(async (tab) => {
        await tab.goto(lab.put("soft", { head: witness("soft"), body, config }));
        await tab.until("reports.some(({ name, value }) => name === 'CLS' && value > 0)");
        await tab.click("a");
        await tab.until(
          "reports.some((report) => report.name === 'LCP' && report.navigationStartTime > 0)",
        );
        await tab.click("button");
        await tab.until(
          "reports.some((report) => report.name === 'INP' && report.navigationStartTime > 0 && report.value > 100)",
        );
        await tab.goto("about:blank");
      });
      const beacons = await lab.until("soft", 4);
      const [first = {}, second = {}] = await heard(lab, "soft");
      expect(differences(vitalsOf(beacons), first)).toEqual([]);
      expect(differences(vitalsOf(beacons, 1), second)).toEqual([]);
      expect(saidOf(beacons)["page.end_reason"]).toBe("soft-nav");
      expect(saidOf(beacons, 1)["browser.web_vital.navigation_type"]).toBe("soft-navigation");
    });
  },
  ["chromium"],
);
