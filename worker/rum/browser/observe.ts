// Performance entries as they come, those from before included.
import { guarded } from "./guard.ts";
import type { EntryOf } from "./platform.ts";

const waiting: (() => void)[] = [];

/** Takes each entry of a type; false where the browser has none such. */
export const observe = <K extends keyof EntryOf>(
  type: K,
  take: (entry: EntryOf[K]) => void,
): boolean => {
  try {
    if (!PerformanceObserver.supportedEntryTypes.includes(type)) return false;
    const each = guarded((entries: PerformanceEntryList) => {
      for (const entry of entries) take(entry as EntryOf[K]);
    });
    const observer = new PerformanceObserver((list) => each(list.getEntries()));
    // The threshold is that of events alone, and as web-vitals has it.
    observer.observe({ type, buffered: true, durationThreshold: 40 });
    waiting.push(() => each(observer.takeRecords()));
    return true;
  } catch {
    return false;
  }
};

/** Takes what browsers have queued and not delivered yet. */
export const takeWaiting = (): void => {
  for (const take of waiting) take();
};
