// Performance entries as they come, those from before included.
import { guarded } from "./guard.ts";
import { onBegin, type Beginner } from "./page-view.ts";
import type { EntryOf } from "./platform.ts";

const waiting: (() => void)[] = [];

/**
 * Takes each entry of a type, where the browser has such: `begin` is called for every
 * view there, and before the first entry, as WebKit delivers what it has while it is
 * being asked.
 */
export const observe = <K extends keyof EntryOf>(
  type: K,
  take: (entry: EntryOf[K]) => void,
  begin?: Beginner,
): void =>
  guarded((): void => {
    if (!PerformanceObserver.supportedEntryTypes.includes(type)) return;
    if (begin) onBegin(begin);
    const each = guarded(take);
    const takeAll = (entries: PerformanceEntryList): void => {
      for (const entry of entries) each(entry as EntryOf[K]);
    };
    const observer = new PerformanceObserver(guarded((list) => takeAll(list.getEntries())));
    // The threshold is that of events alone, and as web-vitals has it.
    observer.observe({ type, buffered: true, durationThreshold: 40 });
    waiting.push(() => takeAll(observer.takeRecords()));
  })();

/** Takes what browsers have queued and not delivered yet. */
export const takeWaiting = (): void => {
  for (const take of waiting) take();
};
