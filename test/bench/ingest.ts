// npm run bench:ingest: what a beacon costs until it is durable, beside a Worker that
// only calls an object that counts in memory, taken in turns; and how many rows a page
// view writes at 500 page views a second.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { encodeBeacon } from "#rum/wire.ts";
import type { ShardView } from "#src/adapters/window-rpc.ts";
import { shotsOf } from "../chaos/beacons.ts";
import { startAviary } from "../harness.ts";
import { fullEarly, fullLate } from "../rum/beacons.ts";
import { startCounting } from "./counting.ts";
import { load, median, requireWrk, type Load } from "./load.ts";

const usage = `npm run bench:ingest -- [--pairs N] [--seconds S] [--connections N] [--json]

CPU of the Worker's process for each accepted beacon with durability on, beside a Worker
that only calls an object that counts in memory. Needs wrk: apt-get install wrk`;

const { values } = parseArgs({
  options: {
    pairs: { type: "string", default: "5" },
    seconds: { type: "string", default: "4" },
    connections: { type: "string", default: "512" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});

const beaconsPerS = 1_000;
const steadySeconds = 12;

type Pair = { readonly ours: Load; readonly counting: Load };

async function bench(): Promise<void> {
  requireWrk();
  const [pairs, seconds] = [Number(values.pairs), Number(values.seconds)];
  const folder = await mkdtemp(join(tmpdir(), "aviary-bench-"));
  const worker = await startAviary({
    direct: true,
    persist: folder,
    entry: "test/chaos/chaos-worker.ts",
  });
  const counting = await startCounting();
  const direct = await worker.directUrl();
  const script = {
    path: join(import.meta.dirname, "beacons.lua"),
    args: [encodeBeacon(fullEarly), encodeBeacon(fullLate)],
  };
  const shared = {
    headers: { "content-type": "text/plain;charset=UTF-8" },
    script,
    connections: Number(values.connections),
  };
  const ours = { ...shared, url: `${direct}/take`, pid: worker.pid };
  const theirs = { ...shared, url: `${counting.url}/take`, pid: counting.pid };
  await load({ ...ours, seconds });
  await load({ ...theirs, seconds });
  const measured: Pair[] = [];
  for (let pair = 0; pair < pairs; pair += 1) {
    const first = pair % 2 === 0;
    const one = await load({ ...(first ? ours : theirs), seconds });
    const two = await load({ ...(first ? theirs : ours), seconds });
    measured.push(first ? { ours: one, counting: two } : { ours: two, counting: one });
    process.stderr.write(`\r${pair + 1}/${pairs} `);
  }
  await counting.stop();
  const steady = await rowsAtSteadyLoad(direct);
  process.stderr.write("\r".padEnd(24) + "\r");
  await worker.stop();
  await rm(folder, { recursive: true });
  report(measured, steady);
}

type Steady = {
  readonly rowsWrittenPerView: number;
  readonly alarmsPerS: number;
  readonly shards: number;
  readonly viewsPerS: number;
};

/** What the shards write while page views come at a constant rate, from the SQL cursors' own counts. */
async function rowsAtSteadyLoad(direct: string): Promise<Steady> {
  const shots = shotsOf(beaconsPerS * steadySeconds, Date.now());
  const before = await shardsOf(direct);
  const startedMs = performance.now();
  const pending: Promise<unknown>[] = [];
  let sent = 0;
  while (sent < shots.length) {
    const due = ((performance.now() - startedMs) * beaconsPerS) / 1_000;
    for (; sent < Math.min(due, shots.length); sent += 1) {
      const body = shots[sent]?.body ?? "";
      pending.push(
        fetch(`${direct}/take`, { method: "POST", body }).then((response) => response.text()),
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await Promise.all(pending);
  const seconds = (performance.now() - startedMs) / 1_000;
  const after = await shardsOf(direct);
  const grown = (field: "rowsWritten" | "alarmsSet"): number =>
    sum(after.map((each) => each[field])) - sum(before.map((each) => each[field]));
  const views = shots.length / 2;
  return {
    rowsWrittenPerView: (grown("rowsWritten") + grown("alarmsSet")) / views,
    alarmsPerS: grown("alarmsSet") / after.length / seconds,
    shards: after.length,
    viewsPerS: views / seconds,
  };
}

async function shardsOf(direct: string): Promise<readonly ShardView[]> {
  const response = await fetch(`${direct}/shards`);
  return JSON.parse(await response.text()) as readonly ShardView[];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

function report(measured: readonly Pair[], steady: Steady): void {
  const seconds = Number(values.seconds);
  const result = {
    ratio: median(measured.map(({ ours, counting }) => ours.cpuUs / counting.cpuUs)),
    beaconsPerS: median(measured.map(({ ours }) => ours.requests / seconds)),
    cpuUs: median(measured.map(({ ours }) => ours.cpuUs)),
    countingCpuUs: median(measured.map(({ counting }) => counting.cpuUs)),
    countingPerS: median(measured.map(({ counting }) => counting.requests / seconds)),
    p50Ms: median(measured.map(({ ours }) => ours.p50Us)) / 1_000,
    ...steady,
  };
  if (values.json) {
    console.log(JSON.stringify(result));
    return;
  }
  for (const [name, value] of Object.entries(result)) {
    console.log(name.padEnd(20) + value.toFixed(3).padStart(12));
  }
}

if (values.help) console.log(usage);
else await bench();
