// The stored document behind a pointer, checked whenever it is read.
import * as v from "valibot";
import type { Pointer } from "#src/delivery/pointer.ts";
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

/** A pointer as it stands in KV, in the colo cache and in its object. */
export const pointerSchema: v.GenericSchema<unknown, Pointer> = v.variant("kind", [
  v.object({
    kind: v.literal("snippet"),
    ...common,
    content: v.object({
      payload: digest,
      engine: v.object({ version: v.string(), sha256: digest }),
      beacon: v.exactOptional(v.union([v.literal("off"), beacon])),
      composition: representationsSchema,
    }),
  }),
  v.object({
    kind: v.literal("datafile"),
    ...common,
    content: v.object({
      body: representationsSchema,
      candidate: v.exactOptional(representationsSchema),
      accessTokens: v.array(digest),
    }),
  }),
]);
