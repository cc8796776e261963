// What a user agent's line says of browser and system, in a few words of bounded
// length; and who is no visitor. Nothing else of the line is kept.
import { parse } from "bowser";
import type { Seen } from "./columns.ts";
import { text } from "./kinds.ts";

/** Longest line that is looked at; browsers' own are a third of it. */
export const longestUserAgent = 512;

// Drives a browser without saying so in `navigator.webdriver`, which late beacons lack.
const testing =
  /HeadlessChrome|Lighthouse|Chrome-Lighthouse|PTST|GTmetrix|Pingdom|DatadogSynthetics|Catchpoint|PhantomJS|jsdom|Cypress/;
// Spelled as crawlers spell themselves; `Cubot` is a maker of phones.
const robots =
  /(?<!cu)bot(?:\b|[/_-])|crawl|spider|slurp|\bcurl\/|\bwget\/|python-|Go-http-client|node-fetch|axios|facebookexternalhit|Bytespider|ChatGPT-User|GPTBot|ClaudeBot|PerplexityBot/i;

const short = text(64);

/** The columns of a user agent's line; `isDriven` is the page's own word, `navigator.webdriver`. */
export function userAgentColumns(line: string): Seen {
  const cut = line.slice(0, longestUserAgent);
  const { browser, os, platform } = parse(cut === "" ? " " : cut);
  const name = short.read(browser.name);
  const version = short.read(browser.version);
  const system = short.read(os.name);
  const isBot = platform.type === "bot" || robots.test(cut);
  return {
    ...(name && { "user_agent.name": name }),
    ...(version && { "user_agent.version": version }),
    ...(system && { "os.name": system }),
    ...(platform.type !== undefined && { "browser.mobile": platform.type === "mobile" }),
    ...(isBot && { "user_agent.synthetic.type": "bot" as const }),
    ...(!isBot && testing.test(cut) && { "user_agent.synthetic.type": "test" as const }),
  };
}
