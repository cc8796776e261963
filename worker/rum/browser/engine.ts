// What the engine and the page told us: spans, tracked events, the customer's flags
// and those of the page's marks whose names the customer listed.
import {
  earlySnippetEvalStart,
  lateBeaconEvents,
  lateBeaconMarks,
  lateFeatureFlagsActive,
  lateSnippetAsyncMs,
  lateSnippetChanges,
  lateSnippetEvalMs,
  lateSnippetFirstChange,
  lateSnippetMaxTaskMs,
  lateSnippetSpanApplyMs,
  lateSnippetSpanBucketingMs,
  lateSnippetSpanConfigMs,
  lateSnippetSpanTargetingMs,
} from "#rum/positions.ts";
import { takeError } from "./errors.ts";
import type { Handover } from "./handover.ts";
import { current, onBegin } from "./page-view.ts";

const spans = {
  config: lateSnippetSpanConfigMs,
  targeting: lateSnippetSpanTargetingMs,
  bucketing: lateSnippetSpanBucketingMs,
  apply: lateSnippetSpanApplyMs,
  async: lateSnippetAsyncMs,
} as const;

/** Until its element says that it was loaded, which is right after it ran. */
let running = true;
const mostNames = 20;
const nameForm = /^[\w.:-]{1,50}$/;
let tracked = new Map<string, [times: number, sum: number | null]>();

/** Begins every view's counts. */
export const countTracked = (): void => {
  onBegin(() => {
    tracked = new Map();
  });
};

/** Sums up what waits since the last time. */
export const takeItems = ([, items, source, early]: Handover): void => {
  for (const item of items.splice(0)) {
    if (!Array.isArray(item)) {
      const event = item as Event;
      const startMs = early[earlySnippetEvalStart] as number;
      if (event.type === "load") {
        running = false;
        writeRun(lateSnippetEvalMs, event.timeStamp - startMs);
      } else takeError(event, running || (event as ErrorEvent).filename === source);
    } else if (typeof item[1] === "number") takeSpan(item as unknown as Span);
    else takeTracked(item[0], item[1]);
  }
};

type Span = readonly [name: keyof typeof spans, startMs: number, endMs: number, changes?: number];

const takeSpan = ([name, startMs, endMs, changes = 1]: Span): void => {
  const at = spans[name];
  if (!at) return;
  writeRun(at, endMs - startMs);
  if (name !== "apply") return;
  const { row } = current;
  row[lateSnippetFirstChange] = Math.min(row[lateSnippetFirstChange] ?? startMs, startMs);
  row[lateSnippetChanges] = (row[lateSnippetChanges] ?? 0) + changes;
};

const writeRun = (
  at: (typeof spans)[keyof typeof spans] | typeof lateSnippetEvalMs,
  ms: number,
): void => {
  const { row } = current;
  row[at] = (row[at] ?? 0) + ms;
  row[lateSnippetMaxTaskMs] = Math.max(row[lateSnippetMaxTaskMs] ?? 0, ms);
};

const takeTracked = (name: string, said: { readonly value?: unknown } | undefined): void => {
  if (!nameForm.test(name) || (tracked.size >= mostNames && !tracked.has(name))) return;
  const [times, sum] = tracked.get(name) ?? [0, null];
  const value = said?.value;
  tracked.set(name, [times + 1, Number.isFinite(value) ? (sum ?? 0) + (value as number) : sum]);
};

/** Puts events, flags and marks into the shown view's row. */
export const writeEngine = ([config]: Handover): void => {
  const { row } = current;
  row[lateBeaconEvents] = [...tracked].map(([name, [times, sum]]) => [name, times, sum]);
  row[lateFeatureFlagsActive] = self.aviary.flags;
  const marks = config.marks ?? [];
  row[lateBeaconMarks] = marks.slice(0, mostNames).flatMap((name) => {
    const mark = performance.getEntriesByName(name, "mark").at(-1) as PerformanceMark | undefined;
    if (!mark) return [];
    const { detail } = mark;
    const told = typeof detail === "string" ? detail.slice(0, 256) : detail;
    return [[name, /^(st|n|b)/.test(typeof detail) ? told : mark.startTime] as [string, string]];
  });
};
