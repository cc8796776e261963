// Prints what the beacon costs the main thread here; `npm run bench:beacon` asks more
// often. How much that is depends on the machine, so only that it was measured is tested.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { median } from "../bench/load.ts";
import { launchChromium } from "../chromium.ts";
import { costsOf, type Costs } from "./beacon-cost.ts";
import { startLab, type Lab } from "./beacon-lab.ts";

let lab: Lab;
let browser: Browser;

beforeAll(async () => {
  [lab, browser] = await Promise.all([startLab(), launchChromium()]);
});

afterAll(async () => {
  await browser?.close();
  await lab?.stop();
});

it("the main-thread cost of both messages is measured, and printed", async () => {
  const all: Costs[] = [];
  for (const round of [1, 2, 3]) {
    all.push(await costsOf(browser, lab, { name: `cost-${round}`, slowDown: 1 }));
  }
  const early = median(all.map((one) => one.early.threadMs));
  const late = median(all.map((one) => one.late.threadMs));
  expect(early).toBeGreaterThan(0);
  expect(late).toBeGreaterThan(0);
  const said = [early, late].map((ms) => `${ms.toFixed(2)} ms, times four ${(ms * 4).toFixed(2)}`);
  console.log(`main-thread CPU, median of ${all.length}: early ${said[0]}; late ${said[1]}`);
}, 180_000);
