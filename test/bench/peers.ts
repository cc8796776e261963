// npm run bench:peers: what a page would load instead of the beacon, from each peer's npm
// package as it is today, bundled as ours is; writes docs/beacon-peers.md. Installs
// into a folder of its own, so that none of them becomes a dependency.
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { brotliLength, rows } from "../size.ts";

const peers = {
  "web-vitals": `import { onCLS, onFCP, onINP, onLCP, onTTFB } from "web-vitals/attribution";
    for (const on of [onCLS, onFCP, onINP, onLCP, onTTFB]) on(console.log);`,
  boomerangjs: `import "boomerangjs/boomerang.js"; import "boomerangjs/plugins/rt.js";`,
  "@elastic/apm-rum": `import { init } from "@elastic/apm-rum"; init({ serviceName: "a" });`,
  "@sentry/browser": `import { browserTracingIntegration, init } from "@sentry/browser";
    init({ dsn: "", integrations: [browserTracingIntegration()] });`,
  "@grafana/faro-web-sdk": `import { initializeFaro } from "@grafana/faro-web-sdk"; initializeFaro({ url: "/", app: { name: "a" } });`,
  "@datadog/browser-rum": `import { datadogRum } from "@datadog/browser-rum"; datadogRum.init({ applicationId: "a", clientToken: "b" });`,
  "@honeycombio/opentelemetry-web": `import { HoneycombWebSDK } from "@honeycombio/opentelemetry-web"; new HoneycombWebSDK({ apiKey: "a" }).start();`,
} as const;

async function measure(folder: string, name: string, source: string): Promise<string> {
  await promisify(execFile)(
    "npm",
    ["install", "--no-audit", "--no-fund", "--ignore-scripts", name],
    {
      cwd: folder,
    },
  );
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
  const manifest = await import(join(folder, "node_modules", name, "package.json"), {
    with: { type: "json" },
  });
  const { version } = (manifest as { default: { version: string } }).default;
  const bytes = brotliLength(outputFiles[0]?.text ?? "").toLocaleString("en-US");
  return `| ${name} ${version} | ${bytes} |`;
}

const folder = await mkdtemp(join(tmpdir(), "aviary-peers-"));
try {
  await writeFile(join(folder, "package.json"), "{}");
  const ours = [
    `| the beacon's early part, in every snippet | ${(await rows.beaconEarlyBr.measure()).toLocaleString("en-US")} |`,
    `| its collector, in measured page views | ${(await rows.collectorBr.measure()).toLocaleString("en-US")} |`,
  ];
  const theirs: string[] = [];
  for (const [name, source] of Object.entries(peers)) {
    const line = await measure(folder, name, source).catch(
      (error: unknown) => `| ${name} | not measured: ${String(error).split("\n")[0]} |`,
    );
    console.log(line);
    theirs.push(line);
  }
  const text = `# The beacon beside its peers

Minified by esbuild and compressed by brotli 11, as a page would load them: boomerangjs
with its round-trip plugin alone, Sentry with tracing, web-vitals with attribution, the others as their
\`init\` has it. Written by \`npm run bench:peers\`.

| what | bytes |
| --- | --- |
${[...ours, ...theirs].join("\n")}
`;
  await writeFile(join(import.meta.dirname, "..", "..", "docs", "beacon-peers.md"), text);
} finally {
  await rm(folder, { recursive: true });
}
