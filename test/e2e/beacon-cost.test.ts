// Prints what the beacon costs the main thread here, slowed down four times; what it costs
// the first page of a renderer is for `npm run bench:beacon`. How much that is depends on
// the machine, so only that it was measured is tested.
import { expect, it } from "vitest";
import { median } from "../bench/load.ts";
import { bareScripts, costsOf, type PageCost } from "./beacon-cost.ts";
import { labAndRawBrowser } from "./lab-of-file.ts";

const { lab, browser } = await labAndRawBrowser();

it("the main-thread cost of both messages is measured, and printed", async () => {
  const slowed = { pages: 21, slowDown: 4 };
  const [first, ...again] = await costsOf(browser, lab, { name: "cost", ...slowed });
  const [, ...bare] = await costsOf(browser, lab, {
    name: "bare",
    instead: bareScripts.fetch,
    ...slowed,
  });
  const [full] = await costsOf(browser, lab, { name: "full", pages: 1, slowDown: 1 });
  const cpuMs = (of: (one: PageCost) => number | undefined, all = again): number =>
    median(all.map((one) => of(one) ?? Number.NaN));
  const early = cpuMs((one) => one.earlyMs);
  const late = cpuMs((one) => one.lateMs);
  const fetched = cpuMs((one) => one.earlyMs, bare);
  const slowDown = cpuMs((one) => one.workMs) / (full?.workMs ?? Number.NaN);
  for (const figure of [early, late, fetched, slowDown]) expect(figure).toBeGreaterThan(0);
  console.log(
    `main-thread CPU, slowed down ${slowDown.toFixed(1)} times, median of ${again.length}: ` +
      `early ${early.toFixed(2)} ms (a bare fetch ${fetched.toFixed(2)}), late ${late.toFixed(2)} ms; ` +
      `early on a renderer's first page ${first?.earlyMs.toFixed(2)} ms`,
  );
}, 240_000);
