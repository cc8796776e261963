// The Core Web Vitals as `web-vitals` has them, and what they are made of.
import {
  lateClsLargestShiftTarget,
  lateClsLargestShiftTime,
  lateClsValue,
  lateFcpValue,
  lateInpValue,
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
import { slowest } from "./interactions.ts";
import { current, viewFrom, type LateRow } from "./page-view.ts";
import { selectorOf } from "./selector.ts";

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
  onCLS(into(writeCls), options);
  onINP(
    into((row, metric) => {
      row[lateInpValue] = metric.value;
      slowest.set(row, metric);
    }),
    options,
  );
};

const writeLcp = (row: LateRow, { value, entries: [entry] }: LCPMetric): void => {
  row[lateLcpValue] = value;
  if (!entry) return;
  row[lateLcpElement] = selectorOf(entry.element);
  row[lateLcpUrlDomain] = hostOf(entry.url);
  const [page] = performance.getEntriesByType("navigation");
  if (!page || entry.url === "") return;
  const resource = performance.getEntriesByName(entry.url)[0] as
    | PerformanceResourceTiming
    | undefined;
  if (!resource) return;
  // As web-vitals divides it: each part ends where the next begins, none before the first byte.
  const activation = page.activationStart ?? 0;
  const firstByte = Math.max(page.responseStart - activation, 0);
  const requested = Math.max(firstByte, (resource.requestStart || resource.startTime) - activation);
  const loaded = Math.min(value, Math.max(requested, resource.responseEnd - activation));
  row[lateLcpResourceLoadDelay] = requested - firstByte;
  row[lateLcpResourceLoadDuration] = loaded - requested;
  row[lateLcpElementRenderDelay] = value - loaded;
};

const writeCls = (row: LateRow, { value, entries }: CLSMetric): void => {
  row[lateClsValue] = value;
  let largest: LayoutShift | undefined;
  for (const entry of entries) if (!largest || entry.value > largest.value) largest = entry;
  if (!largest) return;
  row[lateClsLargestShiftTime] = largest.startTime;
  row[lateClsLargestShiftTarget] = selectorOf(largest.sources?.find(({ node }) => node)?.node);
};
