// What beacons carry that is no column: the server verifies it, sums it up or works
// columns out of it, and no sink ever sees it.
import { both, early, late } from "#rum/column.ts";
import { boolean, bytes, count, host, ms, shaped, text, tuple, tuples } from "#rum/kinds.ts";

/**
 * Timestamps of one Resource Timing or Navigation Timing entry, in ms since
 * `timeOrigin`; 0 where the browser does not tell.
 */
export type Timing = readonly [
  startTime: number,
  redirectStart: number,
  redirectEnd: number,
  domainLookupStart: number,
  domainLookupEnd: number,
  connectStart: number,
  secureConnectionStart: number,
  connectEnd: number,
  requestStart: number,
  responseStart: number,
  responseEnd: number,
];

/** A host beside ours; its blocking time is that in long animation frames. */
type Neighbour = readonly [host: string, scripts: number, bytes: number, blockingMs: number];

/** What the page tracked under a name, and the sum of the values given with it. */
type Tracked = readonly [name: string, times: number, sum: number | null];

/** One of the customer's marks. */
type Mark = readonly [name: string, value: string | number | boolean];

const tokenText = shaped(/^[\w.-]{1,512}$/, "a token, at most 512 characters");
// With `x.event.` and `.value` a key has 64 characters at most.
const name = shaped(/^[\w.:-]{1,50}$/, "a name, at most 50 characters");
const markText = text(256);

const nothing = shaped(/(?!)/, "no value");

const { read: at } = ms;
const timing = tuple<Timing>(
  [at, at, at, at, at, at, at, at, at, at, at],
  "startTime, redirectStart, redirectEnd, domainLookupStart, domainLookupEnd, connectStart, secureConnectionStart, connectEnd, requestStart, responseStart, responseEnd",
);
const neighbour = tuple<Neighbour>(
  [host.read, count.read, bytes.read, ms.read],
  "host, scripts, bytes, blocking ms",
);
const tracked = tuple<Tracked>([name.read, count.read, amountOrNull], "name, times, sum or null");
const mark = tuple<Mark>([name.read, markValue], "name, value");

export const carriedFields = {
  "beacon.token": both(9, tokenText, "The arms token, as `Server-Timing` gave it."),
  "beacon.webdriver": early(49, boolean, "`navigator.webdriver`."),
  "beacon.retired": early(22, nothing, "Retired: never filled, and given to no other column."),
  "snippet.timing": early(24, timing, "The snippet's Resource Timing; 0 for what is not told."),
  "nav.timing": late(24, timing, "The page's Navigation Timing."),
  "beacon.neighbours": late(60, tuples(neighbour, 20), "Hosts beside ours, busiest first."),
  "beacon.events": late(81, tuples(tracked, 20), "`x.event.<name>.count` and `.value`."),
  "beacon.marks": late(82, tuples(mark, 20), "`x.mark.<name>`."),
} as const;

function amount(value: unknown): number | undefined {
  return typeof value === "number" && Math.abs(value) <= 1e15 ? value + 0 : undefined;
}

function amountOrNull(value: unknown): number | null {
  return amount(value) ?? null;
}

function markValue(value: unknown): Mark[1] | undefined {
  return typeof value === "boolean" ? value : (markText.read(value) ?? amount(value));
}
