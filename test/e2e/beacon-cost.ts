// What the beacon costs a page's main thread, as the browser's own trace has it: CPU
// time of the thread and time on the clock of the task that evaluates a snippet which
// is nothing but the early part, and of the event that makes and sends the late message.
import type { Browser } from "playwright-core";
import type { Lab } from "./beacon-lab.ts";

/** Of one task, in ms: time that its thread had a core, and time that passed. */
type TaskMs = { readonly threadMs: number; readonly wallMs: number };

export type Costs = { readonly early: TaskMs; readonly late: TaskMs };

/** An event of a trace, its times in µs. */
type TraceEvent = {
  readonly name: string;
  readonly dur?: number;
  readonly tdur?: number;
  readonly args?: { readonly data?: { readonly url?: string; readonly type?: string } };
};

type Visit = {
  readonly name: string;
  /** How often the browser slows its main thread down; 1 for full speed. */
  readonly slowDown: number;
};

const body = `${"<section><h2>Section</h2><p>Words</p></section>".repeat(200)}
  ${Array.from({ length: 60 }, (_, n) => `<img src="/pixel/${n}" width="9" height="9">`).join("")}`;

const hide = `Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true });
  document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));`;

/** Visits a page that the browser has not seen; a browser has one visit at a time. */
export async function costsOf(browser: Browser, lab: Lab, visit: Visit): Promise<Costs> {
  const { name, slowDown } = visit;
  const context = await browser.newContext();
  const tab = await context.newPage();
  const cdp = await context.newCDPSession(tab);
  await cdp.send("Emulation.setCPUThrottlingRate", { rate: slowDown });
  await browser.startTracing(tab, { categories: ["devtools.timeline"] });
  await tab.goto(lab.put(name, { body }), { waitUntil: "load" });
  await lab.until(name, 1);
  await tab.waitForTimeout(500);
  await tab.evaluate(hide);
  await lab.until(name, 2);
  const trace = await browser.stopTracing();
  await context.close();
  const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: readonly TraceEvent[] };
  const early = traceEvents.find(
    ({ name: kind, args }) =>
      kind === "EvaluateScript" && args?.data?.url?.endsWith(`/js/${name}.js`),
  );
  // Blank pages that came before it have such events too, and nobody who listens.
  const [late] = traceEvents
    .filter(({ args }) => args?.data?.type === "visibilitychange")
    .sort((a, b) => (b.tdur ?? 0) - (a.tdur ?? 0));
  return { early: taskMs(early), late: taskMs(late) };
}

function taskMs({ tdur = Number.NaN, dur = Number.NaN }: Partial<TraceEvent> = {}): TaskMs {
  return { threadMs: tdur / 1_000, wallMs: dur / 1_000 };
}
