// Refusals of the control API, as values, and the one switch that turns them into
// RFC 9457 problem documents.
import { redacted } from "#base/redacted.ts";
import type { AccessReject } from "#src/adapters/access.ts";
import type { ArtifactMissing } from "#src/adapters/artifacts.ts";
import type { RingChanging } from "#src/adapters/flag-registry.ts";
import type { EngineConflict } from "#src/adapters/registry.ts";
import type { FaultOrigin } from "#src/adapters/store-fault.ts";
import type { TokenReject } from "#src/adapters/token-guesses.ts";
import type { MoveReject, NotDeleted, UnknownId } from "#src/adapters/projects.ts";
import { isFlagRefusal, documentForFlag, type FlagRefusal } from "./flag-problem.ts";
import type { BeaconConflict, UnknownBeacon } from "#src/adapters/beacon-registry.ts";
import type { BeaconReject } from "#src/delivery/prepare-beacon.ts";
import type { QuotaExceeded, QuotaName } from "#src/delivery/quota.ts";
import type { EngineReject } from "#src/delivery/prepare-engine.ts";
import type { Scope } from "./contract.ts";
import type { ProblemDocument } from "./problem-document.ts";

/** One wrong field: where it is, and what it should be. */
export type FieldError = { readonly field: string; readonly detail: string };

export type Refusal =
  | { readonly reason: "invalid"; readonly errors: readonly FieldError[] }
  | { readonly reason: "too_large"; readonly limit: number }
  | { readonly reason: "truncated"; readonly detail: string }
  | { readonly reason: "wrong_digest" }
  | { readonly reason: "not_json"; readonly detail: string }
  | { readonly reason: "unknown_engine"; readonly version: string | null }
  | UnknownId
  | NotDeleted
  | { readonly reason: "token_missing" }
  | TokenReject
  | { readonly reason: "token_expired"; readonly expiresAtMs: number }
  | AccessReject
  | { readonly reason: "access_without_scope"; readonly name: string }
  | { readonly reason: "cross_site" }
  | { readonly reason: "scope_missing"; readonly scope: Scope }
  | { readonly reason: "origin_refused"; readonly origin: string }
  | { readonly reason: "other_account"; readonly account: string | null }
  | { readonly reason: "method_not_allowed"; readonly methods: readonly string[] }
  | {
      readonly reason: "sink_unusable";
      readonly name: string;
      readonly problems: readonly string[];
    }
  | { readonly reason: "sink_paused"; readonly name: string }
  | { readonly reason: "not_erasable"; readonly store: string; readonly detail: string }
  | RingChanging
  | { readonly reason: "control_closed" }
  | FaultOrigin
  | FlagRefusal
  | EngineReject
  | BeaconReject
  | BeaconConflict
  | UnknownBeacon
  | EngineConflict
  | MoveReject
  | ArtifactMissing;

/** The problem document's response. */
export function refuse(refusal: Refusal): Response {
  const problem = isFlagRefusal(refusal) ? documentForFlag(refusal) : documentFor(refusal);
  const type = `urn:aviary:problem:${refusal.reason.replaceAll("_", "-")}`;
  const headers = new Headers({
    "content-type": "application/problem+json",
    "cache-control": "no-store",
  });
  if (refusal.reason === "method_not_allowed") headers.set("allow", refusal.methods.join(", "));
  if (problem.status === 401) headers.set("www-authenticate", 'Bearer realm="aviary"');
  if (problem.status >= 500) headers.set("retry-after", "5");
  if ("retryAtMs" in refusal && refusal.retryAtMs !== null) {
    headers.set("retry-after", new Date(refusal.retryAtMs + 999).toUTCString());
  }
  if (problem.current !== undefined) headers.set("etag", `"${problem.current}"`);
  // What was typed in the wrong place would be repeated to every log on the way.
  const text = redacted(JSON.stringify({ type, ...problem }));
  return new Response(text, { status: problem.status, headers });
}

function documentFor(refusal: Exclude<Refusal, FlagRefusal>): ProblemDocument {
  switch (refusal.reason) {
    case "invalid":
      return {
        title: "Invalid request",
        status: 400,
        detail: refusal.errors.map(({ field, detail }) => `${field}: ${detail}`).join("; "),
        errors: [...refusal.errors],
      };
    case "too_large":
      return body(413, "Body too large", `must be at most ${refusal.limit} bytes`);
    case "truncated":
      return body(400, "Truncated upload", refusal.detail);
    case "wrong_digest":
      return {
        ...body(400, "Wrong digest", "is not the SHA-256 of the body that arrived"),
        errors: [
          { field: "Content-Digest", detail: "is not the SHA-256 of the body that arrived" },
        ],
      };
    case "not_json":
      return body(422, "Not JSON", refusal.detail);
    case "not_javascript":
      return notJavaScript(refusal);
    case "too_deep":
      return ofField(refusal.field, "Nests too deep", "nests deeper than can be checked");
    case "unknown_engine":
      return unknownVersion("engine", refusal.version);
    case "unknown_beacon":
      return unknownVersion("beacon", refusal.version);
    case "unknown_id":
      return plain(404, "Not found", absence(refusal));
    case "not_deleted":
      return plain(
        409,
        "Not deleted",
        `The ${refusal.kind} ${refusal.id} is not deleted, or its edges do not all know yet. Delete it, and try again in a few seconds.`,
      );
    case "account_deleted":
      return plain(
        403,
        "Account deleted",
        `Account ${refusal.account} was deleted: nothing can be published for it, and it gets no tokens.`,
      );
    case "quota_exceeded":
      return quotaExceeded(refusal);
    case "unknown_release":
      return {
        title: "Unknown release",
        status: 422,
        detail: `release: ${refusal.release} was never released`,
        errors: [{ field: "release", detail: `${refusal.release} was never released` }],
      };
    case "release_current":
      return plain(
        409,
        "Release is current",
        `${refusal.release} is what the snippet stands for now. Publish another revision or roll back first.`,
      );
    case "release_withdrawn":
      return plain(
        409,
        "Release withdrawn",
        `This would make ${refusal.release} current, which was withdrawn. Restore it first.`,
      );
    case "too_many_withdrawn":
      return plain(
        409,
        "Too many withdrawn",
        `At most ${refusal.most} releases of a snippet can be withdrawn. Delete the snippet instead.`,
      );
    case "unknown_revision":
      return {
        title: "Unknown revision",
        status: 422,
        detail: `revision: ${refusal.to} was never published`,
        errors: [{ field: "revision", detail: `${refusal.to} was never published` }],
      };
    case "method_not_allowed":
      return plain(405, "Method not allowed", `This path takes ${refusal.methods.join(", ")}.`);
    case "token_missing":
      return plain(401, "Unauthorized", "Send a token as Authorization: Bearer.");
    case "token_unknown":
      return plain(401, "Unauthorized", "The token is unknown or revoked.");
    case "too_many_tokens":
      return plain(
        429,
        "Too many unknown tokens",
        "Too many unknown tokens came from this network within a minute. Try again later.",
      );
    case "token_expired": {
      const at = new Date(refusal.expiresAtMs).toISOString();
      return plain(401, "Unauthorized", `The token expired at ${at}. Have an admin make another.`);
    }
    case "access_refused":
      return plain(401, "Unauthorized", `Cf-Access-Jwt-Assertion: ${refusal.detail}.`);
    case "access_unavailable":
      return plain(
        503,
        "Access unavailable",
        "The keys of Cloudflare Access cannot be had. Try again, or send a token as Authorization: Bearer.",
      );
    case "access_without_scope":
      return plain(403, "Forbidden", `ACCESS_SCOPES gives ${refusal.name} no scope.`);
    case "cross_site":
      return plain(403, "Forbidden", "Pages of other sites may not ask.");
    case "scope_missing":
      return plain(403, "Forbidden", `The token lacks the scope ${refusal.scope}.`);
    case "origin_refused":
      return plain(
        403,
        "Forbidden",
        `Pages of ${refusal.origin} may not ask with this token: it takes one of the scope evaluate that names this origin.`,
      );
    case "other_account":
      return plain(
        403,
        "Forbidden",
        refusal.account === null
          ? "This needs a token that is not bound to an account."
          : `The token is bound to account ${refusal.account}.`,
      );
    case "sink_unusable":
      return plain(409, "Sink unusable", `${refusal.name}: ${refusal.problems.join("; ")}.`);
    case "sink_paused":
      return plain(
        409,
        "Sink paused",
        `Let ${refusal.name} go on before its letters are replayed.`,
      );
    case "not_erasable":
      return plain(409, "Not erasable", `${refusal.store}: ${refusal.detail}.`);
    case "ring_changing": {
      const until = new Date(refusal.untilMs).toISOString();
      return plain(409, "Shards are changing", `The last change is over at ${until}.`);
    }
    case "nothing_stable":
      return plain(409, "Nothing stable", "Publish the datafile itself before a candidate for it.");
    case "engine_exists":
      return plain(
        409,
        "Engine exists",
        `Engine ${refusal.engine.version} was published with other bytes. Versions are immutable: publish a new one.`,
      );
    case "beacon_exists":
      return plain(
        409,
        "Beacon exists",
        `Beacon ${refusal.version} was published with other bytes. Versions are immutable: publish a new one.`,
      );
    case "id_taken":
      return plain(409, "Id taken", "This id belongs to another account.");
    case "stale_revision":
      return {
        ...plain(
          412,
          "Stale revision",
          `It has moved; the current revision is ${refusal.current}.`,
        ),
        current: refusal.current,
      };
    case "artifact_missing":
      return plain(
        503,
        "Service unavailable",
        `A part of this, ${refusal.sha256}, is in none of the stores that answer. Nothing was changed.`,
      );
    case "control_closed":
      return plain(
        503,
        "Control API closed",
        "A variable of this deployment cannot be used. The Worker's log names it: environment_unusable.",
      );
    case "store_failed":
    case "object_unreachable":
    case "internal":
      return plain(refusal.reason === "internal" ? 500 : 503, ...faultText(refusal));
  }
}

const maybeDone = "What was asked may be done in part: look before asking again.";

/** Title and detail for what went wrong on our side. */
export function faultText(fault: FaultOrigin): readonly [title: string, detail: string] {
  switch (fault.reason) {
    case "store_failed":
      return ["Service unavailable", `The store ${fault.store} failed. ${maybeDone}`];
    case "object_unreachable":
      return ["Service unavailable", `A Durable Object cannot be reached. ${maybeDone}`];
    case "internal":
      return ["Internal error", `A fault of Aviary's own, which is in its log. ${maybeDone}`];
  }
}

function absence({ kind, id, deletedAtMs }: UnknownId): string {
  if (deletedAtMs === undefined) return `There is no ${kind} ${id}.`;
  const at = new Date(deletedAtMs).toISOString();
  return `There is no ${kind} ${id} any more: it was deleted at ${at}. Its account can publish it again.`;
}

function quotaExceeded({ quota, limit, used, retryAtMs }: QuotaExceeded): ProblemDocument {
  const retryAt = retryAtMs === null ? null : new Date(retryAtMs).toISOString();
  const words: Readonly<Record<QuotaName, string>> = {
    ids: `The account has ${used} snippets and datafiles, and may have ${limit}. Delete one`,
    bytes: `The account's revisions hold ${used} bytes, and may hold ${limit}. Delete what is not needed`,
    publishesPerHour: `The account has published ${used} times in an hour, and may ${limit} times. Try again at ${retryAt}`,
  };
  // 429 would have clients try again, and time alone does not help.
  const isOver = quota !== "publishesPerHour" || retryAt !== null;
  return {
    title: "Quota exceeded",
    status: retryAt === null ? 403 : 429,
    detail: isOver
      ? `${words[quota]}, or have an admin raise the quota.`
      : "The account may not publish at all. Have an admin raise the quota.",
    quota: { name: quota, limit, used, retryAt },
  };
}

function plain(status: number, title: string, detail: string): ProblemDocument {
  return { title, status, detail };
}

function body(status: number, title: string, detail: string): ProblemDocument {
  return { title, status, detail: `body: ${detail}`, errors: [{ field: "body", detail }] };
}

function notJavaScript(refusal: EngineReject & { readonly field?: string }): ProblemDocument {
  const detail = `does not parse as a classic script: ${refusal.detail}`;
  return ofField(refusal.field ?? "body", "Not JavaScript", detail);
}

function ofField(field: string, title: string, detail: string): ProblemDocument {
  return { title, status: 422, detail: `${field}: ${detail}`, errors: [{ field, detail }] };
}

function unknownVersion(field: "engine" | "beacon", version: string | null): ProblemDocument {
  const none = {
    engine: "none was ever published; publish one first",
    beacon: "none is in use; name one",
  };
  const detail = version === null ? none[field] : `${version} was never published`;
  return {
    title: `Unknown ${field}`,
    status: 422,
    detail: `${field}: ${detail}`,
    errors: [{ field, detail }],
  };
}
