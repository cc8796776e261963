// The page as it is when a late beacon is made: how it came (Navigation Timing), how
// large it is now, and how much memory it takes.
import {
  lateDomNodes,
  lateInteractionCount,
  lateMemoryUsedJsHeap,
  lateNavDclEnd,
  lateNavDeliveryType,
  lateNavDomInteractive,
  lateNavFirstInterim,
  lateNavLoadEnd,
  lateNavServerTiming,
  lateNavTiming,
  lateNavTransferSize,
  latePageNotRestoredReasons,
} from "#rum/positions.ts";
import { writeTbt } from "./main-thread.ts";
import { onBegin, type PageView } from "./page-view.ts";

let interactionsBefore = 0;

/** Begins every view's counts. */
export const countInteractions = (): void => {
  onBegin(({ index }) => {
    if (index) interactionsBefore = performance.interactionCount ?? 0;
  });
};

/** Puts what can be said of the page now into a row; asks for no layout. */
export const writePage = (view: PageView): void => {
  const { row, index } = view;
  const count: unknown = performance.interactionCount;
  if (typeof count === "number") row[lateInteractionCount] = count - interactionsBefore;
  row[lateMemoryUsedJsHeap] = performance.memory?.usedJSHeapSize;
  row[lateDomNodes] = document.getElementsByTagName("*").length;
  if (!index) writeNavigation(view);
};

const writeNavigation = (view: PageView): void => {
  const { row } = view;
  const [page] = performance.getEntriesByType("navigation");
  if (!page) return;
  row[lateNavTiming] = [
    page.startTime,
    page.redirectStart,
    page.redirectEnd,
    page.domainLookupStart,
    page.domainLookupEnd,
    page.connectStart,
    page.secureConnectionStart,
    page.connectEnd,
    page.requestStart,
    page.responseStart,
    page.responseEnd,
  ];
  // Zero stands for what has not happened.
  row[lateNavFirstInterim] = page.firstInterimResponseStart || null;
  row[lateNavDomInteractive] = page.domInteractive || null;
  row[lateNavDclEnd] = page.domContentLoadedEventEnd || null;
  row[lateNavLoadEnd] = page.loadEventEnd || null;
  row[lateNavTransferSize] = page.decodedBodySize ? page.transferSize : undefined;
  row[lateNavDeliveryType] = page.deliveryType;
  row[lateNavServerTiming] = page.serverTiming
    ?.slice(0, 3)
    .map(({ name, duration }) => `${name.slice(0, 50)};${duration}`);
  row[latePageNotRestoredReasons] = page.notRestoredReasons?.reasons
    ?.slice(0, 10)
    .map(({ reason }) => reason);
  writeTbt(view, page.loadEventEnd || Infinity);
};
