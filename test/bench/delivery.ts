// npm run bench:delivery: this Worker beside a bare one that returns the same bytes
// with the same header fields, in the same workerd, taken in turns. What is quoted
// is the median over pairs of the ratio within a pair.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { control, startAviary, type Started } from "../harness.ts";
import { startBare, type BareAnswer } from "./bare.ts";
import { fetchRaw } from "./fetch-raw.ts";
import { rampLiveFlags } from "./live-flags.ts";
import { load, median, requireWrk, type Load } from "./load.ts";

const usage = `npm run bench:delivery -- [--pairs N] [--seconds S] [--only br|notModified|datafile] [--flags N] [--cf] [--json]

CPU and latency of a request, beside a bare Worker. --flags makes so many flags live
first; --cf sends what Cloudflare adds to a request. Needs wrk: apt-get install wrk`;

const { values } = parseArgs({
  options: {
    pairs: { type: "string", default: "7" },
    seconds: { type: "string", default: "2" },
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

type Pair = { readonly ours: Load; readonly bare: Load };

function summary(pairs: readonly Pair[]): Record<string, number> {
  const of = (value: (pair: Pair) => number): number => median(pairs.map(value));
  return {
    cpuUs: of(({ ours }) => ours.cpuUs),
    bareCpuUs: of(({ bare }) => bare.cpuUs),
    ratio: of(({ ours, bare }) => ours.cpuUs / bare.cpuUs),
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
  const head = ["CPU µs", "bare", "ratio", "p50 µs", "bare", "ratio"];
  return ["".padEnd(12) + head.map((name) => name.padStart(10)).join(""), ...rows].join("\n");
}

async function bench(): Promise<void> {
  requireWrk();
  const [pairs, seconds] = [Number(values.pairs), Number(values.seconds)];
  const worker = await startAviary({ direct: true });
  const direct = await worker.directUrl();
  await publishAll(worker);
  const flags = Number(values.flags);
  await rampLiveFlags(worker, flags);
  const results: Record<string, Record<string, number>> = {};
  for (const { name, path, headers, answer } of await casesFor(direct)) {
    if (values.only !== undefined && values.only !== name) continue;
    const bare = await startBare(answer);
    const ours = { url: direct + path, pid: worker.pid, headers };
    const theirs = { url: bare.url + path, pid: bare.pid, headers };
    await load({ ...ours, seconds });
    await load({ ...theirs, seconds });
    const measured: Pair[] = [];
    for (let pair = 0; pair < pairs; pair += 1) {
      // Who goes first alternates, so that a drift of the machine favours nobody.
      const first = pair % 2 === 0;
      const one = await load({ ...(first ? ours : theirs), seconds });
      const two = await load({ ...(first ? theirs : ours), seconds });
      measured.push(first ? { ours: one, bare: two } : { ours: two, bare: one });
      process.stderr.write(`\r${name} ${pair + 1}/${pairs} `);
    }
    results[name] = summary(measured);
    await bare.stop();
  }
  process.stderr.write("\r".padEnd(24) + "\r");
  await worker.stop();
  console.log(values.json ? JSON.stringify({ pairs, flags, ...results }) : table(results));
}

if (values.help) console.log(usage);
else await bench();
