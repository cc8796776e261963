// Bundles the beacon's two scripts for browsers. `npm run beacon` writes them to
// dist/beacon, from where they are published; tests and the demo build them in memory.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build, type BuildOptions } from "esbuild";
import { minify } from "terser";

const browser = join(import.meta.dirname, "rum", "browser");

/** The beacon's scripts, minified. */
export type BeaconScripts = {
  /** Statements for inside every snippet, before the engine; may throw, and need a fence. */
  readonly early: string;
  /** A script of its own for the page views that are measured; never throws. */
  readonly collector: string;
};

/** Builds both scripts of one version: each knows the other's short names. */
export async function buildBeacon(): Promise<BeaconScripts> {
  const names: Record<string, string | false> = {};
  const early = await bundle("early.ts", { format: "esm", target: "es2015" }, names);
  // A function keeps its names out of the page.
  const collector = await bundle("collector.ts", { format: "iife", target: "es2020" }, names);
  // Of what esbuild makes, terser still finds a twentieth to leave out.
  const { code = "" } = await minify(collector, { ecma: 2020, compress: { passes: 3 } });
  return { early, collector: code };
}

async function bundle(
  file: string,
  to: Pick<BuildOptions, "format" | "target">,
  names: Record<string, string | false>,
): Promise<string> {
  const { outputFiles, mangleCache } = await build({
    entryPoints: [join(browser, file)],
    bundle: true,
    minify: true,
    charset: "utf8",
    legalComments: "none",
    ...to,
    mangleProps: /[a-z]_$/,
    mangleCache: names,
    tsconfigRaw: {},
    write: false,
  });
  Object.assign(names, mangleCache);
  return outputFiles[0]?.text.trim() ?? "";
}

if (import.meta.main) {
  const folder = join(import.meta.dirname, "..", "dist", "beacon");
  const { early, collector } = await buildBeacon();
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "early.js"), early);
  await writeFile(join(folder, "collector.js"), collector);
}
