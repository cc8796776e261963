// `web-vitals` on a page beside the beacon, and what the two say of the same views.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { saidOf, type Arrived, type Lab } from "./beacon-lab.ts";

const vitalNames = ["CLS", "FCP", "INP", "LCP", "TTFB"] as const;
export type VitalName = (typeof vitalNames)[number];
export type Vitals = Partial<Record<VitalName, number>>;
type Report = {
  readonly name: VitalName;
  readonly value: number;
  readonly navigationStartTime: number;
};

const folder = join(import.meta.dirname, "..", "..", "node_modules", "web-vitals", "dist");
const library = await readFile(join(folder, "web-vitals.iife.js"), "utf8");

/** Has `web-vitals` report to `/heard/<name>` whenever the page is hidden. */
export function witness(name: string): string {
  return `<script>${library};
    self.reports = [];
    for (const on of ${JSON.stringify(vitalNames)}) webVitals["on" + on]((m) =>
      reports.push({ name: m.name, value: m.value, navigationStartTime: m.navigationStartTime }),
      { reportAllChanges: true, reportSoftNavs: true });
    addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") navigator.sendBeacon("/heard/${name}", JSON.stringify(reports));
    });
  </script>`;
}

/** What the witness heard last of each metric, in each view, in the order of their beginning. */
export async function heard(lab: Lab, name: string): Promise<readonly Vitals[]> {
  const views = new Map<number, Vitals>();
  for (const report of (await lab.heard(name)) as readonly Report[]) {
    const start = report.navigationStartTime;
    views.set(start, { ...views.get(start), [report.name]: report.value });
  }
  return [...views].sort(([a], [b]) => a - b).map(([, vitals]) => vitals);
}

export function vitalsOf(beacons: readonly Arrived[], index = 0): Vitals {
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
export function differences(ours: Vitals, theirs: Vitals): readonly string[] {
  return vitalNames.filter((name) => {
    const [one, other] = [ours[name], theirs[name]];
    if (one === undefined || other === undefined) return one !== other;
    return Math.abs(one - other) > (name === "CLS" ? 0.000_1 : 0.1);
  });
}

/** A slow image, a late shift, and a button that blocks. */
export const busy = `<h1>Hello</h1>
  <button onclick="for (const s = performance.now(); performance.now() - s < 120;);">Buy</button>
  <div id="late"></div><p>Words that move</p><img src="/image/x?slow=400" width="400" height="300">
  <script>setTimeout(() => { late.style.height = "100px" }, 300)</script>`;
