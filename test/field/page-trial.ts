// What a script does to a page, alone and out of Aviary: globals, what it changes of those
// that were there, exceptions and console.
import { setTimeout as wait } from "node:timers/promises";
import type { Tab } from "../browsers/browser.ts";
import { messageListener } from "../browsers/browser.ts";
import type { Site } from "../e2e/site.ts";

/** Sorted lines, each a thing that is to be seen of a script. */
export type Traces = readonly string[];

// Descriptors alone are read: getters may warn, or do things.
const keeper = `
(() => {
  const flagsOf = ({ writable, enumerable, configurable }) =>
    [writable && "w", enumerable && "e", configurable && "c"].filter(Boolean).join("");
  const look = () => {
    const seen = new Map();
    for (const name of Object.getOwnPropertyNames(self)) {
      const own = Object.getOwnPropertyDescriptor(self, name);
      const value = own.value ?? own.get;
      seen.set(name, [value, flagsOf(own)]);
      if (typeof value !== "function" || own.get === value) continue;
      for (const [holder, at] of [[value, ""], [value.prototype, ".prototype"]]) {
        if (holder === null || holder === undefined) continue;
        for (const key of Reflect.ownKeys(holder)) {
          const each = Object.getOwnPropertyDescriptor(holder, key);
          seen.set(name + at + "." + String(key), [each.value ?? each.get, flagsOf(each)]);
        }
      }
    }
    return seen;
  };
  const before = look();
  document[Symbol.for("traces")] = () => {
    const traces = [];
    const after = look();
    for (const [path, [value, flags]] of after) {
      const [known] = before.get(path) ?? [];
      if (!before.has(path)) traces.push("adds " + path + ": " + typeof value + " " + flags);
      else if (!Object.is(known, value)) traces.push("changes " + path + " to " + typeof value + " " + flags);
    }
    for (const path of before.keys()) if (!after.has(path)) traces.push("removes " + path);
    for (const { level, text } of document[Symbol.for("messages")]) traces.push("says " + level + ": " + text);
    return traces.sort();
  };
})();`;

const collectorCame = `performance.getEntriesByType("resource").some(({ name }) => name.includes("/b/"))`;

// A script may go on after its page is loaded, and a collector comes only then.
const settleMs = 400;

/**
 * Loads a page with the script at `url`, and looks at it.
 * @param isMeasured whether a collector is to come, which is waited for.
 */
export async function tracesOf(
  tab: Tab,
  {
    site,
    url,
    isMeasured,
  }: { readonly site: Site; readonly url: string; readonly isMeasured: boolean },
): Promise<Traces> {
  const path = `/${encodeURIComponent(url)}.html`;
  const watching = `<script>${messageListener}</script><script>${keeper}</script>`;
  const element = `<script src="${url}" crossorigin></script>`;
  const html = `<!doctype html><meta charset="utf-8"><title>field</title>${watching}<body><div id="app"></div>${element}`;
  site.serve(path, html);
  await tab.goto(site.url + path);
  if (isMeasured) await tab.until(collectorCame);
  await wait(settleMs);
  return (await tab.evaluate("document[Symbol.for('traces')]()")) as Traces;
}

/** What one has and the other has not; empty where a visitor's page cannot tell them apart. */
export function differences(alone: Traces, served: Traces): readonly string[] {
  const [had, has] = [new Set(alone), new Set(served)];
  return [
    ...served.filter((trace) => !had.has(trace) && !isOurs(trace)).map((trace) => `+ ${trace}`),
    ...alone.filter((trace) => !has.has(trace)).map((trace) => `- ${trace}`),
  ];
}

/** The one name that Aviary has in a page. */
const isOurs = (trace: string): boolean => trace.startsWith("adds aviary:");
