// The stored document behind a pointer, checked whenever it is read.
import * as v from "valibot";
import type { PointerRecord } from "#src/delivery/pointer.ts";
import type { Digest } from "#src/delivery/representation.ts";

const digest = v.pipe(
  v.string(),
  v.regex(/^[0-9a-f]{64}$/),
  v.transform((text) => text as Digest),
);
const representation = v.object({ sha256: digest, bytes: v.number() });

/** All stored forms of one body. */
export const representationsSchema = v.object({
  identity: representation,
  br: v.exactOptional(representation),
  zstd: v.exactOptional(representation),
  gzip: v.exactOptional(representation),
});

const beacon = v.object({
  version: v.string(),
  early: digest,
  collector: digest,
  sampleRate: v.number(),
  earlyAlways: v.exactOptional(v.literal(true)),
  inlineCollector: v.exactOptional(v.literal(true)),
  session: v.exactOptional(v.literal(true)),
  marks: v.exactOptional(v.array(v.string())),
  templates: v.exactOptional(v.array(v.string())),
});

const common = {
  id: v.string(),
  account: v.string(),
  revision: v.pipe(v.number(), v.integer(), v.minValue(1)),
  movedAtMs: v.number(),
};
const live = { ...common, bornAtMs: v.exactOptional(v.number()) };

const tombstone = v.object({
  kind: v.picklist(["snippet", "datafile"]),
  ...common,
  deleted: v.literal(true),
  isPrivate: v.boolean(),
});

const pointer = v.variant("kind", [
  v.object({
    kind: v.literal("snippet"),
    ...live,
    content: v.object({
      payload: digest,
      engine: v.object({ version: v.string(), sha256: digest }),
      beacon: v.exactOptional(v.union([v.literal("off"), beacon])),
      composition: representationsSchema,
      withdrawn: v.exactOptional(v.array(v.string())),
    }),
  }),
  v.object({
    kind: v.literal("datafile"),
    ...live,
    content: v.object({
      body: representationsSchema,
      candidate: v.exactOptional(representationsSchema),
      accessTokens: v.array(digest),
    }),
  }),
]);

/** What is stored of an id, as it stands in KV, in the colo cache and in its object. */
export const recordSchema: v.GenericSchema<unknown, PointerRecord> = v.union([tombstone, pointer]);
