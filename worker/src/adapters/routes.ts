// Routes of URLs that were asked for before. A CDN is asked for the same few URLs over
// and over: to find one again costs less than to take it apart.
import { Lru } from "#base/lru.ts";
import { routeOf, type Route } from "#src/delivery/route.ts";
import type { ControlPlace } from "./control-settings.ts";

const mostUrls = 4_096;
// Longer ones are somebody's experiment, and not worth a place.
const longestUrl = 256;

/** Bounded; remembers URLs that lead somewhere. */
export class Routes {
  readonly #beaconPaths: readonly string[];
  readonly #control: ControlPlace;
  readonly #known = new Lru<Route>(mostUrls);

  /** @param beaconPaths paths that beacons are sent to, each with a slash at its end. */
  constructor(beaconPaths: readonly string[], control: ControlPlace) {
    this.#beaconPaths = beaconPaths;
    this.#control = control;
  }

  /** As `routeOf`, where its host answers such; the same object for the same URL, as long as it is remembered. */
  of(url: string): Route {
    const known = this.#known.get(url);
    if (known !== undefined) return known;
    const route = onItsHost(routeOf(url, this.#beaconPaths), url, this.#control);
    if (route.name !== "none" && url.length <= longestUrl) this.#known.set(url, route);
    return route;
  }
}

const unknown = { name: "none", wantsScript: false } as const;
const loopback = /^(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])(?::\d{1,5})?$/;

/**
 * The control API answers on its own host alone, and that host answers nothing else. Without a host it
 * answers on loopback, and there only where the environment says that this is no deployment: a name in
 * a request is anybody's word.
 */
function onItsHost(route: Route, url: string, { host, isLocal }: ControlPlace): Route {
  if (route.name === "none" || route.name === "health") return route;
  const asked = hostOf(url);
  const isControl = route.name === "control" || route.name === "ofrep";
  if (host !== "") return isControl === (asked === host) ? route : unknown;
  if (!isControl) return route;
  return isLocal && loopback.test(asked) ? route : unknown;
}

function hostOf(url: string): string {
  return URL.parse(url)?.host ?? "";
}
