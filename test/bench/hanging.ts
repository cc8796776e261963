// npm run bench:hanging: how long requests take while the Registry and KV hang,
// beside how long they take while all is well, in one Worker, taken in turns.
// Thirty flags are live. Each turn is longer than the time in which an isolate
// refreshes what it knows.
import { parseArgs } from "node:util";
import { control, startAviary, type Started } from "../harness.ts";
import { rampLiveFlags } from "./live-flags.ts";
import { median } from "./load.ts";

const usage = `npm run bench:hanging -- [--pairs N] [--seconds S] [--json]

Latency with stores that hang, beside stores that are well.`;

const { values } = parseArgs({
  options: {
    pairs: { type: "string", default: "3" },
    seconds: { type: "string", default: "15" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});

type Mood = "well" | "hanging";
type Load = { readonly p50Us: number; readonly p99Us: number };

const connections = 4;

/**
 * How long each request took, in µs, over some connections for some time. wrk adds
 * requests that it would have sent during a pause of the machine; here they are
 * what they are.
 */
async function latencies(url: string, forMs: number): Promise<readonly number[]> {
  const taken: number[] = [];
  const endMs = performance.now() + forMs;
  const loop = async (): Promise<void> => {
    while (performance.now() < endMs) {
      const startMs = performance.now();
      const response = await fetch(url);
      await response.arrayBuffer();
      if (!response.ok) throw new Error(`${url}: ${response.status}`);
      taken.push((performance.now() - startMs) * 1_000);
    }
  };
  await Promise.all(Array.from({ length: connections }, loop));
  return taken;
}

function percentiles(taken: readonly number[]): Load {
  const sorted = [...taken].sort((left, right) => left - right);
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  return { p50Us: at(0.5), p99Us: at(0.99) };
}

async function setMood(worker: Started, mood: Mood): Promise<void> {
  const objects = await worker.miniflare.getDurableObjectNamespace("REGISTRY", "aviary");
  await objects.get(objects.idFromName("registry")).fetch(`http://registry.invalid/mood/${mood}`);
  await fetch(`${await worker.directUrl()}/mood/${mood}`);
}

async function publish(worker: Started): Promise<void> {
  for (const [path, body] of [
    ["/engines/1", `self.engine = "${"x".repeat(100_000)}";`],
    ["/snippets/bench?account=bench", "{}"],
  ] as const) {
    const response = await control(worker, path, { method: "PUT", body });
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
  }
}

async function bench(): Promise<void> {
  const worker = await startAviary({ direct: true, entry: "test/e2e/moody-worker.ts" });
  await publish(worker);
  await rampLiveFlags(worker, 30);
  const url = `${await worker.directUrl()}/js/bench.js`;
  await latencies(url, 3_000);
  const all: Record<Mood, Load[]> = { well: [], hanging: [] };
  for (let pair = 0; pair < Number(values.pairs); pair += 1) {
    for (const mood of ["well", "hanging"] as const) {
      await setMood(worker, mood);
      all[mood].push(percentiles(await latencies(url, Number(values.seconds) * 1_000)));
      process.stderr.write(`\r${mood} ${pair + 1}/${values.pairs}   `);
    }
  }
  process.stderr.write("\r".padEnd(24) + "\r");
  await worker.stop();
  const of = (mood: Mood, key: "p50Us" | "p99Us"): number =>
    median(all[mood].map((each) => each[key]));
  const row = (key: "p50Us" | "p99Us") => ({
    well: of("well", key),
    hanging: of("hanging", key),
    ratio: median(all.hanging.map((each, at) => each[key] / (all.well[at]?.[key] ?? Number.NaN))),
  });
  const result = { p50Us: row("p50Us"), p99Us: row("p99Us") };
  if (values.json) console.log(JSON.stringify(result));
  else console.log(table(result));
}

type Rows = Readonly<Record<string, Readonly<Record<string, number>>>>;

function table(rows: Rows): string {
  const lines = Object.entries(rows).map(([name, { well = 0, hanging = 0, ratio = 0 }]) =>
    [name.padEnd(8), well.toFixed(0), hanging.toFixed(0), ratio.toFixed(2)].join("\t"),
  );
  return ["        \twell\thanging\tratio", ...lines].join("\n");
}

if (values.help) console.log(usage);
else await bench();
