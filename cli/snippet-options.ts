// What `aviary snippet publish` can say of a snippet's beacon.
import { checkRate, checkSwitch, checkVersion } from "./checks.ts";

/** The options; what is not given stays as it is. */
export const beaconOptions = {
  beacon: {
    type: "string",
    valueHint: "version",
    description: "The beacon, or off; unless given, what it has, or the one in use",
  },
  "beacon-sample-rate": {
    type: "string",
    valueHint: "n",
    description: "One page view in so many is measured; 0 for none",
  },
  marks: {
    type: "string",
    valueHint: "names",
    description: "Marks that may ride along, with commas between them",
  },
  templates: {
    type: "string",
    valueHint: "paths",
    description: "Path templates, as in /products/*, with commas between them",
  },
  session: { type: "string", valueHint: "on|off", description: "Keep a session id in the tab" },
  "inline-collector": {
    type: "string",
    valueHint: "on|off",
    description: "Put the collector into the snippet, for pages that let no second script in",
  },
  "early-always": {
    type: "string",
    valueHint: "on|off",
    description: "Send the early beacon of page views that are not measured too",
  },
} as const;

type Values = { readonly [K in keyof typeof beaconOptions]?: string | undefined };

/** The same as the control API's query; local names are in `beaconNames`. */
export function beaconQueryOf(values: Values): Readonly<Record<string, string>> {
  const { beacon, marks, templates, session } = values;
  const rate = values["beacon-sample-rate"];
  const inline = values["inline-collector"];
  const always = values["early-always"];
  return {
    ...(beacon !== undefined && { beacon: checkVersion("--beacon", beacon) }),
    ...(rate !== undefined && {
      beaconSampleRate: String(checkRate("--beacon-sample-rate", rate)),
    }),
    ...(marks !== undefined && { marks }),
    ...(templates !== undefined && { templates }),
    ...(session !== undefined && { session: checkSwitch("--session", session) }),
    ...(inline !== undefined && { inlineCollector: checkSwitch("--inline-collector", inline) }),
    ...(always !== undefined && { earlyAlways: checkSwitch("--early-always", always) }),
  };
}

export const beaconNames = {
  beacon: "--beacon",
  beaconSampleRate: "--beacon-sample-rate",
  marks: "--marks",
  templates: "--templates",
  session: "--session",
  inlineCollector: "--inline-collector",
  earlyAlways: "--early-always",
} as const;
