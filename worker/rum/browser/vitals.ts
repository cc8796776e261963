// The Core Web Vitals as `web-vitals` has them, and what they are made of.
import {
  lateClsLargestShiftTarget,
  lateClsLargestShiftTime,
  lateClsValue,
  lateFcpValue,
  lateLcpElement,
  lateLcpElementRenderDelay,
  lateLcpResourceLoadDelay,
  lateLcpResourceLoadDuration,
  lateLcpUrlDomain,
  lateLcpValue,
} from "#rum/positions.ts";
import {
  onCLS,
  onFCP,
  onINP,
  onLCP,
  type CLSMetric,
  type LCPMetric,
  type Metric,
} from "web-vitals";
import { guarded, hostOf } from "./guard.ts";
import { writeInp } from "./interactions.ts";
import { fetchedFor } from "./neighbours.ts";
import { observe } from "./observe.ts";
import { current, viewFrom, type LateRow } from "./page-view.ts";
import { selectorOf } from "./selector.ts";

/** What shifted, by entry: it may be gone when the shift turns out to be the largest. */
const shifted = new WeakMap<LayoutShift, string | undefined>();

/**
 * Watches all four, for every view of the document. Calls back when a soft navigation
 * has begun a view that is not known yet: its first metric is how one hears of it.
 */
export const watchVitals = (onSoftNavigation: (startMs: number) => void): void => {
  const into = <M extends Metric>(write: (row: LateRow, metric: M) => void) =>
    guarded((metric: M): void => {
      const { navigationType, navigationStartTime = 0 } = metric;
      if (navigationType === "soft-navigation" && !viewFrom(navigationStartTime)) {
        onSoftNavigation(navigationStartTime);
      }
      write((viewFrom(navigationStartTime) ?? current).row, metric);
    });
  const options = { reportAllChanges: true, reportSoftNavs: true };
  onFCP(
    into((row, { value }) => {
      row[lateFcpValue] = value;
    }),
    options,
  );
  onLCP(into(writeLcp), options);
  observe("layout-shift", noteShifted);
  onCLS(into(writeCls), options);
  onINP(into(writeInp), options);
};

// As web-vitals divides it: each part ends where the next begins, none before the first
// byte. What had no resource to load has no parts of loading.
const writeLcp = (row: LateRow, metric: LCPMetric): void => {
  const { value, navigationType, navigationStartTime = 0 } = metric;
  row[lateLcpValue] = value;
  const [entry] = metric.entries;
  if (!entry) return;
  const { url } = entry;
  // Of an element that is gone the entry itself still knows the id.
  row[lateLcpElement] = selectorOf(entry.element ?? (entry as unknown as Node));
  row[lateLcpUrlDomain] = hostOf(url);
  row.fill(undefined, lateLcpResourceLoadDelay, lateLcpElementRenderDelay + 1);
  let startMs = navigationStartTime;
  let firstByteMs = 0;
  if (navigationType !== "soft-navigation") {
    const [page] = performance.getEntriesByType("navigation");
    if (!page || page.responseStart <= 0) return;
    startMs = page.activationStart ?? 0;
    firstByteMs = Math.max(page.responseStart - startMs, 0);
  }
  const resource = url && fetchedFor(url, entry.startTime);
  if (resource) {
    const { requestStart, startTime, responseEnd } = resource;
    const requestedMs = Math.max(firstByteMs, (requestStart || startTime) - startMs);
    const loadedMs = Math.min(value, Math.max(requestedMs, responseEnd - startMs));
    row[lateLcpResourceLoadDelay] = requestedMs - firstByteMs;
    row[lateLcpResourceLoadDuration] = loadedMs - requestedMs;
    row[lateLcpElementRenderDelay] = value - loadedMs;
    // A resource that no browser tells of any more is no part of the render.
  } else if (!hostOf(url)) row[lateLcpElementRenderDelay] = value - firstByteMs;
};

const noteShifted = (shift: LayoutShift): void => {
  if (shifted.has(shift)) return;
  const source = shift.sources.find(({ node }) => node?.nodeType === 1) ?? shift.sources[0];
  shifted.set(shift, selectorOf(source?.node));
};

const writeCls = (row: LateRow, { value, entries }: CLSMetric): void => {
  row[lateClsValue] = value;
  let largest: LayoutShift | undefined;
  for (const entry of entries) if (!largest || entry.value >= largest.value) largest = entry;
  if (!largest) return;
  noteShifted(largest);
  row[lateClsLargestShiftTime] = largest.startTime;
  row[lateClsLargestShiftTarget] = shifted.get(largest);
};
