// Which beacon a published snippet has: the one that its publisher names, the one it
// has, or the one in use. A payload never changes a snippet's beacon by itself.
import type * as v from "valibot";
import { err, ok, type Result } from "#base/result.ts";
import type { BeaconChoice, BeaconOptions, SnippetBeacon } from "#src/delivery/beacon.ts";
import type { SnippetPointer } from "#src/delivery/pointer.ts";
import type { Services } from "#src/services.ts";
import type { Refusal } from "./problem.ts";
import type { publishSnippetQuery } from "./snippet-contract.ts";

type Query = v.InferOutput<typeof publishSnippetQuery>;

const optionNames = [
  "beaconSampleRate",
  "earlyAlways",
  "inlineCollector",
  "session",
  "marks",
  "templates",
] as const satisfies readonly (keyof Query)[];

/** The snippet's beacon after a publish; undefined where nobody has chosen. */
export async function chooseBeacon(
  { registry }: Services,
  query: Query,
  current: SnippetPointer | null,
): Promise<Result<BeaconChoice | undefined, Refusal>> {
  const before = current?.content.beacon;
  const hasOptions = optionNames.some((name) => query[name] !== undefined);
  if ((query.beacon ?? before) === "off") {
    if (!hasOptions) return ok("off");
    const detail = "is off, and has no options; name a version with them";
    return err({ reason: "invalid", errors: [{ field: "beacon", detail }] });
  }
  const held = before === "off" ? undefined : before;
  if (query.beacon === undefined && held !== undefined) return ok(withOptions(held, query));
  const policy = await registry().beaconPolicy();
  const version = query.beacon ?? policy.current;
  if (version === null && !hasOptions) return ok(undefined);
  const beacon = version === null ? null : await registry().beacon(version);
  if (beacon === null) return err({ reason: "unknown_beacon", version });
  const { early, collector } = beacon;
  const options: BeaconOptions = held ?? { sampleRate: policy.sampleRate };
  return ok(withOptions({ ...options, version: beacon.version, early, collector }, query));
}

function withOptions(beacon: SnippetBeacon, query: Query): SnippetBeacon {
  const { version, early, collector } = beacon;
  const earlyAlways = query.earlyAlways ?? beacon.earlyAlways ?? false;
  const inlineCollector = query.inlineCollector ?? beacon.inlineCollector ?? false;
  const session = query.session ?? beacon.session ?? false;
  const marks = query.marks ?? beacon.marks ?? [];
  const templates = query.templates ?? beacon.templates ?? [];
  return {
    version,
    early,
    collector,
    sampleRate: query.beaconSampleRate ?? beacon.sampleRate,
    ...(earlyAlways && { earlyAlways }),
    ...(inlineCollector && { inlineCollector }),
    ...(session && { session }),
    ...(marks.length > 0 && { marks }),
    ...(templates.length > 0 && { templates }),
  };
}
