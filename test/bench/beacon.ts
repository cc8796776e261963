// npm run bench:beacon: what the beacon costs a page's main thread, in a real Chromium
// slowed down four times. The early part is timed from its first statement to the
// engine's, the late one over the event that makes and sends it. A fixed piece of work
// is timed with and without the slow-down, to see that there was one.
import { parseArgs } from "node:util";
import type { Browser, CDPSession, Page } from "playwright-core";
import { launchChromium } from "../chromium.ts";
import { startLab, type Lab } from "../e2e/beacon-lab.ts";
import { median } from "./load.ts";

const usage = `npm run bench:beacon -- [--rounds N] [--json]

Main-thread ms of the beacon's early part and of its late message, medians, at 4× slow-down.`;

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "20" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});

const slowDown = 4;

type Costs = {
  readonly earlyMs: number;
  readonly lateMs: number;
  /** How much longer the same work takes slowed down. */
  readonly slowDown: number;
};

const body = `${"<section><h2>Section</h2><p>Words</p></section>".repeat(200)}
  ${Array.from({ length: 60 }, (_, n) => `<img src="/pixel/${n}" width="9" height="9">`).join("")}`;

// Isolated pages have a clock of 5 µs; that of others ticks in tenths of a millisecond.
const headers = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "credentialless",
};

const engine = "self.engineStart=performance.now();";

const work = `(() => {
  const startMs = performance.now();
  let sum = 0;
  for (let at = 0; at < 3e6; at += 1) sum += Math.sqrt(at);
  return [performance.now() - startMs, sum][0];
})()`;

const hide = `(() => {
  Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true });
  const startMs = performance.now();
  document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
  return performance.now() - startMs;
})()`;

/** One visit of a page that the browser has not seen. */
async function visit(browser: Browser, lab: Lab, name: string): Promise<Costs> {
  const context = await browser.newContext();
  const tab = await context.newPage();
  const cdp = await context.newCDPSession(tab);
  const fullSpeedMs = await numberFrom(tab, work);
  await slow(cdp, slowDown);
  await tab.goto(lab.put(name, { body, engine, headers }), { waitUntil: "load" });
  const [early] = await lab.until(name, 1);
  await tab.waitForTimeout(500);
  const slowedMs = await numberFrom(tab, work);
  const evalStart = early?.said["snippet.eval_start"] ?? Number.NaN;
  const earlyMs = (await numberFrom(tab, "self.engineStart")) - evalStart;
  const lateMs = await numberFrom(tab, hide);
  await lab.until(name, 2);
  await context.close();
  return { earlyMs, lateMs, slowDown: slowedMs / fullSpeedMs };
}

async function numberFrom(tab: Page, expression: string): Promise<number> {
  return tab.evaluate<number>(expression);
}

async function slow(cdp: CDPSession, rate: number): Promise<void> {
  await cdp.send("Emulation.setCPUThrottlingRate", { rate });
}

async function bench(): Promise<void> {
  const [lab, browser] = await Promise.all([startLab(), launchChromium()]);
  const all: Costs[] = [];
  for (let round = 0; round < Number(values.rounds); round += 1) {
    all.push(await visit(browser, lab, `round-${round}`));
    process.stderr.write(`\r${round + 1}/${values.rounds} `);
  }
  process.stderr.write("\r".padEnd(12) + "\r");
  await browser.close();
  await lab.stop();
  const of = (name: keyof Costs): number => Number(median(all.map((one) => one[name])).toFixed(3));
  const costs = { earlyMs: of("earlyMs"), lateMs: of("lateMs"), slowDown: of("slowDown") };
  if (values.json) console.log(JSON.stringify({ rounds: all.length, ...costs }));
  else {
    console.log(`early part    ${costs.earlyMs} ms`);
    console.log(`late message  ${costs.lateMs} ms`);
    console.log(`medians of ${all.length} visits, work slowed down ${costs.slowDown} times`);
  }
}

if (values.help) console.log(usage);
else await bench();
