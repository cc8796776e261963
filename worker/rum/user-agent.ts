// What a user agent's line says of browser and system, in a few words of bounded
// length; and who is no visitor: one test for page views and deliveries. Nothing
// else of the line is kept.
import { parse } from "bowser";
import { isbot } from "isbot";
import type { Seen } from "./columns.ts";
import { text } from "./kinds.ts";

/** Longest line that is looked at; browsers' own are a third of it. */
export const longestUserAgent = 512;

// Drives a browser without saying so in `navigator.webdriver`, which late beacons lack.
// `isbot` takes them for robots, which read pages; these measure them.
const testing =
  /HeadlessChrome|Lighthouse|Chrome-Lighthouse|PTST|GTmetrix|Pingdom|DatadogSynthetics|Catchpoint|PhantomJS|jsdom|Cypress/;

const short = text(64);

/** The columns of a user agent's line. */
export function userAgentColumns(line: string): Seen {
  const cut = line.slice(0, longestUserAgent);
  const { browser, os, platform } = parse(cut === "" ? " " : cut);
  const name = short.read(browser.name);
  const version = short.read(browser.version);
  const system = short.read(os.name);
  const isKnownBot = platform.type === "bot";
  const synthetic = testing.test(cut) ? "test" : isKnownBot || isbot(cut) ? "bot" : undefined;
  return {
    ...(name && { "user_agent.name": name }),
    ...(version && { "user_agent.version": version }),
    ...(system && { "os.name": system }),
    ...(platform.type !== undefined && { "browser.mobile": platform.type === "mobile" }),
    ...(synthetic && { "user_agent.synthetic.type": synthetic }),
  };
}
