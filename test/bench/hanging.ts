// npm run bench:hanging: how long requests take while the Registry and KV hang,
// beside how long they take while all is well, in one Worker, taken in turns.
// Thirty flags are live. Each turn is longer than the time in which an isolate
// refreshes what it knows.
import { parseArgs } from "node:util";
import { control, startAviary, type Started } from "../harness.ts";
import { rampLiveFlags } from "./live-flags.ts";
import { load, median, requireWrk, type Load } from "./load.ts";

const usage = `npm run bench:hanging -- [--pairs N] [--seconds S] [--json]

Latency with stores that hang, beside stores that are well. Needs wrk: apt-get install wrk`;

const { values } = parseArgs({
  options: {
    pairs: { type: "string", default: "3" },
    seconds: { type: "string", default: "15" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});

type Mood = "well" | "hanging";

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
  requireWrk();
  const worker = await startAviary({ direct: true, entry: "test/e2e/moody-worker.ts" });
  await publish(worker);
  await rampLiveFlags(worker, 30);
  const url = `${await worker.directUrl()}/js/bench.js`;
  const headers = { "accept-encoding": "br" };
  const wanted = { url, pid: worker.pid, headers, seconds: Number(values.seconds) };
  await load({ ...wanted, seconds: 3 });
  const all: Record<Mood, Load[]> = { well: [], hanging: [] };
  for (let pair = 0; pair < Number(values.pairs); pair += 1) {
    for (const mood of ["well", "hanging"] as const) {
      await setMood(worker, mood);
      all[mood].push(await load(wanted));
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
  else console.table(result);
}

if (values.help) console.log(usage);
else await bench();
