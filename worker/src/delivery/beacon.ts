// What a snippet has of a beacon: which build of it, and what its publisher chose.
// The choice is part of the snippet's pointer and so of its bytes; a flag may put
// another build or rate in its place, and nothing may measure a page whose publisher
// has said `off`.
import type { BeaconConfig } from "#rum/beacon-config.ts";
import type { Digest } from "./representation.ts";

/** One published version: its early part, which goes inside snippets, and its collector. */
export type BeaconBuild = {
  readonly version: string;
  readonly early: Digest;
  readonly collector: Digest;
};

/** What a publisher chooses. */
export type BeaconOptions = {
  /** One page view in so many is measured; 0 for none. */
  readonly sampleRate: number;
  /** Whether page views that are not sampled send their early beacon all the same. */
  readonly earlyAlways?: true;
  /** Whether the collector is part of the snippet, for pages that load no other script. */
  readonly inlineCollector?: true;
  readonly session?: true;
  readonly marks?: readonly string[];
  readonly templates?: readonly string[];
};

export type SnippetBeacon = BeaconBuild & BeaconOptions;

/** A pointer's word: a beacon, none for good, or, where absent, none yet. */
export type BeaconChoice = SnippetBeacon | "off";

/** One in so many, where nobody has chosen: a flag may bring a beacon to a snippet without one. */
export const usualSampleRate = 10;

/** What a flag says of the beacon; null for what it leaves as it is. */
export type BeaconPatch = {
  readonly version: string | null;
  readonly sampleRate: number | null;
  /** The build of that version; undefined where it is not known here. */
  readonly build: Omit<BeaconBuild, "version"> | undefined;
};

/** The beacon that a snippet is delivered with; undefined for none. */
export function deliveredBeacon(
  chosen: BeaconChoice | undefined,
  { version, sampleRate, build }: BeaconPatch = untouched,
): SnippetBeacon | undefined {
  if (chosen === "off" || version === "off") return undefined;
  const own = chosen ?? { sampleRate: usualSampleRate };
  const other = version === null || build === undefined ? {} : { version, ...build };
  const beacon = { ...own, ...other, sampleRate: sampleRate ?? own.sampleRate };
  if (!("version" in beacon)) return undefined;
  return beacon.sampleRate > 0 || beacon.earlyAlways === true ? beacon : undefined;
}

const untouched: BeaconPatch = { version: null, sampleRate: null, build: undefined };

/** Digits of the collector's SHA-256 in its URL. */
const prefixDigits = 16;

/** Path of a collector, for ever. */
export function collectorPath(collector: Digest): string {
  return `/b/${collector.slice(0, prefixDigits)}.js`;
}

export type BeaconPlace = {
  readonly snippetId: string;
  readonly payload: string;
  readonly engineVersion: string;
  /** Path that beacons are sent to, with a slash at its end. */
  readonly to: string;
  /** Of the host that pages load from, as in `https://cdn.example.com`; empty: as the page has it. */
  readonly origin?: string;
};

/** What the composition tells the beacon of itself. Equal arguments, equal text as JSON. */
export function beaconConfig(
  beacon: SnippetBeacon,
  { snippetId, payload, engineVersion, to, origin = "" }: BeaconPlace,
): BeaconConfig {
  const { version, collector, sampleRate, inlineCollector, earlyAlways } = beacon;
  const { session, marks = [], templates = [] } = beacon;
  return {
    collector: inlineCollector === true ? { inline: true } : origin + collectorPath(collector),
    to: `${origin}${to}${snippetId}`,
    sampleRate,
    ...(earlyAlways === true && { earlyAlways }),
    revision: payload.slice(0, 12),
    build: engineVersion,
    variant: version,
    ...(marks.length > 0 && { marks }),
    ...(templates.length > 0 && { templates }),
    ...(session === true && { session }),
  };
}

/** A choice as one text: equal choices, equal texts. */
export function beaconEssence(chosen: BeaconChoice | undefined): string {
  if (chosen === undefined || chosen === "off") return chosen ?? "";
  const { version, early, collector, sampleRate, marks = [], templates = [] } = chosen;
  const { earlyAlways = false, inlineCollector = false, session = false } = chosen;
  const switches = [earlyAlways, inlineCollector, session];
  return JSON.stringify([version, early, collector, sampleRate, switches, marks, templates]);
}
