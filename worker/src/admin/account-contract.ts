// The control API's documents about accounts, as schemas.
import * as v from "valibot";
import { idSchema } from "./contract.ts";

const quotaRule = "must be a whole number from 0 to 1000000000000000";
const quota = v.pipe(
  v.number(quotaRule),
  v.integer(quotaRule),
  v.minValue(0, quotaRule),
  v.maxValue(1e15, quotaRule),
);
const quotas = v.object({ ids: v.number(), bytes: v.number(), publishesPerHour: v.number() });

/** What is left out stays; null takes back what was set for the account alone. */
export const quotasBody = v.strictObject({
  ids: v.exactOptional(v.nullable(quota)),
  bytes: v.exactOptional(v.nullable(quota)),
  publishesPerHour: v.exactOptional(v.nullable(quota)),
});

/** An account in a list. */
export const accountLine = v.object({
  account: v.string(),
  /** When it first had an id, RFC 3339; null where that was not written down. */
  since: v.nullable(v.string()),
  deletedAt: v.nullable(v.string()),
});

/** An account, what it has, and what it may have. */
export const accountView = v.object({
  ...accountLine.entries,
  snippets: v.number(),
  datafiles: v.number(),
  /** Bytes that its revisions hold in every coding, each artifact once. */
  bytes: v.number(),
  publishesLastHour: v.number(),
  quotas,
  /** What of the quotas was set for this account alone. */
  ownQuotas: v.partial(quotas),
});

export const accountsQuery = v.object({
  /** Only accounts whose name comes after this one. */
  after: v.optional(v.union([v.literal(""), idSchema]), ""),
});
export const accountList = v.object({
  accounts: v.array(accountLine),
  /** What to ask `after` for more; null where these were all. */
  next: v.nullable(v.string()),
});

export const accountDeleted = v.object({
  account: v.string(),
  /** False where it was deleted before. */
  changed: v.boolean(),
  /** How many ids were deleted with it, and how many tokens that were bound to it were revoked. */
  ids: v.number(),
  tokens: v.number(),
});

export type AccountView = v.InferOutput<typeof accountView>;
