// The hot path's routes, matched by hand on the path alone
// (docs/decisions/0001-hot-path-routing.md). The query is ignored.

export type Route =
  | { readonly name: "snippet"; readonly id: string }
  | { readonly name: "release"; readonly id: string; readonly prefix: string }
  | { readonly name: "datafile"; readonly id: string }
  | { readonly name: "private_datafile"; readonly id: string }
  | { readonly name: "beacon"; readonly id: string }
  | { readonly name: "collector"; readonly prefix: string }
  | { readonly name: "health" }
  | { readonly name: "control" }
  | { readonly name: "ofrep" }
  | { readonly name: "none"; readonly wantsScript: boolean };

const id = /^[A-Za-z0-9_-]{1,64}$/;
const collectorPath = /^\/b\/([0-9a-f]{16,64})\.js$/;
const releasePath = /^\/js\/([A-Za-z0-9_-]{1,64})\/([0-9a-f]{16,64})\.js$/;

/**
 * Where a URL leads; `none` for everything unknown, with what the client hoped for.
 * @param beaconPaths paths that beacons are sent to, each with a slash at its end.
 */
export function routeOf(url: string, beaconPaths: readonly string[]): Route {
  const path = pathOf(url);
  return (
    named(path, "snippet", ["/js/", ".js"]) ??
    named(path, "datafile", ["/datafiles/", ".json"]) ??
    named(path, "private_datafile", ["/datafiles/auth/", ".json"]) ??
    beaconRoute(path, beaconPaths) ??
    otherRoute(path)
  );
}

type NamedRoute = "snippet" | "datafile" | "private_datafile";

function named(
  path: string,
  name: NamedRoute,
  [before, after]: readonly [string, string],
): Route | undefined {
  if (!path.startsWith(before) || !path.endsWith(after)) return undefined;
  const between = path.slice(before.length, -after.length);
  return id.test(between) ? { name, id: between } : undefined;
}

function beaconRoute(path: string, beaconPaths: readonly string[]): Route | undefined {
  for (const before of beaconPaths) {
    if (!path.startsWith(before)) continue;
    const after = path.slice(before.length);
    if (id.test(after)) return { name: "beacon", id: after };
  }
  return undefined;
}

function otherRoute(path: string): Route {
  const collector = collectorPath.exec(path);
  if (collector) return { name: "collector", prefix: collector[1] ?? "" };
  const release = releasePath.exec(path);
  if (release) return { name: "release", id: release[1] ?? "", prefix: release[2] ?? "" };
  if (path === "/healthz") return { name: "health" };
  if (path === "/api" || path.startsWith("/api/")) return { name: "control" };
  if (path.startsWith("/ofrep/")) return { name: "ofrep" };
  return { name: "none", wantsScript: path.startsWith("/js/") || path.startsWith("/b/") };
}

/** The path of an absolute URL as the runtime hands it over, without query and fragment. */
function pathOf(url: string): string {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  if (start < 0) return "/";
  const query = url.indexOf("?", start);
  return query < 0 ? url.slice(start) : url.slice(start, query);
}
