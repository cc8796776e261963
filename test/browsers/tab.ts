// What tabs of every browser have in common: waiting for pages, finding elements.
import { setTimeout as wait } from "node:timers/promises";
import type { Tab } from "./browser.ts";

/** A point of the viewport, in CSS pixels. */
export type Point = { readonly x: number; readonly y: number };

/** What a browser's own protocol does for a tab. Nothing here waits for a page to be loaded. */
export type TabProtocol = Pick<
  Tab,
  "navigate" | "evaluate" | "type" | "hide" | "show" | "messages" | "addInitScript" | "close"
> & {
  readonly startReload: () => Promise<void>;
  readonly traverse: (delta: 1 | -1) => Promise<void>;
  readonly clickAt: (point: Point) => Promise<void>;
};

const patienceMs = 30_000;
let departures = 0;

/** A whole tab. */
export function tabOver(protocol: TabProtocol): Tab {
  const { evaluate, startReload, traverse, clickAt, ...rest } = protocol;

  async function until(expression: string): Promise<void> {
    const deadlineMs = performance.now() + patienceMs;
    let last: unknown;
    while (performance.now() < deadlineMs) {
      try {
        last = await evaluate(`!!(${expression})`);
      } catch (cause) {
        // A page on its way out answers nobody.
        last = cause;
      }
      if (last === true) return;
      await wait(20);
    }
    throw new Error(`not so in ${patienceMs} ms: ${expression}`, { cause: last });
  }

  /** Does what loads another page, and waits until that one is loaded. */
  async function leaving(leave: () => Promise<void>): Promise<void> {
    departures += 1;
    // A page that comes back from the cache has the mark of an earlier departure.
    const mark = `document[Symbol.for("departure")]`;
    await evaluate(`void (${mark} = ${departures})`);
    await leave();
    await until(`${mark} !== ${departures} && document.readyState === "complete"`);
  }

  return {
    ...rest,
    evaluate,
    until,
    goto: (url) => leaving(() => rest.navigate(url)),
    reload: () => leaving(startReload),
    back: () => leaving(() => traverse(-1)),
    forward: () => leaving(() => traverse(1)),
    click: async (selector) => {
      const found = JSON.stringify(selector);
      await until(`document.querySelector(${found})`);
      const middle = `((element) => {
        element.scrollIntoView({ block: "nearest", behavior: "instant" });
        const { left, top, width, height } = element.getBoundingClientRect();
        return { x: left + width / 2, y: top + height / 2 };
      })(document.querySelector(${found}))`;
      const { x, y } = (await evaluate(middle)) as Point;
      await clickAt({ x: Math.floor(x), y: Math.floor(y) });
    },
  };
}
