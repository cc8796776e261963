// What the beacon costs a page's main thread, as the browser's own trace has it: of the
// task that evaluates a snippet which is nothing but the early part, and of the event
// that makes and sends the late message. Nothing but the trace listens to the page.
import { tellingOnLoad, type Lab } from "./beacon-lab.ts";
import type { RawBrowser, TraceEvent } from "../browsers/raw-chromium.ts";

/** CPU time of one page's main thread: its snippet, its last event if it had one, and work that is always the same. */
export type PageCost = {
  readonly earlyMs: number;
  readonly lateMs: number | undefined;
  readonly workMs: number;
};

type Visits = {
  readonly name: string;
  /** Pages of one site, one after the other in one tab. The first has its renderer to itself. */
  readonly pages: number;
  /** How often the browser is to slow its main threads down; 1 for full speed. */
  readonly slowDown: number;
  /** A script in the snippet's place. */
  readonly instead?: string;
};

const filler = `/*${"-".repeat(2_400)}*/`;
const message = `{ method: "POST", body: "-".repeat(450), keepalive: true, credentials: "omit", mode: "no-cors" }`;
const to = `"http://localhost:" + location.port + "/nothing"`;

/** Scripts of equal size: one that does nothing, and two that send as much and no more, at once or at the end. */
export const bareScripts = {
  nothing: filler,
  fetch: `fetch(${to}, ${message}).catch(() => {});${filler}`,
  sendBeacon: `addEventListener("visibilitychange", () => navigator.sendBeacon(${to}, "-".repeat(480)));${filler}`,
} as const;

const work = `for (let n = 0, x = 1; n < 3e6; n++) x = (x * 1103515245 + 12345) & 0x7fffffff;`;
const body = `${"<section><h2>Section</h2><p>Words</p></section>".repeat(200)}
  ${Array.from({ length: 60 }, (_, n) => `<img src="/pixel/${n}" width="9" height="9">`).join("")}`;

/** Visits pages that the browser has not seen; a browser has one tab at a time. */
export async function costsOf(
  browser: RawBrowser,
  lab: Lab,
  { name, pages, slowDown, instead }: Visits,
): Promise<readonly PageCost[]> {
  const tab = await browser.open({ newWindow: true });
  await tab.send("Emulation.setCPUThrottlingRate", { rate: slowDown });
  const names = Array.from({ length: pages }, (_, at) => `${name}-${at}`);
  const stop = await browser.trace();
  for (const each of names) {
    const head = `<script>${work}${tellingOnLoad(each)}</script>`;
    const page = { head, body, ...(instead !== undefined && { instead }) };
    await tab.send("Page.navigate", { url: lab.put(each, page) });
    await lab.heard(each);
  }
  await tab.send("Page.navigate", { url: "about:blank" });
  if (instead === undefined) for (const each of names) await lab.until(each, 2);
  const events = await stop();
  await browser.send("Target.closeTarget", { targetId: tab.targetId });
  return names.map((each) => costIn(events, each));
}

function costIn(events: readonly TraceEvent[], name: string): PageCost {
  const evaluated = (path: string): TraceEvent | undefined =>
    events.find(
      ({ name: kind, args }) => kind === "EvaluateScript" && args?.data?.url?.endsWith(path),
    );
  const early = evaluated(`/js/${name}.js`);
  const fixed = evaluated(`/page/${name}`);
  if (early === undefined || fixed === undefined) throw new Error(`no trace of ${name}`);
  const next = events.find(
    ({ name: kind, ts, args }) =>
      kind === "EvaluateScript" && ts > early.ts && args?.data?.url?.includes("/page/"),
  );
  // Blank pages that come and go have such events too, and nobody who listens.
  const [late] = events
    .filter(({ ts, args }) => args?.data?.type === "visibilitychange" && ts > early.ts)
    .filter(({ ts }) => ts < (next?.ts ?? Infinity))
    .sort((a, b) => (b.tdur ?? 0) - (a.tdur ?? 0));
  return { earlyMs: cpuMs(early), lateMs: late && cpuMs(late), workMs: cpuMs(fixed) };
}

function cpuMs({ tdur = Number.NaN }: TraceEvent): number {
  return tdur / 1_000;
}
