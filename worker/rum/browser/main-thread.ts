// What kept the main thread busy: long tasks, long animation frames and whose scripts
// ran in them.
import {
  earlyNavActivationStart,
  lateFcpValue,
  lateInpLongestScriptHost,
  lateInpLongestScriptMs,
  lateLoafBlockingMs,
  lateLoafCount,
  lateLoafMaxMs,
  lateLoafOwnMs,
  lateLoafScriptMs,
  lateLoafStyleLayoutMs,
  lateLongtaskCount,
  lateLongtaskTotalMs,
  lateSnippetCompileMs,
  lateSnippetForcedLayoutMs,
  lateTbtValue,
} from "#rum/positions.ts";
import { hostOf } from "./guard.ts";
import { blockedBy } from "./neighbours.ts";
import { observe } from "./observe.ts";
import { current, type LateRow, type PageView } from "./page-view.ts";
import { remember } from "./recent.ts";

/** The first ones: those until the page is loaded count. */
const mostTasks = 200;

const frames: PerformanceLongAnimationFrameTiming[] = [];
const tasks: PerformanceEntry[] = [];

/** Adds to a sum of the shown view. */
const add = (at: NumberAt, ms: number): void => {
  current.row[at]! += ms;
};

type NumberAt =
  | typeof lateLoafCount
  | typeof lateSnippetForcedLayoutMs
  | typeof lateLoafMaxMs
  | typeof lateLoafBlockingMs
  | typeof lateLoafScriptMs
  | typeof lateLoafStyleLayoutMs
  | typeof lateLoafOwnMs
  | typeof lateLongtaskCount
  | typeof lateLongtaskTotalMs;

/** Watches both; `source` is the snippet's URL. */
export const watchMainThread = (source: string): void => {
  observe(
    "longtask",
    (task) => {
      add(lateLongtaskCount, 1);
      add(lateLongtaskTotalMs, task.duration);
      if (tasks.length < mostTasks) tasks.push(task);
    },
    ({ row }) => row.fill(0, lateLongtaskCount, lateLongtaskTotalMs + 1),
  );
  observe(
    "long-animation-frame",
    (frame) => {
      const { startTime, duration, styleAndLayoutStart } = frame;
      add(lateLoafCount, 1);
      current.row[lateLoafMaxMs] = Math.max(current.row[lateLoafMaxMs]!, duration);
      add(lateLoafBlockingMs, frame.blockingDuration);
      if (styleAndLayoutStart) {
        add(lateLoafStyleLayoutMs, startTime + duration - styleAndLayoutStart);
      }
      for (const script of frame.scripts) takeScript(script, source);
      remember(frames, frame);
    },
    ({ row }) => {
      row.fill(0, lateLoafCount, lateLoafOwnMs + 1);
      row[lateSnippetForcedLayoutMs] = 0;
    },
  );
};

const takeScript = (script: PerformanceScriptTiming, source: string): void => {
  const { duration, sourceURL } = script;
  add(lateLoafScriptMs, duration);
  if (sourceURL === source) {
    add(lateLoafOwnMs, duration);
    add(lateSnippetForcedLayoutMs, script.forcedStyleAndLayoutDuration);
    if (script.invokerType === "classic-script") {
      current.row[lateSnippetCompileMs] = script.executionStart - script.startTime;
    }
  } else blockedBy(sourceURL, duration);
};

/** Names whose script ran longest since an interaction began, in the frames that it was handled in. */
export const blame = (row: LateRow, startMs: number, handledMs: number): void => {
  let longestMs = 0;
  for (const frame of frames) {
    if (frame.startTime + frame.duration < startMs || frame.startTime > handledMs) continue;
    for (const { startTime, duration, sourceURL } of frame.scripts) {
      const ms = startTime + duration - Math.max(startTime, startMs);
      if (ms > longestMs) {
        row[lateInpLongestScriptMs] = longestMs = ms;
        row[lateInpLongestScriptHost] = hostOf(sourceURL);
      }
    }
  }
};

/** Total Blocking Time, as Lighthouse has it: from First Contentful Paint to `loadedMs`. */
export const writeTbt = ({ row, early }: PageView, loadedMs: number): void => {
  const fcpMs = row[lateFcpValue];
  if (fcpMs == null || row[lateLongtaskCount] == null) return;
  const paintedMs = fcpMs + ((early[earlyNavActivationStart] as number | null) ?? 0);
  row[lateTbtValue] = 0;
  for (const { startTime, duration } of tasks) {
    const endMs = Math.min(startTime + duration, loadedMs);
    row[lateTbtValue] += Math.max(0, endMs - Math.max(startTime, paintedMs) - 50);
  }
};
