// The browsers of this machine: found, or installed where that is possible.
import { execFileSync } from "node:child_process";
import { existsSync, globSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { browserNames, type BrowserName } from "./browser.ts";

/** A program that a browser consists of: where it may be, and what names it otherwise. */
type Program = {
  readonly title: string;
  readonly variable: string;
  readonly usualPlaces: () => readonly string[];
  readonly debianPackage: string;
};

const chromiumProgram: Program = {
  title: "Chromium",
  variable: "CHROME_PATH",
  usualPlaces: () => [
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
    "/usr/bin/google-chrome-stable",
    "/snap/bin/chromium",
    "/opt/google/chrome/chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    String.raw`C:\Program Files\Google\Chrome\Application\chrome.exe`,
    chromium.executablePath(),
  ],
  debianPackage: "chromium",
};

const firefoxProgram: Program = {
  title: "Firefox",
  variable: "FIREFOX_PATH",
  usualPlaces: () => [
    "/usr/bin/firefox-esr",
    "/usr/bin/firefox",
    "/opt/firefox/firefox",
    "/Applications/Firefox.app/Contents/MacOS/firefox",
    String.raw`C:\Program Files\Mozilla Firefox\firefox.exe`,
  ],
  debianPackage: "firefox-esr",
};

const webkitDriver: Program = {
  title: "WebKitWebDriver",
  variable: "WEBKIT_DRIVER_PATH",
  usualPlaces: () => ["/usr/bin/WebKitWebDriver", "/usr/local/bin/WebKitWebDriver"],
  debianPackage: "webkit2gtk-driver",
};

const miniBrowser: Program = {
  title: "WebKit's MiniBrowser",
  variable: "WEBKIT_BROWSER_PATH",
  usualPlaces: () => [
    ...globSync("/usr/lib/*/webkit{2gtk-4.*,gtk-6.*}/MiniBrowser").sort(),
    ...globSync("/usr/libexec/webkit{2gtk-4.*,gtk-6.*}/MiniBrowser").sort(),
  ],
  debianPackage: "webkit2gtk-driver",
};

const xvfb: Program = {
  title: "Xvfb",
  variable: "XVFB_PATH",
  usualPlaces: () => ["/usr/bin/Xvfb", "/usr/local/bin/Xvfb"],
  debianPackage: "xvfb",
};

const programsOf: Readonly<Record<BrowserName, readonly Program[]>> = {
  chromium: [chromiumProgram],
  firefox: [firefoxProgram],
  webkit: [webkitDriver, miniBrowser, xvfb],
};

/** The executable: what its variable names, or the first usual place; undefined where there is none. */
function find({ variable, usualPlaces }: Program): string | undefined {
  const named = process.env[variable];
  if (named === undefined || named === "") return usualPlaces().find((path) => existsSync(path));
  if (existsSync(named)) return named;
  throw new Error(`${variable} is ${named}, and there is no such file`);
}

/** The executable, installed first where there is none; throws one clear line where that fails. */
function ensure(program: Program): string {
  const found = find(program);
  if (found !== undefined) return found;
  console.log(`No ${program.title} found: installing one.`);
  try {
    install(program);
  } catch {
    // The line below says what to do; the installer has said what went wrong.
  }
  const installed = find(program);
  if (installed !== undefined) return installed;
  throw new Error(
    `${program.title} could not be installed: install it, or set ${program.variable} to it`,
  );
}

function install({ debianPackage }: Program): void {
  if (process.getuid?.() === 0 && existsSync("/usr/bin/apt-get")) {
    run("apt-get", ["update"]);
    run("apt-get", ["install", "-y", "--no-install-recommends", debianPackage]);
  } else if (debianPackage === "chromium") {
    const cli = join(import.meta.dirname, "..", "..", "node_modules", "playwright-core", "cli.js");
    run(process.execPath, [cli, "install", "chromium"]);
  }
}

function run(command: string, args: readonly string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  execFileSync(command, args, { stdio: ["ignore", "ignore", "inherit"], env });
}

export function ensureChromium(): string {
  return ensure(chromiumProgram);
}

export function ensureFirefox(): string {
  return ensure(firefoxProgram);
}

/** WebKit's driver, the browser that it drives, and the screen that this needs. */
export function ensureWebkit(): Readonly<Record<"driver" | "miniBrowser" | "xvfb", string>> {
  return {
    driver: ensure(webkitDriver),
    miniBrowser: ensure(miniBrowser),
    xvfb: ensure(xvfb),
  };
}

/** Installs what is missing, and says in a line each which browsers cannot be had. */
export function ensureBrowsers(): readonly string[] {
  return browserNames.flatMap((name) => {
    try {
      programsOf[name].forEach(ensure);
      return [];
    } catch (error) {
      return `${name}: ${error instanceof Error ? error.message : String(error)}`;
    }
  });
}

/** The browsers that are here; one whose variable names no file is not, as `ensureBrowsers` says. */
export const seenBrowsers: readonly BrowserName[] = browserNames.filter((name) => {
  try {
    return programsOf[name].every((program) => find(program) !== undefined);
  } catch {
    return false;
  }
});
