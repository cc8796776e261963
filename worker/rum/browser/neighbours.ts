// Who else is on the page: hosts beside the page's own and the snippet's, with how
// much each fetched and how long its scripts ran. Hosts alone, never paths.
import {
  lateBeaconNeighbours,
  lateResourceBufferFull,
  lateResourceCount,
  lateTpBlockingScripts,
  lateTpBytes,
  lateTpOpaqueCount,
  lateTpScriptCount,
} from "#rum/positions.ts";
import { guarded, hostOf } from "./guard.ts";
import { observe } from "./observe.ts";
import { current, type PageView } from "./page-view.ts";
import { remember } from "./recent.ts";

type Sums = { scripts: number; bytes: number; blockingMs: number };

const mostHosts = 200;
const mostSent = 20;
/** Entries that browsers keep unless the page asks for more. */
const usualBuffer = 250;
let hosts = new Map<string, Sums>();
let ours: readonly (string | undefined)[];
/** The last resources, as the browser's own buffer may be full. */
const recent: PerformanceResourceTiming[] = [];

const sumsOf = (host: string): Sums | undefined => {
  let sums = hosts.get(host);
  if (!sums && hosts.size < mostHosts) {
    sums = { scripts: 0, bytes: 0, blockingMs: 0 };
    hosts.set(host, sums);
  }
  return sums;
};

/** The host of a third party's URL; undefined for the page's own and the snippet's. */
const otherOf = (url: string): string | undefined => {
  const host = hostOf(url);
  return ours.includes(host) ? undefined : host;
};

/** Adds time that a script ran in a long animation frame. */
export const blockedBy = (url: string, ms: number): void => {
  const host = otherOf(url);
  const sums = host && sumsOf(host);
  if (sums) sums.blockingMs += ms;
};

/** Watches resources; `source` is the snippet's URL. */
export const watchNeighbours = (source: string): void => {
  ours = [location.host, hostOf(source)];
  observe("resource", take, ({ row }) => {
    hosts = new Map();
    row.fill(0, lateTpScriptCount, lateTpBytes + 1);
    row[lateResourceCount] = 0;
    if ("renderBlockingStatus" in PerformanceResourceTiming.prototype) {
      row[lateTpBlockingScripts] = 0;
    }
    // Where it may have run over before anybody listened, nobody can say.
    if (performance.getEntriesByType("resource").length < usualBuffer) {
      row[lateResourceBufferFull] = false;
    }
  });
  performance.addEventListener(
    "resourcetimingbufferfull",
    guarded((): void => {
      current.row[lateResourceBufferFull] = true;
    }),
  );
};

const take = (entry: PerformanceResourceTiming): void => {
  const { row } = current;
  row[lateResourceCount]! += 1;
  remember(recent, entry);
  const host = otherOf(entry.name);
  if (!host) return;
  const sums = sumsOf(host);
  // Without a body's size none of the sizes is to be believed, as they stand for
  // "not told" too. Until somebody tells, the sum is not known.
  const bytes = entry.decodedBodySize ? entry.transferSize : undefined;
  if (bytes == null) {
    row[lateTpOpaqueCount]! += 1;
    row[lateTpBytes] ||= undefined;
  } else {
    row[lateTpBytes] = (row[lateTpBytes] ?? 0) + bytes;
    if (sums) sums.bytes += bytes;
  }
  if (entry.initiatorType !== "script") return;
  row[lateTpScriptCount]! += 1;
  if (sums) sums.scripts += 1;
  if (entry.renderBlockingStatus === "blocking") row[lateTpBlockingScripts]! += 1;
};

/** The fetch that a paint at `paintedMs` shows: the last of that URL that had begun. */
export const fetchedFor = (url: string, paintedMs: number): PerformanceResourceTiming | undefined =>
  [...performance.getEntriesByType("resource"), ...recent].findLast(
    (entry) => entry.name === url && (entry.requestStart || entry.startTime) <= paintedMs,
  );

/** Puts the busiest hosts into a row. */
export const writeNeighbours = ({ row }: PageView): void => {
  if (row[lateResourceCount] == null) return;
  row[lateBeaconNeighbours] = [...hosts]
    .sort(([, a], [, b]) => b.blockingMs - a.blockingMs || b.bytes - a.bytes)
    .slice(0, mostSent)
    .map(([host, { scripts, bytes, blockingMs }]) => [host, scripts, bytes, blockingMs]);
};
