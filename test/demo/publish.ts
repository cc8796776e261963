// What the demo puts online, through the same API that customers use.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { buildBeacon } from "../../worker/build/beacon.ts";

const here = import.meta.dirname;

/** Where to publish, and with what right. */
export type ControlApi = { readonly url: string; readonly token: string };

/** The engine's version, and the payload's digest. */
type Published = { readonly engine: string; readonly payload: string };

type Sdk = { readonly version: string };

/** The datafile of the demo: one flag, three variations. */
export const datafileText = await readFile(join(here, "datafile.json"), "utf8");

const sdkFolder = join(here, "..", "..", "node_modules", "@optimizely", "optimizely-sdk");

/** Flag whose variation the shop shows. */
export const flagKey = "spring_banner";

/** Publishes engine, beacon, snippet `demo` and datafile `demo-sdk` for account `demo`; idempotent. */
export async function publishDemo(api: ControlApi): Promise<Published> {
  const code = await bundleEngine();
  const sdk = JSON.parse(await readFile(join(sdkFolder, "package.json"), "utf8")) as Sdk;
  // The same SDK bundled differently is another engine: versions are immutable.
  const digest = createHash("sha256").update(code).digest("hex").slice(0, 8);
  const engine = `${sdk.version}-demo.${digest}`;
  await put(api, `/engines/${engine}`, code);
  const payload = JSON.stringify({ flagKey, datafile: JSON.parse(datafileText) as object });
  const scripts = JSON.stringify(await buildBeacon());
  const beacon = `demo.${createHash("sha256").update(scripts).digest("hex").slice(0, 8)}`;
  await put(api, `/beacons/${beacon}`, scripts);
  const query = `engine=${engine}&beacon=${beacon}&beaconSampleRate=1`;
  await put(api, `/snippets/demo?account=demo&${query}`, payload);
  await put(api, "/datafiles/demo-sdk?account=demo", datafileText);
  return { engine, payload: createHash("sha256").update(payload).digest("hex") };
}

/** The demo's engine as one classic script. */
async function bundleEngine(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(here, "engine.ts")],
    bundle: true,
    write: false,
    minify: true,
    format: "iife",
    platform: "browser",
    target: "es2020",
    logLevel: "error",
  });
  return outputFiles[0]?.text ?? "";
}

async function put({ url, token }: ControlApi, path: string, body: string): Promise<void> {
  const response = await fetch(`${url}/api/v1${path}`, {
    method: "PUT",
    body,
    headers: { authorization: `Bearer ${token}` },
  });
  if (!response.ok) throw new Error(`PUT ${path}: ${response.status} ${await response.text()}`);
}
