// When late beacons go: at the first time that the page is hidden or 25 s after the
// early one, whichever comes first, and once more when there is news after that. A
// return from the bfcache and a soft navigation each begin a view of their own. There
// is no unload handler: it would keep the page out of the bfcache.
import {
  earlyClientSentAt,
  lateBeaconOmittedCount,
  latePageBfcacheRestores,
  latePageEndAt,
  latePageEndReason,
} from "#rum/positions.ts";
import { takeItems, writeEngine } from "./engine.ts";
import { guarded, listen } from "./guard.ts";
import type { Handover } from "./handover.ts";
import { writeLongest } from "./interactions.ts";
import { sendLaterEarly, type LaterStart } from "./later-view.ts";
import { writeNeighbours } from "./neighbours.ts";
import { takeWaiting } from "./observe.ts";
import { writePage } from "./page.ts";
import { beginView, current, type LateRow, type PageView } from "./page-view.ts";
import { arm, hasNews, send } from "./send.ts";
import { countVisible, noteVisibility } from "./visibility.ts";
import { watchVitals } from "./vitals.ts";

type Reason = NonNullable<LateRow[typeof latePageEndReason]>;

/** What is said of the page as it is; where one fails, the others speak. */
const writers = [writeEngine, writeNeighbours, writePage, writeLongest].map(guarded);
const lateAfterMs = 25_000;
/** Longest that `web-vitals` waits for an idle moment to settle a view that ended. */
const settleMs = 1_100;
const mostArmEveryMs = 60_000;

/** Everything that ends a view or begins the next. */
export const live = (handover: Handover): void => {
  const [config, , source, early] = handover;
  const to = new URL(config.to, source).href;
  let settling: PageView | undefined;
  let leaving = false;
  let mayStay = false;
  let restores = 0;
  let armAfterMs = 500;

  const complete = (reason: Reason): void => {
    const view = current;
    const { row } = view;
    // What was left out of the page's present state is counted anew.
    row[lateBeaconOmittedCount]! -= view.omitted;
    takeWaiting();
    takeItems(handover);
    const before = row[lateBeaconOmittedCount]!;
    for (const write of writers) write(view, handover);
    view.omitted = row[lateBeaconOmittedCount]! - before;
    countVisible(performance.now());
    row[latePageEndAt] = performance.now();
    row[latePageEndReason] = reason;
  };
  const settle = guarded((): void => {
    if (!settling) return;
    writeLongest(settling);
    send(settling, to);
    settling = undefined;
  });
  const timeOut = guarded((view: PageView): void => {
    if (view.sequence || view !== current) return;
    complete("timeout");
    send(view, to);
  });
  const armNow = guarded((): void => {
    if (document.visibilityState !== "visible") return;
    complete("fetchlater");
    arm(current, to);
  });
  const armOften = (): void => {
    armNow();
    setTimeout(armOften, armAfterMs);
    armAfterMs = Math.min(armAfterMs * 2, mostArmEveryMs);
  };
  const begin = (startMs: number, start: LaterStart): void => {
    const index = current.index + 1;
    beginView(startMs, sendLaterEarly(early, config, { index, start, to }));
    current.row[latePageBfcacheRestores] = restores;
    setTimeout(timeOut, lateAfterMs, current);
    armAfterMs = 500;
  };

  current.row[latePageBfcacheRestores] = 0;
  const sentAt = early[earlyClientSentAt] as number;
  setTimeout(timeOut, sentAt + lateAfterMs - performance.now(), current);

  const end = (reason: Reason): void => {
    settle();
    const { sequence } = current;
    const wasCut = mayStay || current.said[latePageEndReason] === '"timeout"';
    mayStay = false;
    complete(reason);
    if (!sequence || wasCut || hasNews(current)) send(current, to);
  };
  const onVisibility = (atMs: number): void => {
    const hidden = document.visibilityState === "hidden";
    noteVisibility(document.visibilityState, atMs);
    if (hidden) end(leaving ? "pagehide" : "hidden");
    else armNow();
  };
  listen("visibilitychange", ({ timeStamp }) => onVisibility(timeStamp));
  listen("pagehide", () => {
    leaving = true;
  });
  listen("pageshow", ({ persisted, timeStamp }) => {
    leaving = false;
    if (!persisted) return;
    restores += 1;
    begin(timeStamp, "back-forward-cache");
  });
  watchVitals((startMs) => {
    settle();
    complete("soft-nav");
    settling = current;
    setTimeout(settle, settleMs);
    begin(startMs, "soft-navigation");
  });
  // Hidden before the collector came: this is the first time that it can say so.
  if (document.visibilityState === "hidden") onVisibility(performance.now());
  armOften();
  // WebKit tells nothing else of the end of a page that was not loaded, and no feature
  // tells WebKit. The page may stay after all: then it speaks again.
  if (navigator.vendor.startsWith("Apple")) {
    listen("beforeunload", () => {
      if (document.readyState === "complete") return;
      end("pagehide");
      mayStay = true;
    });
  }
};
