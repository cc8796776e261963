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
import { current, onBegin, type LateRow } from "./page-view.ts";

type Sums = { scripts: number; bytes: number; blockingMs: number };

const mostHosts = 200;
const mostSent = 20;
let hosts = new Map<string, Sums>();
let ours: readonly (string | undefined)[];

const sumsOf = (host: string): Sums | undefined => {
  if (ours.includes(host)) return undefined;
  let sums = hosts.get(host);
  if (!sums && hosts.size < mostHosts) {
    sums = { scripts: 0, bytes: 0, blockingMs: 0 };
    hosts.set(host, sums);
  }
  return sums;
};

/** Adds time that a script of a host ran in a long animation frame. */
export const blockedBy = (host: string | undefined, ms: number): void => {
  const sums = host && sumsOf(host);
  if (sums) sums.blockingMs += ms;
};

/** Watches resources; `source` is the snippet's URL. */
export const watchNeighbours = (source: string): void => {
  ours = [location.host, hostOf(source)];
  const watched = observe("resource", take);
  onBegin((row) => {
    hosts = new Map();
    if (!watched) return;
    row[lateResourceCount] = row[lateTpScriptCount] = row[lateTpOpaqueCount] = 0;
    row[lateTpBytes] = row[lateTpBlockingScripts] = 0;
    row[lateResourceBufferFull] = false;
  });
  performance.addEventListener("resourcetimingbufferfull", noteFull);
};

const noteFull = guarded((): void => {
  current.row[lateResourceBufferFull] = true;
});

const take = (entry: PerformanceResourceTiming): void => {
  const { row } = current;
  row[lateResourceCount]! += 1;
  const bytes = entry.transferSize;
  // What a cache had is no secret: its body has a size.
  if (!bytes && !entry.encodedBodySize && !entry.decodedBodySize) row[lateTpOpaqueCount]! += 1;
  const host = hostOf(entry.name);
  const sums = host && sumsOf(host);
  if (!host || ours.includes(host)) return;
  row[lateTpBytes]! += bytes || 0;
  if (sums) sums.bytes += bytes || 0;
  if (entry.initiatorType !== "script") return;
  row[lateTpScriptCount]! += 1;
  if (sums) sums.scripts += 1;
  if (entry.renderBlockingStatus === "blocking") row[lateTpBlockingScripts]! += 1;
};

/** Puts the busiest hosts into a row. */
export const writeNeighbours = (row: LateRow): void => {
  row[lateBeaconNeighbours] = [...hosts]
    .sort(([, a], [, b]) => b.blockingMs - a.blockingMs || b.bytes - a.bytes)
    .slice(0, mostSent)
    .map(([host, { scripts, bytes, blockingMs }]) => [host, scripts, bytes, blockingMs]);
};
