// npm run size: how large what we ship is. Each row is a thing, how it is made, and
// the most that it may weigh.
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { buildBeacon } from "../worker/build/beacon.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "..");

type Row = {
  readonly what: string;
  readonly maxBytes: number;
  readonly measure: () => Promise<number>;
};

/** What is measured, by its key in the JSON output. */
export const rows = {
  workerGzip: {
    what: "Worker, as deployed, gzip -9",
    maxBytes: 450_000,
    measure: measureWorker,
  },
  zstdGzip: {
    what: "… of it zstd, gzip -9",
    maxBytes: 100_000,
    measure: async () => gzipLength(await uploaded(isWasm)),
  },
  beaconEarlyBr: {
    what: "Beacon, early part, brotli 11",
    maxBytes: 1_024,
    measure: async () => brotliLength((await buildBeacon()).early),
  },
  collectorBr: {
    what: "Beacon, collector, brotli 11",
    maxBytes: 7_168,
    measure: async () => brotliLength((await buildBeacon()).collector),
  },
} as const satisfies Readonly<Record<string, Row>>;

/** Bytes of all that `wrangler deploy` would upload, compressed one by one. */
async function measureWorker(): Promise<number> {
  return gzipLength(await uploaded((name) => name === "index.js" || isWasm(name)));
}

const isWasm = (name: string): boolean => name.endsWith(".wasm");

function gzipLength(files: readonly Uint8Array[]): number {
  return files.reduce((sum, file) => sum + gzipSync(file, { level: 9 }).byteLength, 0);
}

/** The modules of an upload whose names are `wanted`. */
async function uploaded(wanted: (name: string) => boolean): Promise<readonly Uint8Array[]> {
  const folder = await mkdtemp(join(tmpdir(), "aviary-size-"));
  try {
    const wrangler = join(root, "node_modules", "wrangler", "bin", "wrangler.js");
    const env = { ...process.env, WRANGLER_SEND_METRICS: "false" };
    const args = [wrangler, "deploy", "--dry-run", "--outdir", folder];
    await run(process.execPath, args, { cwd: root, env });
    const names = (await readdir(folder)).filter(wanted);
    return await Promise.all(names.map((name) => readFile(join(folder, name))));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Bytes of a script's text at brotli's best. */
export function brotliLength(text: string): number {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11 };
  return brotliCompressSync(text, { params }).byteLength;
}

async function print(json: boolean): Promise<void> {
  const sizes: Record<string, number> = {};
  for (const [key, { what, maxBytes, measure }] of Object.entries<Row>(rows)) {
    const bytes = await measure();
    sizes[key] = bytes;
    if (json) continue;
    const share = `${((bytes / maxBytes) * 100).toFixed(0)} % of ${maxBytes}`;
    console.log(`${what.padEnd(32)} ${String(bytes).padStart(8)} bytes, ${share}`);
  }
  if (json) console.log(JSON.stringify(sizes));
}

if (import.meta.main) await print(process.argv.includes("--json"));
