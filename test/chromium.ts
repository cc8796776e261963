// A real Chromium, driven by Playwright.
import { chromium, type Browser } from "playwright-core";
import { ensureChromium } from "./browsers/ensure-browsers.ts";

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

/**
 * Starts Chromium without a window; the caller closes it. Automation leaves out the
 * back/forward cache unless it is to be kept.
 */
export async function launchChromium({ bfcache = false } = {}): Promise<Browser> {
  const ignoreDefaultArgs = bfcache ? ["--disable-back-forward-cache"] : [];
  return chromium.launch({ executablePath: ensureChromium(), args: flags, ignoreDefaultArgs });
}
