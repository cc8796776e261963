// Bundles the beacon's two scripts for browsers. `npm run beacon` writes them to
// dist/beacon, from where they are published; tests and the demo build them in memory.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { minify } from "terser";

const browser = join(import.meta.dirname, "..", "rum", "browser");

/** The beacon's scripts, minified. */
export type BeaconScripts = {
  /** Statements for inside every snippet, before the engine; may throw, and need a fence. Declare nothing. */
  readonly early: string;
  /** A script of its own for the page views that are measured; never throws, declares nothing. */
  readonly collector: string;
};

// A top-level `const` of an engine or a page hides the global of that name, and until it
// runs there is neither. Properties of the window stay, and nothing can hide `window`,
// `document` and `location`: a script that declares one of those is refused as a whole.
const globals = `
  AbortController addEventListener Array clearTimeout crypto Date devicePixelRatio fetch
  isFinite JSON Map Math MutationObserver navigator Number Object outerHeight outerWidth
  performance PerformanceEventTiming PerformanceObserver PerformanceResourceTiming Promise
  queueMicrotask removeEventListener requestAnimationFrame requestIdleCallback
  sessionStorage Set setTimeout String Uint32Array URL WeakMap`;
const properties = Object.fromEntries(
  globals
    .trim()
    .split(/\s+/)
    .map((name) => [name, `window.${name}`]),
);

// Chromium then compiles all functions with the script, https://v8.dev/blog/explicit-compile-hints:
// else those that only a page's end calls are compiled while it ends.
const compileAll = "//# allFunctionsCalledOnLoad\n";

/** Builds both scripts of one version: each knows the other's short names. */
export async function buildBeacon(): Promise<BeaconScripts> {
  const names: Record<string, string | false> = {};
  const early = await bundle("early.ts", { format: "esm", year: 2015 }, names);
  // A block keeps its names to itself as well, but not those of functions.
  const collector = await bundle("collector.ts", { format: "iife", year: 2020 }, names);
  return { early, collector: compileAll + collector };
}

type Syntax = { readonly format: "esm" | "iife"; readonly year: 2015 | 2020 };

async function bundle(
  file: string,
  { format, year }: Syntax,
  names: Record<string, string | false>,
): Promise<string> {
  const { outputFiles, mangleCache } = await build({
    entryPoints: [join(browser, file)],
    bundle: true,
    minify: true,
    format,
    charset: "utf8",
    legalComments: "none",
    target: `es${year}`,
    define: { self: "window", globalThis: "window", ...properties },
    // What stands in for them would be a tenth of a kilobyte.
    supported: { "class-field": true },
    // Names of the collector's own, of which no browser has any.
    mangleProps: /Ms$/,
    mangleCache: names,
    tsconfigRaw: {},
    write: false,
  });
  Object.assign(names, mangleCache);
  // Of what esbuild makes, terser still finds a twentieth to leave out.
  const smaller = { ecma: year, compress: { passes: 3, inline: 1 }, toplevel: true };
  const { code = "" } = await minify(outputFiles[0]?.text ?? "", smaller);
  return code;
}

if (import.meta.main) {
  const folder = join(import.meta.dirname, "..", "..", "dist", "beacon");
  const { early, collector } = await buildBeacon();
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "early.js"), early);
  await writeFile(join(folder, "collector.js"), collector);
}
