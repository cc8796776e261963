// Of what the slowest interaction was made: waiting, handlers, painting, and whose
// script ran longest meanwhile. Handlers of one frame belong together, as a click's
// are not those of the pointer that made it.
import {
  lateInpInputDelay,
  lateInpInteractionTarget,
  lateInpInteractionType,
  lateInpPresentationDelay,
  lateInpProcessingDuration,
} from "#rum/positions.ts";
import type { INPMetric } from "web-vitals";
import { blame } from "./main-thread.ts";
import { observe } from "./observe.ts";
import type { LateRow } from "./page-view.ts";
import { selectorOf } from "./selector.ts";

/** Events of one frame: durations are rounded to 8 ms, and so is when they were shown. */
type Frame = { readonly shownMs: number; beganMs: number; handledMs: number };

const sameFrameMs = 8;
const mostFrames = 50;
const frames: Frame[] = [];

/** INP of each view, by its row. */
export const slowest = new WeakMap<LateRow, INPMetric>();

/** Watches events that took long enough to be told of. */
export const watchInteractions = (): void => {
  observe("event", (event) => {
    const { processingStart, processingEnd } = event;
    const frame = frameOf(event);
    if (!frame) {
      const shownMs = event.startTime + event.duration;
      frames.push({ shownMs, beganMs: processingStart, handledMs: processingEnd });
      if (frames.length > mostFrames) frames.shift();
      return;
    }
    frame.beganMs = Math.min(frame.beganMs, processingStart);
    frame.handledMs = Math.max(frame.handledMs, processingEnd);
  });
};

const frameOf = ({ startTime, duration }: PerformanceEventTiming): Frame | undefined =>
  frames.find(({ shownMs }) => Math.abs(startTime + duration - shownMs) <= sameFrameMs);

/** Puts the parts of a row's slowest interaction beside its INP. */
export const writeInteraction = (row: LateRow): void => {
  const { value = 0, entries = [] } = slowest.get(row) ?? {};
  const [first] = entries;
  if (!first) return;
  const { startTime } = first;
  const { beganMs = first.processingStart, handledMs = first.processingEnd } = frameOf(first) ?? {};
  const began = Math.max(beganMs, startTime);
  const shown = Math.max(startTime + value, began);
  const handled = Math.min(handledMs, shown);
  row[lateInpInputDelay] = began - startTime;
  row[lateInpProcessingDuration] = handled - began;
  row[lateInpPresentationDelay] = shown - handled;
  row[lateInpInteractionTarget] = selectorOf(entries.find(({ target }) => target)?.target);
  row[lateInpInteractionType] = first.name.startsWith("key") ? "keyboard" : "pointer";
  blame(row, startTime, shown);
};
