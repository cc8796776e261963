// What kept the main thread busy: long tasks, long animation frames and whose scripts
// ran in them.
import {
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
import { current, onBegin, type LateRow } from "./page-view.ts";

/** Long enough a memory for one slow interaction. */
const mostScripts = 100;
const mostTasks = 200;

const scripts: PerformanceScriptTiming[] = [];
const tasks: PerformanceEntry[] = [];

/** Adds to a sum of the shown view. */
const add = (at: NumberAt, ms: number): void => {
  current.row[at] = (current.row[at] ?? 0) + ms;
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

const zeros = (...positions: NumberAt[]): void =>
  onBegin((row) => {
    for (const at of positions) row[at] = 0;
  });

/** Watches both; `source` is the snippet's URL. */
export const watchMainThread = (source: string): void => {
  const hasTasks = observe("longtask", (task) => {
    add(lateLongtaskCount, 1);
    add(lateLongtaskTotalMs, task.duration);
    if (tasks.length < mostTasks) tasks.push(task);
  });
  if (hasTasks) zeros(lateLongtaskCount, lateLongtaskTotalMs);
  const hasFrames = observe("long-animation-frame", (frame) => {
    add(lateLoafCount, 1);
    current.row[lateLoafMaxMs] = Math.max(current.row[lateLoafMaxMs] ?? 0, frame.duration);
    add(lateLoafBlockingMs, frame.blockingDuration);
    if (frame.styleAndLayoutStart) {
      add(lateLoafStyleLayoutMs, frame.startTime + frame.duration - frame.styleAndLayoutStart);
    }
    for (const script of frame.scripts) takeScript(script, source);
  });
  if (hasFrames) {
    zeros(
      lateLoafCount,
      lateLoafMaxMs,
      lateLoafBlockingMs,
      lateLoafScriptMs,
      lateLoafStyleLayoutMs,
      lateLoafOwnMs,
      lateSnippetForcedLayoutMs,
    );
  }
};

const takeScript = (script: PerformanceScriptTiming, source: string): void => {
  const { duration, sourceURL, invokerType, forcedStyleAndLayoutDuration } = script;
  add(lateLoafScriptMs, duration);
  if (sourceURL === source) {
    add(lateLoafOwnMs, duration);
    add(lateSnippetForcedLayoutMs, forcedStyleAndLayoutDuration);
    if (invokerType === "classic-script") {
      current.row[lateSnippetCompileMs] = script.executionStart - script.startTime;
    }
  } else blockedBy(hostOf(sourceURL), duration);
  scripts.push(script);
  if (scripts.length > mostScripts) scripts.shift();
};

/** Names whose script ran longest in an interaction. */
export const blame = (row: LateRow, startMs: number, endMs: number): void => {
  row[lateInpLongestScriptMs] = row[lateInpLongestScriptHost] = undefined;
  for (const script of scripts) {
    const { startTime, duration, sourceURL } = script;
    const ms = Math.min(startTime + duration, endMs) - Math.max(startTime, startMs);
    if (ms > (row[lateInpLongestScriptMs] ?? 0)) {
      row[lateInpLongestScriptMs] = ms;
      row[lateInpLongestScriptHost] = hostOf(sourceURL);
    }
  }
};

/** Total Blocking Time, from First Contentful Paint to `loadedMs`. */
export const writeTbt = (row: LateRow, loadedMs: number): void => {
  const paintedMs = row[lateFcpValue];
  if (paintedMs == null || row[lateLongtaskCount] == null) return;
  let blockedMs = 0;
  for (const { startTime, duration } of tasks) {
    if (startTime + duration > paintedMs && startTime < loadedMs) {
      blockedMs += Math.max(0, duration - 50);
    }
  }
  row[lateTbtValue] = blockedMs;
};
