// ClickHouse's own engine. It weighs half a gigabyte and one test file alone needs it, so
// that it is no dependency: `npm test` installs it beside what else the checkout caches.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const version = "3.4.0";
const folder = join(import.meta.dirname, "..", "node_modules", ".cache", `chdb-${version}`);

/** A database in this process. */
export type Engine = {
  /** Runs one statement and returns what it prints; throws ClickHouse's own error. */
  query(sql: string): string;
  close(): void;
};

/** Installs the engine where it is missing; throws one clear line where that fails. */
export function ensureClickhouse(): void {
  if (existsSync(join(folder, "node_modules", "chdb", "package.json"))) return;
  console.log("No ClickHouse engine found: installing one.");
  mkdirSync(folder, { recursive: true });
  // A package of its own, or npm would look for the one around it.
  writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
  const args = ["install", "--ignore-scripts", "--no-audit", "--no-fund", `chdb@${version}`];
  try {
    execFileSync("npm", args, { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
  } catch (cause) {
    throw new Error(`ClickHouse's engine, chdb ${version}, could not be installed`, { cause });
  }
}

/** Starts the engine with a folder of its own; the caller closes it. */
export function startClickhouse(): Engine {
  ensureClickhouse();
  const require = createRequire(join(folder, "package.json"));
  const { Session } = require("chdb") as { readonly Session: new () => Engine };
  return new Session();
}
