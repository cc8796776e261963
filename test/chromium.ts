// A real Chromium: found, or installed where that is possible.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { chromium, type Browser } from "playwright-core";

const usualPlaces: readonly string[] = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
  "/snap/bin/chromium",
  "/opt/google/chrome/chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  String.raw`C:\Program Files\Google\Chrome\Application\chrome.exe`,
];

/** What every Chromium here is started with. */
export const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** The executable: `CHROME_PATH`, the usual places, playwright's own; undefined where there is none. */
function findChromium(): string | undefined {
  const named = process.env["CHROME_PATH"];
  if (named !== undefined && named !== "") {
    if (existsSync(named)) return named;
    throw new Error(`CHROME_PATH is ${named}, and there is no such file`);
  }
  return [...usualPlaces, chromium.executablePath()].find((path) => existsSync(path));
}

/** The executable, installed first where there is none; throws one clear line where that fails. */
export function ensureChromium(): string {
  const found = findChromium();
  if (found !== undefined) return found;
  console.log("No Chromium found: installing one.");
  try {
    if (process.getuid?.() === 0 && existsSync("/usr/bin/apt-get")) {
      run("apt-get", ["update"]);
      run("apt-get", ["install", "-y", "chromium"]);
    } else {
      const cli = join(import.meta.dirname, "..", "node_modules", "playwright-core", "cli.js");
      run(process.execPath, [cli, "install", "chromium"]);
    }
  } catch {
    // The line below says what to do; the installer has said what went wrong.
  }
  const installed = findChromium();
  if (installed !== undefined) return installed;
  throw new Error("Chromium could not be installed: install it, or set CHROME_PATH to it");
}

function run(command: string, args: readonly string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  execFileSync(command, args, { stdio: ["ignore", "ignore", "inherit"], env });
}

/**
 * Starts Chromium without a window; the caller closes it. Automation leaves out the
 * back/forward cache unless it is to be kept.
 */
export async function launchChromium({ bfcache = false } = {}): Promise<Browser> {
  const ignoreDefaultArgs = bfcache ? ["--disable-back-forward-cache"] : [];
  return chromium.launch({ executablePath: ensureChromium(), args: flags, ignoreDefaultArgs });
}
