// Of what the slowest interaction was made: waiting, handlers, painting, and whose
// script ran longest meanwhile. Handlers of one frame belong together, as a click's
// are not those of the pointer that made it. All as web-vitals divides it.
import {
  lateInpInputDelay,
  lateInpInteractionTarget,
  lateInpInteractionType,
  lateInpLongestScriptHost,
  lateInpLongestScriptMs,
  lateInpPresentationDelay,
  lateInpProcessingDuration,
  lateInpValue,
} from "#rum/positions.ts";
import type { INPMetric } from "web-vitals";
import { blame } from "./main-thread.ts";
import { observe, takeWaiting } from "./observe.ts";
import type { LateRow, PageView } from "./page-view.ts";
import { remember } from "./recent.ts";
import { selectorOf } from "./selector.ts";

/** Events of one frame: durations are rounded to 8 ms, and so is when they were shown. */
type Frame = { readonly shownMs: number; beganMs: number; handledMs: number };

const sameFrameMs = 8;
const frames: Frame[] = [];
const frameOf = new WeakMap<PerformanceEntry, Frame>();
/** What was touched, by interaction: its element may be gone when its INP is known. */
const targets: (readonly [interaction: number | undefined, target: string])[] = [];
/** From when to when a row's slowest interaction was handled. */
const slowest = new WeakMap<LateRow, readonly [startMs: number, handledMs: number]>();

/** Watches events that took long enough to be told of, and the first one. */
export const watchInteractions = (): void => {
  observe("event", take);
  observe("first-input", take);
};

const take = (event: PerformanceEventTiming): void => {
  const { startTime, duration, processingStart, processingEnd, interactionId } = event;
  const shownMs = startTime + duration;
  let frame = frames.findLast((each) => Math.abs(shownMs - each.shownMs) <= sameFrameMs);
  if (!frame) {
    frame = { shownMs, beganMs: processingStart, handledMs: processingEnd };
    remember(frames, frame);
  }
  frame.beganMs = Math.min(frame.beganMs, processingStart);
  frame.handledMs = Math.max(frame.handledMs, processingEnd);
  frameOf.set(event, frame);
  const target = interactionId && selectorOf(event.target);
  if (target && !targetOf(event)) remember(targets, [interactionId, target]);
};

/** The first that its events named. */
const targetOf = ({ interactionId }: PerformanceEventTiming): string | undefined =>
  targets.find(([interaction]) => interaction === interactionId)?.[1];

/** Puts INP and its parts into a row. */
export const writeInp = (row: LateRow, { value, entries: [first] }: INPMetric): void => {
  row[lateInpValue] = value;
  takeWaiting();
  // A view that began without a load may have interactions too short to be told of.
  const frame = first && frameOf.get(first);
  if (!frame) return;
  const { startTime } = first;
  const began = Math.max(frame.beganMs, startTime);
  const shown = Math.max(startTime + value, began);
  const handled = Math.min(frame.handledMs, shown);
  row[lateInpInputDelay] = began - startTime;
  row[lateInpProcessingDuration] = handled - began;
  row[lateInpPresentationDelay] = shown - handled;
  row[lateInpInteractionTarget] = targetOf(first);
  row[lateInpInteractionType] = first.name.startsWith("key") ? "keyboard" : "pointer";
  row[lateInpLongestScriptMs] = row[lateInpLongestScriptHost] = undefined;
  blame(row, startTime, handled);
  slowest.set(row, [startTime, handled]);
};

/** Names whose script ran longest, of which browsers may tell later than of the event. */
export const writeLongest = ({ row }: PageView): void => {
  const times = slowest.get(row);
  if (times) blame(row, ...times);
};
