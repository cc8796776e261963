// npm run bench:beacon: what the beacon costs a page's main thread, in a real Chromium.
// Each round is a visit at full speed, whose CPU time is multiplied by four, and one at
// the browser's own slow-down: that burns time on the clock, where other processes count.
import { parseArgs } from "node:util";
import { launchChromium } from "../chromium.ts";
import { costsOf, type Costs } from "../e2e/beacon-cost.ts";
import { startLab } from "../e2e/beacon-lab.ts";
import { median } from "./load.ts";

const usage = `npm run bench:beacon -- [--rounds N] [--json]

Main-thread ms of the beacon's early part and of its late message, medians: CPU time at
full speed, four times that, and time on the clock while Chromium slows down four times.`;

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "20" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});

const slowDown = 4;

async function bench(): Promise<void> {
  const [lab, browser] = await Promise.all([startLab(), launchChromium()]);
  const full: Costs[] = [];
  const slowed: Costs[] = [];
  for (let round = 0; round < Number(values.rounds); round += 1) {
    full.push(await costsOf(browser, lab, { name: `full-${round}`, slowDown: 1 }));
    slowed.push(await costsOf(browser, lab, { name: `slowed-${round}`, slowDown }));
    process.stderr.write(`\r${round + 1}/${values.rounds} `);
  }
  process.stderr.write("\r".padEnd(12) + "\r");
  await browser.close();
  await lab.stop();
  const of = (
    part: keyof Costs,
  ): Record<"threadMs" | "threadTimes4Ms" | "wallSlowedMs", number> => {
    const threadMs = median(full.map((one) => one[part].threadMs));
    const wallMs = median(slowed.map((one) => one[part].wallMs));
    const [thread = 0, times = 0, wall = 0] = [threadMs, threadMs * slowDown, wallMs].map((ms) =>
      Number(ms.toFixed(3)),
    );
    return { threadMs: thread, threadTimes4Ms: times, wallSlowedMs: wall };
  };
  const costs = { early: of("early"), late: of("late") };
  if (values.json) console.log(JSON.stringify({ rounds: full.length, ...costs }));
  else {
    for (const [part, { threadMs, threadTimes4Ms, wallSlowedMs }] of Object.entries(costs)) {
      console.log(
        `${part.padEnd(6)} ${threadMs} ms CPU, ×4 ${threadTimes4Ms} ms; ${wallSlowedMs} ms on the clock, slowed down 4×`,
      );
    }
    console.log(`medians of ${full.length} visits each`);
  }
}

if (values.help) console.log(usage);
else await bench();
