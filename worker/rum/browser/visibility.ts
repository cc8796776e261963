// For how long the shown view was seen, and when it was first hidden.
import {
  earlyPageVisibilityAtStart,
  latePageFirstHidden,
  latePageVisibleMs,
} from "#rum/positions.ts";
import { current, onBegin } from "./page-view.ts";

/** Since when it is visible and not yet counted; undefined while it is hidden. */
let visibleSince: number | undefined;

/** Takes up what happened before the collector came, and begins every later view. */
export const watchVisibility = (): void => {
  onBegin(({ row, index, early }) => {
    row[latePageVisibleMs] = 0;
    visibleSince = undefined;
    const [page] = performance.getEntriesByType("navigation");
    const startMs = index ? performance.now() : (page?.activationStart ?? 0);
    const changes = performance
      .getEntriesByType("visibility-state")
      .filter(({ startTime }) => startTime >= startMs);
    // Browsers that keep no such record are asked twice: by the early part, and now.
    if (!changes[0]) noteVisibility(early[earlyPageVisibilityAtStart] as string, startMs);
    for (const { name, startTime } of changes) noteVisibility(name, startTime);
    noteVisibility(document.visibilityState, performance.now());
  });
};

/** Notes that the page is hidden, or no longer, from `atMs` on. */
export const noteVisibility = (state: string, atMs: number): void => {
  countVisible(atMs);
  if (state === "hidden") {
    visibleSince = undefined;
    current.row[latePageFirstHidden] ??= atMs;
  } else visibleSince ??= atMs;
};

/** Counts the time until `atMs`. */
export const countVisible = (atMs: number): void => {
  if (visibleSince === undefined) return;
  current.row[latePageVisibleMs]! += atMs - visibleSince;
  visibleSince = atMs;
};
