// npm run bench:beacon: what the beacon costs a page's main thread, in a real Chromium,
// beside scripts that send as much by one fetch or one beacon, and beside its peers. Each
// round has a new renderer for each, on whose first page much is used for the first time.
import { parseArgs } from "node:util";
import { bareScripts, costsOf, type PageCost } from "../e2e/beacon-cost.ts";
import { startLab } from "../e2e/beacon-lab.ts";
import { startRawBrowser } from "../browsers/raw-chromium.ts";
import { median } from "./load.ts";
import { bundlePeers } from "./peer-bundles.ts";

const usage = `npm run bench:beacon -- [--rounds N] [--slow-down N] [--peers] [--json]

CPU ms of the main thread, medians of N rounds (20), with Chromium's main threads slowed
down N times (4): the early part, and the event that makes and sends the late message.
Slowed down, that short an event takes one of two times: measure it with --slow-down 1.
With --peers, what running each peer's script takes, measured in the same rounds.`;

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "20" },
    "slow-down": { type: "string", default: "4" },
    peers: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});

type Seen = { readonly first: PageCost; readonly second: PageCost };
type Cost = { readonly firstMs: number; readonly secondMs: number };

/** Scripts by their names; the beacon's own is the lab's. */
async function kindsToRun(): Promise<ReadonlyMap<string, { readonly instead?: string }>> {
  const kinds = new Map<string, { readonly instead?: string }>([["beacon", {}]]);
  for (const [name, instead] of Object.entries(bareScripts)) kinds.set(name, { instead });
  for (const peer of values.peers ? await bundlePeers() : []) {
    if ("code" in peer) kinds.set(`${peer.name} ${peer.version}`, { instead: peer.code });
    else process.stderr.write(`${peer.name} is not measured: ${peer.problem}\n`);
  }
  return kinds;
}

async function bench(): Promise<void> {
  const kinds = await kindsToRun();
  const [lab, browser] = await Promise.all([startLab(), startRawBrowser()]);
  const slowDown = Number(values["slow-down"]);
  const seen = new Map<string, Seen[]>([...kinds.keys()].map((kind) => [kind, []]));
  const full: PageCost[] = [];
  for (let round = 0; round < Number(values.rounds); round += 1) {
    let number = 0;
    for (const [kind, what] of kinds) {
      // The third is there to be gone to: a blank page in its place ends a visit otherwise.
      const visits = { name: `kind${number}-${round}`, pages: 3, slowDown, ...what };
      const [first, second] = await costsOf(browser, lab, visits);
      if (first && second) seen.get(kind)?.push({ first, second });
      number += 1;
    }
    const name = `full-${round}`;
    const alone = { name, pages: 1, slowDown: 1, instead: bareScripts.nothing };
    full.push(...(await costsOf(browser, lab, alone)));
    process.stderr.write(`\r${round + 1}/${values.rounds} `);
  }
  process.stderr.write("\r".padEnd(12) + "\r");
  await browser.kill();
  await lab.stop();
  const of = (kind: string, part: keyof PageCost): Cost => {
    const ms = (page: keyof Seen): number =>
      rounded(median((seen.get(kind) ?? []).map((one) => one[page][part] ?? Number.NaN)));
    return { firstMs: ms("first"), secondMs: ms("second") };
  };
  const peers = [...kinds.keys()].filter((kind) => kind !== "beacon" && !(kind in bareScripts));
  const bareFetch = of("fetch", "earlyMs");
  const costs: Record<string, Cost> = {
    early: of("beacon", "earlyMs"),
    bareFetch,
    nothing: of("nothing", "earlyMs"),
    late: of("beacon", "lateMs"),
    bareBeacon: of("sendBeacon", "lateMs"),
    ...Object.fromEntries(peers.map((kind) => [kind, of(kind, "earlyMs")])),
  };
  report(costs, {
    rounds: full.length,
    slowDown,
    slowedDown: rounded(of("nothing", "workMs").firstMs / median(full.map(({ workMs }) => workMs))),
  });
}

/** How many times as much a cost is as another. */
function ratio(cost: Cost, to: Cost): { readonly first: number; readonly second: number } {
  return {
    first: rounded(cost.firstMs / to.firstMs),
    second: rounded(cost.secondMs / to.secondMs),
  };
}

type Run = { readonly rounds: number; readonly slowDown: number; readonly slowedDown: number };

function report(costs: Readonly<Record<string, Cost>>, run: Run): void {
  const { bareFetch, bareBeacon } = costs as Record<"bareFetch" | "bareBeacon", Cost>;
  const beside = Object.entries(costs).map(([what, cost]) => {
    const isLate = what === "late" || what === "bareBeacon";
    return [what, { ...cost, ratio: ratio(cost, isLate ? bareBeacon : bareFetch) }] as const;
  });
  if (values.json) {
    console.log(JSON.stringify({ ...run, ...Object.fromEntries(beside) }));
    return;
  }
  for (const [what, { firstMs, secondMs, ratio: times }] of beside) {
    console.log(
      `${what.padEnd(32)} ${firstMs} ms on a renderer's first page (${times.first}×), ${secondMs} ms after (${times.second}×)`,
    );
  }
  const { rounds, slowedDown, slowDown } = run;
  console.log(
    `medians of ${rounds} rounds; slowed down ${slowedDown} times, asked for ${slowDown}; × of a bare fetch, late of a bare sendBeacon`,
  );
}

function rounded(ms: number): number {
  return Number(ms.toFixed(2));
}

if (values.help) console.log(usage);
else await bench();
