// The control API's documents about beacons, as schemas.
import * as v from "valibot";
import { engineVersionSchema, idSchema, missingCodings, trueOrFalse } from "./contract.ts";

/** Largest documents accepted, in bytes. */
export const beaconLimits = { beacon: 512 * 1024 } as const;

/** A beacon's version; `off` stands for none. */
export const beaconVersionSchema = v.pipe(
  engineVersionSchema,
  v.check((version) => version !== "off", "must not be off, which stands for none"),
);

/** The two texts of a beacon. */
export const beaconBody = v.strictObject({
  early: v.pipe(v.string("must be a script"), v.minLength(1, "must be a script")),
  collector: v.pipe(v.string("must be a script"), v.minLength(1, "must be a script")),
});

const rateRule = "must be a whole number from 0 to 1000000";

/** One page view in so many; 0 for none. */
export const sampleRateSchema = v.pipe(
  v.number(rateRule),
  v.integer(rateRule),
  v.minValue(0, rateRule),
  v.maxValue(1_000_000, rateRule),
);

const markRule = "must be names of 1 to 50 letters, digits and . : _ -, at most 20 of them";
const templateRule =
  "must be paths with * for what differs, of at most 200 letters, digits and / . _ ~ % -, at most 50 of them";

/** What a publisher may choose of a snippet's beacon, in the query of a publish. */
export const beaconQuery = {
  beacon: v.exactOptional(engineVersionSchema),
  beaconSampleRate: v.exactOptional(
    v.pipe(v.string(), v.regex(/^\d{1,7}$/, rateRule), v.transform(Number), sampleRateSchema),
  ),
  earlyAlways: v.exactOptional(trueOrFalse),
  inlineCollector: v.exactOptional(trueOrFalse),
  session: v.exactOptional(trueOrFalse),
  marks: v.exactOptional(listOf(/^[\w.:-]{1,50}$/, 20, markRule)),
  templates: v.exactOptional(listOf(/^\/[\w.~%*/-]{0,199}$/, 50, templateRule)),
};

/** Names with commas between them; the empty text is no name. */
function listOf(member: RegExp, most: number, rule: string) {
  const isList = (text: string): boolean => {
    const names = namesIn(text);
    return names.length <= most && names.every((name) => member.test(name));
  };
  return v.pipe(v.string(), v.check(isList, rule), v.transform(namesIn));
}

function namesIn(text: string): readonly string[] {
  return text === "" ? [] : text.split(",");
}

/** What a snippet has of a beacon: null where nobody has chosen yet. */
export const snippetBeaconView = v.nullable(
  v.union([
    v.literal("off"),
    v.object({
      version: v.string(),
      sampleRate: v.number(),
      earlyAlways: v.boolean(),
      inlineCollector: v.boolean(),
      session: v.boolean(),
      marks: v.array(v.string()),
      templates: v.array(v.string()),
    }),
  ]),
);

const part = v.object({ sha256: v.string(), bytes: v.number() });

export const beaconView = v.object({
  version: v.string(),
  early: part,
  /** With its path on the CDN host. */
  collector: v.object({ ...part.entries, path: v.string() }),
  publishedAt: v.string(),
});
export const beaconPublished = v.object({
  ...beaconView.entries,
  changed: v.boolean(),
  /** Of the collector. */
  missingCodings,
});
export const beaconList = v.object({ beacons: v.array(beaconView) });

/** What holds for all snippets. */
export const beaconPolicyBody = v.strictObject({
  /** The version that snippets get which nobody has chosen one for; null for none. */
  current: v.nullable(beaconVersionSchema),
  /** The rate that they get, 1 in n. */
  sampleRate: sampleRateSchema,
  /** Accounts whose pages are not measured, whatever else says that they are. */
  mutedAccounts: v.pipe(v.array(idSchema), v.maxLength(1_000, "must be at most 1000 accounts")),
});
export const beaconPolicyView = v.object({
  current: v.nullable(v.string()),
  sampleRate: v.number(),
  mutedAccounts: v.array(v.string()),
  revision: v.number(),
});
