// npm run bench:delivery: this Worker beside a bare one that returns the same bytes
// with the same header fields, each in a workerd of its own, taken in turns. What is
// quoted is the median over pairs of the ratio within a pair, over several starts, since
// two processes of one program differ by some per cent for as long as they live. Objects
// run in a third process, as they run elsewhere at the edge, and their share is told apart.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { control, startAviary, startEdge, type Started } from "../harness.ts";
import { startBare, type BareAnswer } from "./bare.ts";
import { fetchRaw } from "./fetch-raw.ts";
import { rampLiveFlags } from "./live-flags.ts";
import { cpuUsOf, load, median, requireWrk, type Load, type LoadOptions } from "./load.ts";

const usage = `npm run bench:delivery -- [--starts N] [--pairs N] [--seconds S] [--warm S] [--only br|notModified|datafile] [--flags N] [--cf] [--json]

CPU and latency of a request, beside a bare Worker: --pairs turns of --seconds each, after
--warm seconds of load, and all of it --starts times over with new processes. A young
process costs twice as much as one that has seen its work. --flags makes so many flags live
first; --cf sends what Cloudflare adds to a request. Needs wrk: apt-get install wrk`;

const { values } = parseArgs({
  options: {
    starts: { type: "string", default: "3" },
    pairs: { type: "string", default: "7" },
    seconds: { type: "string", default: "2" },
    warm: { type: "string", default: "10" },
    only: { type: "string" },
    flags: { type: "string", default: "0" },
    cf: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});

type Case = {
  readonly name: "br" | "notModified" | "datafile";
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
};

// What Chrome sends for a third-party script, and the SDK for a datafile.
const chrome = {
  accept: "*/*",
  "accept-encoding": "gzip, deflate, br, zstd",
  "accept-language": "en-GB,en;q=0.9",
  referer: "https://shop.example/",
  "sec-fetch-dest": "script",
  "sec-fetch-mode": "no-cors",
  "sec-fetch-site": "cross-site",
  "user-agent":
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
};

// On Cloudflare's network every request carries this; reading it is part of the price.
const cf = JSON.stringify({
  asn: 3320,
  asOrganization: "Example Telekom",
  city: "Berlin",
  clientAcceptEncoding: chrome["accept-encoding"],
  clientTcpRtt: 12,
  colo: "TXL",
  continent: "EU",
  country: "DE",
  edgeRequestKeepAliveStatus: 1,
  httpProtocol: "HTTP/2",
  isEUCountry: "1",
  latitude: "52.52437",
  longitude: "13.41053",
  postalCode: "10115",
  region: "Land Berlin",
  regionCode: "BE",
  requestPriority: "weight=256;exclusive=1",
  timezone: "Europe/Berlin",
  tlsCipher: "AEAD-AES128-GCM-SHA256",
  tlsVersion: "TLSv1.3",
});

async function publishAll(worker: Started): Promise<void> {
  const dist = join("node_modules", "@optimizely", "optimizely-sdk", "dist");
  const put = async (path: string, body: string): Promise<void> => {
    const response = await control(worker, path, { method: "PUT", body });
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
  };
  await put("/engines/6", await readFile(join(dist, "optimizely.browser.umd.min.js"), "utf8"));
  await put("/snippets/bench?account=bench", '{"n":1}');
  const datafile = await readFile(join("test", "demo", "datafile.json"), "utf8");
  await put("/datafiles/bench?account=bench", datafile);
}

async function casesFor(direct: string): Promise<readonly (Case & { answer: BareAnswer })[]> {
  const headers = values.cf ? { ...chrome, "mf-cf-blob": cf } : chrome;
  const snippet = await fetchRaw(`${direct}/js/bench.js`, headers);
  const etag = snippet.headers["etag"] ?? "";
  const wanted: readonly Case[] = [
    { name: "br", path: "/js/bench.js", headers },
    { name: "notModified", path: "/js/bench.js", headers: { ...headers, "if-none-match": etag } },
    { name: "datafile", path: "/datafiles/bench.json", headers },
  ];
  const cases: (Case & { answer: BareAnswer })[] = [];
  for (const one of wanted) {
    await fetchRaw(direct + one.path, one.headers);
    cases.push({ ...one, answer: await fetchRaw(direct + one.path, one.headers) });
  }
  return cases;
}

/** What one request cost; the objects' share is what their process spent meanwhile. */
type Pair = { readonly ours: Load; readonly bare: Load; readonly objectsUs: number };

function summary(pairs: readonly Pair[]): Record<string, number> {
  const of = (value: (pair: Pair) => number): number => median(pairs.map(value));
  return {
    cpuUs: of(({ ours }) => ours.cpuUs),
    bareCpuUs: of(({ bare }) => bare.cpuUs),
    ratio: of(({ ours, bare }) => ours.cpuUs / bare.cpuUs),
    objectsUs: of(({ objectsUs }) => objectsUs),
    p50Us: of(({ ours }) => ours.p50Us),
    bareP50Us: of(({ bare }) => bare.p50Us),
    p50Ratio: of(({ ours, bare }) => ours.p50Us / bare.p50Us),
  };
}

function table(results: Readonly<Record<string, Record<string, number>>>): string {
  const rows = Object.entries(results).map(([name, result]) => {
    const cells = Object.entries(result).map(([key, value]) =>
      value.toFixed(key.toLowerCase().endsWith("ratio") ? 3 : 1).padStart(10),
    );
    return name.padEnd(12) + cells.join("");
  });
  const head = ["CPU µs", "bare", "ratio", "objects", "p50 µs", "bare", "ratio"];
  return ["".padEnd(12) + head.map((name) => name.padStart(10)).join(""), ...rows].join("\n");
}

async function bench(): Promise<void> {
  requireWrk();
  const folder = await mkdtemp(join(tmpdir(), "aviary-bench-"));
  const shared = { persist: join(folder, "stores"), registry: join(folder, "registry") };
  const objects = await startAviary(shared);
  await publishAll(objects);
  const flags = Number(values.flags);
  await rampLiveFlags(objects, flags);
  const measured = new Map<Case["name"], Pair[]>();
  const starts = Number(values.starts);
  for (let start = 1; start <= starts; start += 1) {
    const edge = await startEdge(shared);
    for (const { name, path, headers, answer } of await casesFor(edge.url)) {
      if (values.only !== undefined && values.only !== name) continue;
      const bare = await startBare(answer);
      const ours = { url: edge.url + path, pid: edge.pid, headers };
      const theirs = { url: bare.url + path, pid: bare.pid, headers };
      const targets = { ours, theirs, objects: objects.pid };
      const pairs = await measure(`${name}, start ${start} of ${starts}`, targets);
      measured.set(name, [...(measured.get(name) ?? []), ...pairs]);
      await bare.stop();
    }
    await edge.stop();
  }
  process.stderr.write("\r".padEnd(60) + "\r");
  await objects.stop();
  await rm(folder, { recursive: true });
  const results = Object.fromEntries([...measured].map(([name, all]) => [name, summary(all)]));
  const pairs = starts * Number(values.pairs);
  console.log(values.json ? JSON.stringify({ pairs, flags, ...results }) : table(results));
}

type Target = Pick<LoadOptions, "url" | "pid" | "headers">;
type Targets = { readonly ours: Target; readonly theirs: Target; readonly objects: number };

async function measure(name: string, { ours, theirs, objects }: Targets): Promise<Pair[]> {
  const [pairs, seconds] = [Number(values.pairs), Number(values.seconds)];
  await load({ ...ours, seconds: Number(values.warm) });
  await load({ ...theirs, seconds: Number(values.warm) });
  const measureOurs = async (): Promise<Omit<Pair, "bare">> => {
    const before = cpuUsOf(objects);
    const spent = await load({ ...ours, seconds });
    return { ours: spent, objectsUs: (cpuUsOf(objects) - before) / spent.requests };
  };
  const measured: Pair[] = [];
  for (let pair = 0; pair < pairs; pair += 1) {
    // Who goes first alternates, so that a drift of the machine favours nobody.
    const first = pair % 2 === 0 ? await measureOurs() : undefined;
    const bare = await load({ ...theirs, seconds });
    measured.push({ ...(first ?? (await measureOurs())), bare });
    process.stderr.write(`\r${name}: ${pair + 1}/${pairs} `);
  }
  return measured;
}

if (values.help) console.log(usage);
else await bench();
