// For how long the shown view was seen, and when it was first hidden.
import { latePageFirstHidden, latePageVisibleMs } from "#rum/positions.ts";
import { current, onBegin } from "./page-view.ts";

/** Since when it is visible and not yet counted; undefined while it is hidden. */
let visibleSince: number | undefined;

/** Takes up what happened before the collector came, and begins every later view. */
export const watchVisibility = (): void => {
  onBegin((row, index) => {
    row[latePageVisibleMs] = 0;
    visibleSince = undefined;
    const [page] = performance.getEntriesByType("navigation");
    const startMs = index ? performance.now() : (page?.activationStart ?? 0);
    for (const { name, startTime } of performance.getEntriesByType("visibility-state")) {
      if (startTime >= startMs) noteVisibility(name, startTime);
    }
    noteVisibility(document.visibilityState, startMs);
  });
};

/** Notes that the page is visible, or no longer, from `atMs` on. */
export const noteVisibility = (state: string, atMs: number): void => {
  countVisible(atMs);
  if (state === "visible") visibleSince = atMs;
  else {
    visibleSince = undefined;
    current.row[latePageFirstHidden] ??= atMs;
  }
};

/** Counts the time until `atMs`. */
export const countVisible = (atMs: number): void => {
  // A page that was visible all along is noted twice, the second time for its start.
  if (visibleSince === undefined || atMs < visibleSince) return;
  current.row[latePageVisibleMs]! += atMs - visibleSince;
  visibleSince = atMs;
};
