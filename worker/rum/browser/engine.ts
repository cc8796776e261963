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
import { guarded, omit } from "./guard.ts";
import type { Handover, Item, SpanItem } from "./handover.ts";
import { current, onBegin, type LateRow, type PageView } from "./page-view.ts";

const spans = new Map([
  ["config", lateSnippetSpanConfigMs],
  ["targeting", lateSnippetSpanTargetingMs],
  ["bucketing", lateSnippetSpanBucketingMs],
  ["apply", lateSnippetSpanApplyMs],
  ["async", lateSnippetAsyncMs],
] as const);

/** Until its element says that it was loaded, which is right after it ran. */
let running = true;
const mostNames = 20;
const nameForm = /^[\w.:-]{1,50}$/;
const flagForm = /^[\w.:/+@-]{1,129}$/;
let tracked = new Map<string, [times: number, sum: number | null]>();

/** Begins every view's counts. */
export const countTracked = (): void => {
  onBegin(() => {
    tracked = new Map();
  });
};

/** Sums up what waits since the last time; what is odd is left out alone. */
export const takeItems = ([, items, source, early]: Handover): void => {
  const take = guarded((item: Item): void => {
    if (!Array.isArray(item)) {
      const event = item as Event;
      if (event.type === "load") {
        running = false;
        writeRun(lateSnippetEvalMs, early[earlySnippetEvalStart] as number, event.timeStamp);
      } else takeError(event, running || (event as ErrorEvent).filename === source);
    } else if (typeof item[1] === "number") takeSpan(item as unknown as SpanItem);
    else takeTracked(item as unknown as Tracked);
  });
  for (const item of items.splice(0)) take(item);
};

const takeSpan = ([name, startMs, endMs, changes]: SpanItem): void => {
  const at = spans.get(name as "apply");
  if (!at || !(startMs >= 0 && startMs <= endMs)) return omit();
  writeRun(at, startMs, endMs);
  if (at !== lateSnippetSpanApplyMs) return;
  const { row } = current;
  row[lateSnippetFirstChange] = Math.min(row[lateSnippetFirstChange] ?? startMs, startMs);
  // As a listener the end of a span is given an event.
  const told = Number.isInteger(changes) && changes! >= 0 ? changes! : 1;
  row[lateSnippetChanges] = (row[lateSnippetChanges] ?? 0) + told;
};

const writeRun = (
  at: typeof lateSnippetEvalMs | (typeof spans extends Map<string, infer At> ? At : never),
  startMs: number,
  endMs: number,
): void => {
  const { row } = current;
  const ms = endMs - startMs;
  row[at] = (row[at] ?? 0) + ms;
  row[lateSnippetMaxTaskMs] = Math.max(row[lateSnippetMaxTaskMs] ?? 0, ms);
};

type Tracked = readonly [named: unknown, said?: { readonly value?: unknown }];

const takeTracked = ([named, said]: Tracked): void => {
  // Both may throw, as only the page knows what they are.
  const name = String(named);
  const value = said?.value;
  if (!nameForm.test(name) || (tracked.size >= mostNames && !tracked.has(name))) return omit();
  const [times, sum] = tracked.get(name) ?? [0, null];
  tracked.set(name, [times + 1, Number.isFinite(value) ? (sum ?? 0) + (value as number) : sum]);
};

/** Puts events, flags and marks into the shown view's row; what is odd is left out alone. */
export const writeEngine = ({ row }: PageView, [{ marks = [] }]: Handover): void => {
  row[lateBeaconEvents] = [...tracked].map(([name, [times, sum]]) => [name, times, sum]);
  writeFlags(row);
  const told: Mark[] = [];
  row[lateBeaconMarks] = told;
  for (const name of marks.slice(0, mostNames)) writeMark(told, name);
};

const writeFlags = guarded((row: LateRow): void => {
  const flags: unknown = self.aviary?.flags;
  if (flags === undefined) return;
  const told: string[] = [];
  row[lateFeatureFlagsActive] = told;
  for (const flag of (flags as unknown[]).slice(0, mostNames)) {
    if (typeof flag === "string" && flagForm.test(flag)) told.push(flag);
    else omit();
  }
  if ((flags as unknown[]).length > mostNames) omit();
});

type Mark = [name: string, value: string | number | boolean];

const writeMark = guarded((told: Mark[], name: string): void => {
  const mark = performance.getEntriesByName(name, "mark").at(-1) as PerformanceMark | undefined;
  if (!mark) return;
  const detail: unknown = mark.detail;
  const isText = typeof detail === "string";
  const isValue = isText || typeof detail === "boolean" || Number.isFinite(detail);
  const value = isText ? detail.slice(0, 256) : isValue ? detail : mark.startTime;
  told.push([name, value as Mark[1]]);
});
