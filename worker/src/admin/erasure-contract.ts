// The control API's documents about erasing what is known of somebody, as schemas.
import * as v from "valibot";
import { idSchema, reasonQuery, trueOrFalse } from "./contract.ts";
import { timeSchema } from "./verdict-contract.ts";

const sessionRule = "must be 32 hex digits";

/** Ids of sessions, as beacons have them. */
export const sessionIdSchema = v.pipe(
  v.string(sessionRule),
  v.regex(/^[0-9a-f]{32}$/, sessionRule),
);

/** Whose events: what is given must all be so of one. */
export const erasureBody = v.pipe(
  v.strictObject({
    account: v.exactOptional(idSchema),
    sessionId: v.exactOptional(sessionIdSchema),
    /** From this moment on, RFC 3339. */
    from: v.exactOptional(timeSchema),
    /** Up to this moment, which is not in it. */
    to: v.exactOptional(timeSchema),
  }),
  v.check(
    ({ account, sessionId, from }) => (account ?? sessionId ?? from) !== undefined,
    "must name an account, a session or a span",
  ),
  v.check(({ from, to }) => (from === undefined) === (to === undefined), "needs both from and to"),
  v.check(
    ({ from, to }) => from === undefined || to === undefined || Date.parse(from) < Date.parse(to),
    "must end after it begins",
  ),
);

/** Query of a step. Strict: a dry run that is misspelt must not erase. */
export const erasureQuery = v.strictObject({
  ...reasonQuery.entries,
  dryRun: v.optional(trueOrFalse, "true"),
  /** Name of a store, as the list has it. */
  store: v.pipe(v.string(), v.maxLength(64, "must be at most 64 characters")),
  /** Go on after this: `next` of the last answer. */
  after: v.exactOptional(v.pipe(v.string(), v.maxLength(1_024, "must be at most 1024 characters"))),
});

export const erasureStores = v.object({
  stores: v.array(
    v.object({
      name: v.string(),
      /** What is erased there, or why nothing can be. */
      detail: v.string(),
      canErase: v.boolean(),
    }),
  ),
});

export const erasureStep = v.object({
  store: v.string(),
  dryRun: v.boolean(),
  /** Objects, letters, tables or logs that were looked at. */
  looked: v.number(),
  /** Events or lines that are sought. */
  matched: v.number(),
  erased: v.number(),
  next: v.nullable(v.string()),
  failure: v.nullable(v.string()),
});
