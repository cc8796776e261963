// A lab and a Chromium that all tests of one file share, and that end with it.
import type { Browser } from "playwright-core";
import { afterAll } from "vitest";
import { launchChromium } from "../chromium.ts";
import { startLab, type Lab } from "./beacon-lab.ts";
import { startRawBrowser, type RawBrowser } from "../browsers/raw-chromium.ts";

type With<B> = { readonly lab: Lab; readonly browser: B };

/** A lab alone. */
export async function labOfFile(): Promise<Lab> {
  const lab = await startLab();
  afterAll(() => lab.stop());
  return lab;
}

/** For the file that asks, a browser that Playwright drives. */
export async function labAndBrowser(): Promise<With<Browser>> {
  const [lab, browser] = await Promise.all([startLab(), launchChromium()]);
  afterAll(() => Promise.all([browser.close(), lab.stop()]));
  return { lab, browser };
}

/** For the file that asks, a browser that nothing but its own protocol drives. */
export async function labAndRawBrowser(): Promise<With<RawBrowser>> {
  const [lab, browser] = await Promise.all([startLab(), startRawBrowser()]);
  afterAll(() => Promise.all([browser.kill(), lab.stop()]));
  return { lab, browser };
}
