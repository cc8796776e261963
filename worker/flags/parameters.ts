// Every property of a delivery that can differ between two requests, in one
// table. A delivery reads these and nothing else, so that whatever is listed
// here can be put behind a flag. Nothing else can.
import * as v from "valibot";
import { err, ok, type Result } from "#base/result.ts";
import { headerFault } from "./header-rules.ts";
import { issuesOf, type Issue } from "./issue.ts";

const encodings = ["br", "zstd", "gzip", "identity"] as const;

/** Content codings that a stored representation may have, as in RFC 9110 §8.4.1. */
export type Encoding = (typeof encodings)[number];

/** One request in so many is looked at in either arm, whatever a flag says: alike, or arms could not be compared. */
export const sampleRateUnderTrial = 20;

/** Longest `max-age` of an arm under trial, so that a roll-back reaches browsers in time. */
const maxAgeUnderTrialS = 60;

type About<T> = { readonly initial: T; readonly unit: string; readonly doc: string };

function parameter<const S extends v.GenericSchema>(schema: S, about: About<v.InferOutput<S>>) {
  return { schema, ...about };
}

function whole(least: number, most: number, about: About<number>) {
  const range = `must be a whole number from ${least} to ${most}`;
  const schema = v.pipe(
    v.number(range),
    v.integer(range),
    v.minValue(least, range),
    v.maxValue(most, range),
  );
  return { ...parameter(schema, about), least, most };
}

const version = v.nullable(
  v.pipe(v.string(), v.regex(/^[0-9A-Za-z][0-9A-Za-z.+_-]{0,63}$/, "must be a version or null")),
);

const mostSampleRate = 1_000_000;
const rateRule = `must be a whole number from 0 to ${mostSampleRate}, or null`;
const sampleRate = v.nullable(
  v.pipe(
    v.number(rateRule),
    v.integer(rateRule),
    v.minValue(0, rateRule),
    v.maxValue(mostSampleRate, rateRule),
  ),
);

const offered = v.pipe(
  v.array(v.picklist(encodings, `must be one of ${encodings.join(", ")}`)),
  v.check((list) => new Set(list).size === list.length, "must not repeat a coding"),
  v.check((list) => list.includes("identity"), "must offer identity to clients that take no other"),
  v.readonly(),
);

const headerValue = v.pipe(
  v.string(),
  v.regex(/^[\x21-\x7e](?:[\x20-\x7e]{0,254}[\x21-\x7e])?$/, "must be a line"),
);

const headers = v.pipe(
  v.record(v.string(), headerValue),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    for (const [key, value] of Object.entries(dataset.value)) {
      const message = headerFault(key, value);
      const at = { type: "object", origin: "value", input: dataset.value, key, value } as const;
      if (message !== undefined) addIssue({ message, path: [at] });
    }
  }),
  v.readonly(),
);

/** The table: of each parameter its schema, what it is without any flag, its unit and its meaning. */
export const parameterTable = {
  engine: parameter(version, {
    initial: null,
    unit: "version",
    doc: "Engine version to compose with; null means the one that the snippet's pointer names.",
  }),
  beacon: parameter(version, {
    initial: null,
    unit: "version",
    doc: "Beacon version to compose with; null means the one that the snippet's pointer names, `off` none.",
  }),
  beaconSampleRate: parameter(sampleRate, {
    initial: null,
    unit: "1 in n",
    doc: "One page view in so many is measured, 0 for none; null means the snippet's own rate.",
  }),
  encodings: parameter(offered, {
    initial: encodings,
    unit: "content codings",
    doc: "Content codings to offer, most preferred first.",
  }),
  compressionLevel: whole(1, 11, {
    initial: 11,
    unit: "brotli quality",
    doc: "How hard bodies are compressed; other codings take their nearest level.",
  }),
  browserMaxAgeS: whole(0, 86_400, {
    initial: 120,
    unit: "s",
    doc: "`max-age` for browsers.",
  }),
  staleWhileRevalidateS: whole(0, 604_800, {
    initial: 60,
    unit: "s",
    doc: "`stale-while-revalidate`.",
  }),
  staleIfErrorS: whole(0, 604_800, {
    initial: 86_400,
    unit: "s",
    doc: "`stale-if-error`.",
  }),
  pointerFreshMs: whole(1_000, 600_000, {
    initial: 5_000,
    unit: "ms",
    doc: "Age from which a pointer held in isolate memory is refreshed in the background.",
  }),
  coloTtlS: whole(0, 31_536_000, {
    initial: 31_536_000,
    unit: "s",
    doc: "How long the data centre's cache keeps a body.",
  }),
  headers: parameter(headers, {
    initial: {},
    unit: "header lines",
    doc: "Response headers to add, lower case; none that outlives the answer.",
  }),
  datafile: parameter(v.picklist(["stable", "candidate"], "must be stable or candidate"), {
    initial: "stable",
    unit: "revision",
    doc: "Which revision of a datafile to answer with, where it has a candidate.",
  }),
  deliverySampleRate: whole(0, 1_000_000, {
    initial: 1_000,
    unit: "1 in n",
    doc: "One delivery request in so many becomes a wide event, 0 for none; 20 under trial, in both arms.",
  }),
  delayMs: whole(0, 2_000, {
    initial: 0,
    unit: "ms",
    doc: "Delay to add before the answer, for slowdown experiments.",
  }),
} as const;

type Table = typeof parameterTable;

/** Name of a delivery parameter. */
export type ParameterName = keyof Table;

/** The parameters of one delivery. Durations carry their unit in the name. */
export type DeliveryParameters = {
  readonly [K in ParameterName]: v.InferOutput<Table[K]["schema"]>;
};

/** What a flag's variant changes: some of the parameters. */
export type DeliveryPatch = Partial<DeliveryParameters>;

const names = Object.keys(parameterTable) as readonly ParameterName[];

/** What a request gets that no flag has touched. */
export const defaultParameters = Object.fromEntries(
  names.map((name) => [name, parameterTable[name].initial]),
) as DeliveryParameters;

const entries = Object.fromEntries(
  names.map((name) => [name, v.exactOptional(parameterTable[name].schema as v.GenericSchema)]),
);

/** The schema of a patch, for documents that hold one. Unknown parameters are refused. */
export const patchSchema = v.pipe(
  v.strictObject(entries),
  v.readonly(),
) as unknown as v.GenericSchema<unknown, DeliveryPatch>;

export type PatchError = { readonly reason: "invalid_patch"; readonly issues: readonly Issue[] };

/** Checks a patch; issues name the parameter, as in `headers.set-cookie`. */
export function parsePatch(input: unknown): Result<DeliveryPatch, PatchError> {
  const parsed = v.safeParse(patchSchema, input);
  if (parsed.success) return ok(parsed.output);
  return err({ reason: "invalid_patch", issues: issuesOf(parsed.issues) });
}

/** The parameters that a patch sets. */
export function patchedParameters(patch: DeliveryPatch): readonly ParameterName[] {
  return names.filter((name) => patch[name] !== undefined);
}

/** Parameters whose change is one of bytes, which caches then hold beside the stable ones. */
const bodyParameters = [
  "engine",
  "beacon",
  "beaconSampleRate",
  "compressionLevel",
  "datafile",
] as const satisfies readonly ParameterName[];

/** Whether a patch leads to other bytes, coded ones too, not only to other header fields. */
export function changesBody(patch: DeliveryPatch): boolean {
  return patch.encodings !== undefined || bodyParameters.some((name) => patch[name] !== undefined);
}

/** Names the bytes that parameters lead to from one pointer; empty for those that were published. */
export function bodyKeyOf(parameters: DeliveryParameters): string {
  const isPublished = bodyParameters.every((name) => parameters[name] === defaultParameters[name]);
  return isPublished ? "" : bodyParameters.map((name) => parameters[name] ?? "").join("|");
}

/** The parameters after a patch; a patch's headers replace the others. */
export function applyPatch(
  parameters: DeliveryParameters,
  patch: DeliveryPatch,
): DeliveryParameters {
  return { ...parameters, ...patch };
}

/**
 * The parameters of a request in an arm under trial, canary or control: short
 * `max-age` and no stale allowance, so that a roll-back reaches browsers within a
 * minute. Both arms get them, or caches would differ where only the flag should.
 */
export function capUnderTrial(parameters: DeliveryParameters): DeliveryParameters {
  const browserMaxAgeS = Math.min(parameters.browserMaxAgeS, maxAgeUnderTrialS);
  const deliverySampleRate = sampleRateUnderTrial;
  const noStale = { staleWhileRevalidateS: 0, staleIfErrorS: 0 };
  return { ...parameters, browserMaxAgeS, ...noStale, deliverySampleRate };
}
