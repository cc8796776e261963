// The control API's documents, as schemas: the server checks with them, the
// `aviary` command is typed by them, and the OpenAPI document is made from them.
import * as v from "valibot";
import { codings } from "#src/delivery/representation.ts";

/** Largest bodies accepted, in bytes. */
export const limits = {
  engine: 5 * 1024 * 1024,
  payload: 2 * 1024 * 1024,
  datafile: 2 * 1024 * 1024,
  flags: 1024 * 1024,
  json: 64 * 1024,
} as const;

/** Most access tokens that one datafile may have: two while one replaces the other, and some. */
export const maxAccessTokens = 5;

const idPattern = /^[A-Za-z0-9_-]{1,64}$/;
const idRule = "must be 1 to 64 of A-Z, a-z, 0-9, _ and -";

/** Ids of accounts, snippets and datafiles (SDK keys). */
export const idSchema = v.pipe(v.string(idRule), v.regex(idPattern, idRule));

const versionRule =
  "must be 1 to 64 of A-Z, a-z, 0-9, . _ + and -, and start with a letter or digit";

/** An engine's version; semantic versions fit. */
export const engineVersionSchema = v.pipe(
  v.string(versionRule),
  v.regex(/^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/, versionRule),
);

const accessTokenRule = "must be 16 to 256 visible ASCII characters without commas";

/** A datafile access token, as the SDK will present it. */
export const accessTokenSchema = v.pipe(
  v.string(accessTokenRule),
  v.regex(/^[\x21-\x2b\x2d-\x7e]{16,256}$/, accessTokenRule),
);

export const scopeSchema = v.picklist(
  ["evaluate", "read", "publish", "operate", "admin"],
  "must be evaluate, read, publish, operate or admin",
);

/** A flag in a query. */
export const trueOrFalse = v.pipe(
  v.picklist(["true", "false"], "must be true or false"),
  v.transform((text) => text === "true"),
);

/** Query of a publish. */
export const publishDatafileQuery = v.object({
  account: idSchema,
  candidate: v.optional(trueOrFalse, "false"),
});
export const listQuery = v.object({ account: idSchema });

const countRule = "must be a whole number from 1 to 100";
export const historyQuery = v.object({
  limit: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^\d{1,3}$/, countRule),
      v.transform(Number),
      v.minValue(1, countRule),
      v.maxValue(100, countRule),
    ),
    "20",
  ),
});

const revisionRule = "must be a whole number from 1";
export const rollbackBody = v.object({
  revision: v.pipe(v.number(revisionRule), v.integer(revisionRule), v.minValue(1, revisionRule)),
});

const originRule = "must be an origin, as in https://shop.example; http for localhost alone";

/** A page's origin, as browsers send it (RFC 6454 §6.2). */
export const originSchema = v.pipe(
  v.string(originRule),
  v.maxLength(256, originRule),
  v.regex(
    /^(?:https:\/\/[a-z0-9.-]+|http:\/\/(?:localhost|127\.0\.0\.1|\[::1\]))(?::\d{1,5})?$/,
    originRule,
  ),
);

/** How long before a token expires its holder hears of it. */
export const expiryWarningMs = 14 * 24 * 3_600_000;

/** Of answers to a token that expires soon: when, RFC 3339. */
export const tokenExpiresField = "aviary-token-expires";

const lifetimeRule = "must be whole seconds, from an hour to ten years";
/** Of a token, in seconds. */
export const lifetimeSchema = v.pipe(
  v.number(lifetimeRule),
  v.integer(lifetimeRule),
  v.minValue(3_600, lifetimeRule),
  v.maxValue(10 * 366 * 86_400, lifetimeRule),
);

/** Most origins that one token may name. */
export const maxOrigins = 20;

const nameRule = "must be 1 to 64 characters";
export const createTokenBody = v.object({
  name: v.pipe(v.string(nameRule), v.trim(), v.minLength(1, nameRule), v.maxLength(64, nameRule)),
  scopes: v.pipe(
    v.array(scopeSchema, "must be a list of scopes"),
    v.minLength(1, "must name at least one scope"),
  ),
  account: v.exactOptional(idSchema),
  /** Seconds after which it opens nothing; left out, never. */
  expiresAfterS: v.exactOptional(lifetimeSchema),
  /** Pages that may carry it, for a token of the scope evaluate alone. */
  origins: v.exactOptional(
    v.pipe(
      v.array(originSchema, "must be a list of origins"),
      v.minLength(1, "must name an origin, or be left out"),
      v.maxLength(maxOrigins, `must be at most ${maxOrigins}`),
    ),
  ),
});

export const quotaNames = ["ids", "bytes", "publishesPerHour"] as const;

/** Longest reason for a change, in UTF-16 code units. */
export const longestWhy = 500;
export const whySchema = v.optional(
  v.pipe(v.string(), v.maxLength(longestWhy, `must be at most ${longestWhy} characters`)),
  "",
);

/** Query of every change: the reason, for the audit log. */
export const reasonQuery = v.object({ why: whySchema });

/** Query of a deletion. */
export const deleteQuery = v.object({
  ...reasonQuery.entries,
  /** Whether another account may have the id from now on. */
  free: v.optional(trueOrFalse, "false"),
});

/** What is left of a deleted id. */
export const deletedView = v.object({
  id: v.string(),
  account: v.string(),
  revision: v.number(),
  deletedAt: v.string(),
  /** False where it was deleted before. */
  changed: v.boolean(),
  /** True where another account may have the id from now on. */
  free: v.boolean(),
});

const sizes = v.object({
  identity: v.number(),
  br: v.exactOptional(v.number()),
  zstd: v.exactOptional(v.number()),
  gzip: v.exactOptional(v.number()),
});

/** Codings that could not be made, and are offered to nobody. */
export const missingCodings = v.array(v.picklist(codings));

/** What every revision of an id says. */
export const revisionFields = {
  id: v.string(),
  account: v.string(),
  revision: v.number(),
  /** RFC 3339. */
  publishedAt: v.string(),
  /** Path on the CDN host. */
  path: v.string(),
  sha256: v.string(),
  bytes: sizes,
  missingCodings,
};

/** One revision of a datafile. */
export const datafileView = v.object({
  ...revisionFields,
  /** True where an access token is needed. */
  private: v.boolean(),
  /** SHA-256 of the candidate that flags may deliver in its place; null where there is none. */
  candidateSha256: v.nullable(v.string()),
});

const changed = { changed: v.boolean() };
export const datafileMoved = v.object({ ...datafileView.entries, ...changed });
export const datafileList = v.object({ datafiles: v.array(datafileView) });

export const engineView = v.object({
  version: v.string(),
  sha256: v.string(),
  bytes: v.number(),
  publishedAt: v.string(),
});
export const enginePublished = v.object({
  ...engineView.entries,
  ...changed,
  warnings: v.array(v.string()),
});
export const engineList = v.object({ engines: v.array(engineView) });

/** A token without its secret. */
export const tokenView = v.object({
  id: v.string(),
  name: v.string(),
  scopes: v.array(scopeSchema),
  account: v.nullable(v.string()),
  origins: v.array(v.string()),
  createdAt: v.string(),
  revokedAt: v.nullable(v.string()),
  expiresAt: v.nullable(v.string()),
  /** To the hour; null where it was not used yet. */
  lastUsedAt: v.nullable(v.string()),
});
/** The only answer that holds the token itself. */
export const tokenCreated = v.object({ ...tokenView.entries, token: v.string() });
export const tokenList = v.object({ tokens: v.array(tokenView) });

/** What removes artifacts that nothing names any more. */
export const sweeperView = v.object({
  /** When its last cycle ended; null before the first has. */
  endedAt: v.nullable(v.string()),
  /** How many artifacts that cycle saw, and how many it removed. */
  seen: v.number(),
  removed: v.number(),
  /** How many will be removed unless something names them. */
  condemned: v.number(),
});

export const statusView = v.object({
  build: v.string(),
  engines: v.number(),
  latestEngine: v.nullable(v.string()),
  sweeper: sweeperView,
  token: v.object({
    name: v.string(),
    scopes: v.array(scopeSchema),
    account: v.nullable(v.string()),
    expiresAt: v.nullable(v.string()),
  }),
});

/** GET /healthz: the one answer here that needs no token. */
export const healthView = v.object({
  status: v.string(),
  build: v.string(),
  flags: v.object({
    epoch: v.number(),
    edition: v.number(),
    ageMs: v.nullable(v.number()),
    source: v.string(),
  }),
});

/** Of answers that tell of their steps as they go. */
export const progressMediaType = "application/x-ndjson";

/** What a publish begins. */
const progressStep = v.variant("step", [
  v.object({ step: v.picklist(["checking", "storing"]) }),
  v.object({ step: v.literal("compressing"), coding: v.picklist(["br", "zstd", "gzip"]) }),
]);
/** The last line: what would have been the answer. */
const progressAnswer = v.object({
  status: v.number(),
  headers: v.record(v.string(), v.string()),
  body: v.unknown(),
});
/** One line of a publish whose client accepts `application/x-ndjson`. */
export const progressLine = v.union([progressStep, progressAnswer]);

/** RFC 9457, with the fields that are wrong. */
export const problemView = v.object({
  type: v.string(),
  title: v.string(),
  status: v.number(),
  detail: v.string(),
  errors: v.exactOptional(v.array(v.object({ field: v.string(), detail: v.string() }))),
  /** The current revision, where a 412 says that it has moved. */
  current: v.exactOptional(v.number()),
  /** The quota that has no room; `retryAt` is null where time alone does not help. */
  quota: v.exactOptional(
    v.object({
      name: v.picklist(quotaNames),
      limit: v.number(),
      used: v.number(),
      retryAt: v.nullable(v.string()),
    }),
  ),
});

export type ProgressStep = v.InferOutput<typeof progressStep>;
export type ProgressAnswer = v.InferOutput<typeof progressAnswer>;
export type Scope = v.InferOutput<typeof scopeSchema>;
export type DatafileView = v.InferOutput<typeof datafileView>;
export type TokenView = v.InferOutput<typeof tokenView>;
export type DeletedView = v.InferOutput<typeof deletedView>;
export type StatusView = v.InferOutput<typeof statusView>;
export type Problem = v.InferOutput<typeof problemView>;
