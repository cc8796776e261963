// npm run bench:beacon: what the beacon costs a page's main thread, in a real Chromium,
// beside a script of equal size that sends as much by one fetch, and one that does nothing.
// Each round has a new renderer for each, on whose first page much is used for the first time.
import { parseArgs } from "node:util";
import { costsOf, type PageCost } from "../e2e/beacon-cost.ts";
import { startLab } from "../e2e/beacon-lab.ts";
import { startRawBrowser } from "../browsers/raw-chromium.ts";
import { median } from "./load.ts";

const usage = `npm run bench:beacon -- [--rounds N] [--slow-down N] [--json]

CPU ms of the main thread, medians of N rounds (20), with Chromium's main threads slowed
down N times (4): the early part, and the event that makes and sends the late message.`;

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "20" },
    "slow-down": { type: "string", default: "4" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});

const kinds = { beacon: {}, bare: { instead: "bare" }, nothing: { instead: "nothing" } } as const;

type Seen = { readonly first: PageCost; readonly second: PageCost };

async function bench(): Promise<void> {
  const [lab, browser] = await Promise.all([startLab(), startRawBrowser()]);
  const slowDown = Number(values["slow-down"]);
  const seen: Record<keyof typeof kinds, Seen[]> = { beacon: [], bare: [], nothing: [] };
  const full: PageCost[] = [];
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const [kind, what] of Object.entries(kinds) as [keyof typeof kinds, object][]) {
      // The third is there to be gone to: a blank page in its place ends a visit otherwise.
      const visits = { name: `${kind}-${round}`, pages: 3, slowDown, ...what };
      const [first, second] = await costsOf(browser, lab, visits);
      if (first && second) seen[kind].push({ first, second });
    }
    const name = `full-${round}`;
    full.push(
      ...(await costsOf(browser, lab, { name, pages: 1, slowDown: 1, instead: "nothing" })),
    );
    process.stderr.write(`\r${round + 1}/${values.rounds} `);
  }
  process.stderr.write("\r".padEnd(12) + "\r");
  await browser.kill();
  await lab.stop();
  const of = (kind: keyof typeof kinds, part: keyof PageCost) => {
    const ms = (page: keyof Seen): number =>
      rounded(median(seen[kind].map((one) => one[page][part] ?? Number.NaN)));
    return { firstMs: ms("first"), secondMs: ms("second") };
  };
  const costs = {
    early: of("beacon", "earlyMs"),
    bareFetch: of("bare", "earlyMs"),
    nothing: of("nothing", "earlyMs"),
    late: of("beacon", "lateMs"),
  };
  const work = rounded(of("nothing", "workMs").firstMs / median(full.map((one) => one.workMs)));
  if (values.json) {
    console.log(JSON.stringify({ rounds: full.length, slowDown, slowedDown: work, ...costs }));
    return;
  }
  for (const [what, { firstMs, secondMs }] of Object.entries(costs)) {
    console.log(
      `${what.padEnd(10)} ${firstMs} ms on a renderer's first page, ${secondMs} ms after`,
    );
  }
  console.log(`medians of ${full.length} rounds; slowed down ${work} times, asked for ${slowDown}`);
}

function rounded(ms: number): number {
  return Number(ms.toFixed(2));
}

if (values.help) console.log(usage);
else await bench();
