// A browser by its name.
import type { BrowserName, TestBrowser } from "./browser.ts";
import { startChromium } from "./chromium.ts";
import { startFirefox } from "./firefox.ts";
import { startWebkit } from "./webkit.ts";

const starts: Readonly<Record<BrowserName, () => Promise<TestBrowser>>> = {
  chromium: startChromium,
  firefox: startFirefox,
  webkit: startWebkit,
};

/** Starts a browser with an empty profile; the caller kills it. */
export function startBrowser(name: BrowserName): Promise<TestBrowser> {
  return starts[name]();
}
