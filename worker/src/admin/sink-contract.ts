// The control API's documents about sinks, as schemas.
import * as v from "valibot";
import { reasonQuery } from "./contract.ts";

const parked = v.object({
  events: v.number(),
  letters: v.number(),
  /** Whether there are more than were counted. */
  more: v.boolean(),
  /** Why the first of them is; null where there is none. */
  why: v.nullable(v.string()),
});

export const sinkView = v.object({
  name: v.string(),
  kind: v.string(),
  /** `removed` is one that is not in `SINKS` any more, but has dead letters. */
  state: v.picklist(["ready", "paused", "unusable", "removed"]),
  /** Where its events go; null where its settings do not say. */
  target: v.nullable(v.string()),
  /** What is wrong with its settings, by field. */
  problems: v.array(v.string()),
  /** Its dead letters. */
  parked,
});
export const sinkList = v.object({ sinks: v.array(sinkView) });

export const sinkTested = v.object({
  name: v.string(),
  outcome: v.picklist(["taken", "refused", "failed"]),
  /** What the sink said; empty where it took the event. */
  detail: v.string(),
  /** By this the event is found where it went. */
  eventId: v.string(),
  tookMs: v.number(),
});

const lettersRule = "must be a whole number from 1 to 100";
export const replayQuery = v.object({
  ...reasonQuery.entries,
  /** Go on after this one: `next` of the last answer. */
  after: v.exactOptional(v.pipe(v.string(), v.maxLength(512, "must be at most 512 characters"))),
  /** How many letters to replay before it answers. */
  letters: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^(?:[1-9]\d?|100)$/, lettersRule),
      v.transform((text) => Number(text)),
    ),
    "10",
  ),
});
export const sinkReplayed = v.object({
  letters: v.number(),
  delivered: v.number(),
  kept: v.number(),
  /** Where to go on; null when all were looked at. */
  next: v.nullable(v.string()),
  /** Why it stopped early; null where it did not. */
  failure: v.nullable(v.string()),
});

export type SinkView = v.InferOutput<typeof sinkView>;
