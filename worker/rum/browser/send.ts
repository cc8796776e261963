// Late beacons on their way: what has changed since the last one, as text, by
// `sendBeacon`, by a fetch that outlives the page where that is refused, or by
// `fetchLater`, which speaks for pages that no longer can.
import {
  lateBeaconEvents,
  lateBeaconMarks,
  lateBeaconNeighbours,
  lateClientClock,
  lateClientSentAt,
  lateClsValue,
  lateCspViolations,
  lateErrorCount,
  lateFeatureFlagsActive,
  lateInpValue,
  lateNavServerTiming,
  lateNavTiming,
  latePageNotRestoredReasons,
  lateRejectionCount,
  lateStitchLateSeq,
  lateStitchTransport,
} from "#rum/positions.ts";
import type { FetchLater } from "./platform.ts";
import { headLength, type PageView } from "./page-view.ts";

/** The longest text that any column takes. */
const mostChars = 512;
/** The server takes no more of one view. */
const mostBeacons = 15;
/** What makes one more beacon worth its while. */
const worthy = [
  lateClsValue,
  lateInpValue,
  lateErrorCount,
  lateRejectionCount,
  lateCspViolations,
  lateBeaconEvents,
];

let armed: AbortController | undefined;

/** How beacons travel: nothing that a server would have to allow first, and no cookies. */
export const post = (body: string): RequestInit => ({
  method: "POST",
  body,
  keepalive: true,
  credentials: "omit",
  mode: "no-cors",
});

/**
 * A row's text, position by position; a page's own `toJSON` of arrays has no say in it. Where
 * no list belongs a list is the page's, without end perhaps, and so is any object.
 */
export const textsOf = (row: readonly unknown[]): string[] =>
  Array.from(row, (value, at) => (lists.has(at) ? listOf(value) : textOf(value)));

const lists: ReadonlySet<number> = new Set([
  lateFeatureFlagsActive,
  lateNavTiming,
  lateNavServerTiming,
  lateBeaconNeighbours,
  latePageNotRestoredReasons,
  lateBeaconEvents,
  lateBeaconMarks,
]);

const listOf = (value: unknown): string =>
  Array.isArray(value) ? `[${Array.from(value, listOf).join()}]` : textOf(value);

const textOf = (value: unknown): string => {
  // A ten-thousandth of a millisecond, or of a layout shift, is exact enough.
  if (typeof value === "number") return JSON.stringify(+value.toFixed(4));
  if (typeof value === "string") return JSON.stringify(value.slice(0, mostChars));
  return value === Boolean(value) ? String(value) : "null";
};

const write = (view: PageView, transport: "sb" | "keepalive" | "fetchlater"): string[] => {
  const { row, sequence } = view;
  row[lateStitchLateSeq] = sequence + 1;
  row[lateClientSentAt] = performance.now();
  row[lateClientClock] = Date.now();
  row[lateStitchTransport] = transport;
  return textsOf(row);
};

const messageOf = ({ said }: PageView, texts: readonly string[]): string => {
  const news = texts.map((text, at) => (at >= headLength && text === said[at] ? "null" : text));
  return `[${news.join()}]`.replace(/(,null)+]$/, "]");
};

/** Whether anything has changed that one more beacon is worth. */
export const hasNews = ({ row, said }: PageView): boolean => {
  const texts = textsOf(row);
  return worthy.some((at) => texts[at] !== said[at]);
};

/** Sends a view's row, and then takes back what was armed: a page may end between the two. */
export const send = (view: PageView, to: string): void => {
  if (view.sequence < mostBeacons) {
    const texts = write(view, "sb");
    if (!beacon(to, messageOf(view, texts))) {
      fetch(to, post(messageOf(view, write(view, "keepalive")))).catch(() => {});
    }
    view.sequence += 1;
    view.said = texts;
  }
  disarm();
};

const beacon = (to: string, message: string): boolean => {
  try {
    return navigator.sendBeacon(to, message);
  } catch {
    // Missing, or somebody else's by now.
    return false;
  }
};

/** Leaves a view's row with the browser, which sends it when the page is gone. */
export const arm = (view: PageView, to: string): void => {
  disarm();
  const { fetchLater } = self as { fetchLater?: FetchLater };
  if (!fetchLater || view.sequence >= mostBeacons) return;
  armed = new AbortController();
  const message = messageOf(view, write(view, "fetchlater"));
  fetchLater(to, { ...post(message), signal: armed.signal });
};

const disarm = (): void => {
  armed?.abort();
  armed = undefined;
};
