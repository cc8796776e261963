// The arms of a page whose browser keeps `Server-Timing` of other origins to itself, as
// WebKit does: the snippet's own answer is in the browser's cache, and its header may be read.
import { earlyBeaconToken, earlyEdgeCacheStatus, lateBeaconToken } from "#rum/positions.ts";
import { current } from "./page-view.ts";

/** Puts the token into this document's rows, once the cache has answered. */
export const readToken = (source: string, early: unknown[]): void => {
  if (early[earlyEdgeCacheStatus]) return;
  // Whatever its age: what this page runs is what it is asked for.
  fetch(source, { cache: "force-cache" })
    .then((answer) => {
      // The token alone is quoted; where nothing is on trial there is none.
      current.row[lateBeaconToken] = early[earlyBeaconToken] = answer.headers
        .get("server-timing")!
        .split(`"`)[1] as string;
    })
    .catch(() => {});
};
