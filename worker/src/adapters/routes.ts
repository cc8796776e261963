// Routes of URLs that were asked for before. A CDN is asked for the same few URLs over
// and over: to find one again costs less than to take it apart.
import { Lru } from "#base/lru.ts";
import { routeOf, type Route } from "#src/delivery/route.ts";

const mostUrls = 4_096;
// Longer ones are somebody's experiment, and not worth a place.
const longestUrl = 256;

/** Bounded; remembers URLs that lead somewhere. */
export class Routes {
  readonly #beaconPaths: readonly string[];
  readonly #known = new Lru<Route>(mostUrls);

  /** @param beaconPaths paths that beacons are sent to, each with a slash at its end. */
  constructor(beaconPaths: readonly string[]) {
    this.#beaconPaths = beaconPaths;
  }

  /** As `routeOf`; the same object for the same URL, as long as it is remembered. */
  of(url: string): Route {
    const known = this.#known.get(url);
    if (known !== undefined) return known;
    const route = routeOf(url, this.#beaconPaths);
    if (route.name !== "none" && url.length <= longestUrl) this.#known.set(url, route);
    return route;
  }
}
