// The peers' npm packages as they are today, each bundled as a page would load it. They are
// installed into a folder that is removed afterwards: none of them becomes a dependency.
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";

const to = `location.protocol + "//localhost:" + location.port + "/nothing"`;

/** What a page's own script does to have each of them measure it and send. */
const peers = {
  "web-vitals": `import { onCLS, onFCP, onINP, onLCP, onTTFB } from "web-vitals/attribution";
    const send = (metric) => navigator.sendBeacon(${to}, JSON.stringify({ name: metric.name,
      value: metric.value, attribution: Object.keys(metric.attribution) }));
    for (const on of [onCLS, onFCP, onINP, onLCP, onTTFB]) on(send);`,
  boomerangjs: `import "boomerangjs/boomerang.js"; import "boomerangjs/plugins/rt.js";
    self.BOOMR.init({ beacon_url: ${to} });`,
  "@elastic/apm-rum": `import { init } from "@elastic/apm-rum"; init({ serviceName: "a", serverUrl: ${to} });`,
  "@sentry/browser": `import { browserTracingIntegration, init } from "@sentry/browser";
    init({ dsn: "http://a@localhost:" + location.port + "/1", tracesSampleRate: 1, integrations: [browserTracingIntegration()] });`,
  "@grafana/faro-web-sdk": `import { initializeFaro } from "@grafana/faro-web-sdk"; initializeFaro({ url: ${to}, app: { name: "a" } });`,
  "@datadog/browser-rum": `import { datadogRum } from "@datadog/browser-rum"; datadogRum.init({ applicationId: "a", clientToken: "b", proxy: ${to} });`,
  "@honeycombio/opentelemetry-web": `import { HoneycombWebSDK } from "@honeycombio/opentelemetry-web"; new HoneycombWebSDK({ apiKey: "a", endpoint: ${to} }).start();`,
  "posthog-js": `import posthog from "posthog-js"; posthog.init("a", { api_host: ${to} });`,
} as const;

/** A peer's script, minified by esbuild; or why there is none. */
export type PeerBundle = { readonly name: string } & (
  | { readonly version: string; readonly code: string }
  | { readonly problem: string }
);

/** Installs and bundles one after the other. */
export async function bundlePeers(): Promise<readonly PeerBundle[]> {
  const folder = await mkdtemp(join(tmpdir(), "aviary-peers-"));
  try {
    await writeFile(join(folder, "package.json"), "{}");
    const bundles: PeerBundle[] = [];
    for (const [name, source] of Object.entries(peers)) {
      bundles.push(
        await bundle(folder, name, source).catch((error: unknown) => ({
          name,
          problem: String(error).split("\n")[0] ?? "",
        })),
      );
    }
    return bundles;
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function bundle(folder: string, name: string, source: string): Promise<PeerBundle> {
  const install = ["install", "--no-audit", "--no-fund", "--ignore-scripts", name];
  await promisify(execFile)("npm", install, { cwd: folder, timeout: 120_000 });
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: folder },
    bundle: true,
    minify: true,
    format: "iife",
    target: "es2020",
    platform: "browser",
    legalComments: "none",
    logLevel: "silent",
    define: { "process.env.NODE_ENV": '"production"' },
    write: false,
  });
  const manifest = await readFile(join(folder, "node_modules", name, "package.json"), "utf8");
  const { version } = JSON.parse(manifest) as { version: string };
  return { name, version, code: outputFiles[0]?.text ?? "" };
}
