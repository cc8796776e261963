// The paths that beacons are sent to: the first is what new compositions name, the
// others are for those that browsers and pages hold still. Ad blockers know the usual
// words, so an operator may choose.
import type { Report } from "./report.ts";

const usual = ["/t/"] as const;
const shape = /^\/[A-Za-z0-9_-]{1,32}\/$/;
const taken: ReadonlySet<string> = new Set([
  "/js/",
  "/b/",
  "/datafiles/",
  "/api/",
  "/ofrep/",
  "/ui/",
]);

/** At least one path, each with a slash at both ends; the usual one where `text` is unusable. */
export function beaconPathsFrom(
  text: string | undefined,
  report: Report,
): readonly [string, ...string[]] {
  const [first, ...others] = (text ?? "").split(",").map((path) => path.trim());
  if (first === undefined || first === "") return usual;
  const paths = [first, ...others] as const;
  if (paths.every((path) => shape.test(path) && !taken.has(path))) return paths;
  report("environment_unusable", { problems: [`BEACON_PATHS must be paths as in /t/`] });
  return usual;
}
