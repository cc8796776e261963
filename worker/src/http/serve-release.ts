// GET /js/<snippetId>/<sha256-prefix>.js and /b/<sha256-prefix>.js: one exact composition,
// for pages that name its digest in an `integrity` attribute, or one exact collector: for ever,
// unless it was withdrawn, or its snippet deleted.
import { collectorScope, type Release } from "#src/adapters/releases.ts";
import { contentTypes, varyOn } from "#src/delivery/headers.ts";
import { negotiateEncoding } from "#src/delivery/negotiate.ts";
import { stablePlan } from "#src/delivery/plan.ts";
import { releaseGone } from "#src/delivery/pointer.ts";
import { entityTag } from "#src/delivery/representation.ts";
import type { Encoding } from "#flags/parameters.ts";
import { acceptEncodingOf, type Visit } from "./delivery.ts";
import { knownPointer } from "./find-pointer.ts";
import { loadBody } from "./load-body.ts";
import { problem } from "./problem.ts";
import { respond } from "./respond.ts";

/**
 * The script of exactly that digest, or a comment that says why there is none.
 * @param scope the snippet that it is of, or `collectorScope`.
 */
export async function serveRelease(
  scope: string,
  prefix: string,
  delivery: Visit,
): Promise<Response> {
  const { services } = delivery;
  const { encodings } = stablePlan.parameters;
  const encoding = services.negotiations.encodingFor(acceptEncodingOf(delivery), encodings);
  if (encoding === undefined) return problem("not_acceptable", "script");
  const held = services.answers.get(keyOf(scope, prefix, encoding));
  const { isReborn, gone } = await lifeOf(scope, prefix, delivery);
  const whyever = gone(Number.POSITIVE_INFINITY);
  if (whyever !== undefined) return problem(whyever, "script");
  if (held !== undefined && gone(held.validators.lastModifiedMs) === undefined) {
    return respond(delivery, held);
  }
  // What is held may be of a life before, and released again in this one: the store knows.
  let release: Release | undefined;
  try {
    release = await services.releases.get(scope, prefix, { isReborn });
  } catch (error) {
    services.report("release_read_failed", { scope, prefix, error });
    return problem("unavailable", "script");
  }
  const madeAtMs = release?.madeAtMs ?? held?.validators.lastModifiedMs;
  const why = gone(madeAtMs ?? Number.POSITIVE_INFINITY);
  if (why !== undefined) return problem(why, "script");
  if (release === undefined) return problem("unknown_id", "script");
  return serveFound({ scope, prefix, release, encodings }, delivery);
}

type Life = {
  /** Whether the snippet was deleted before, and released under the same prefix then maybe. */
  readonly isReborn: boolean;
  /** Why a release of that time is no longer to be had; undefined where it is. */
  readonly gone: (madeAtMs: number) => ReturnType<typeof releaseGone>;
};

/** A snippet's record is what knows within seconds; where no store has it, what was released stays so. */
async function lifeOf(scope: string, prefix: string, delivery: Visit): Promise<Life> {
  const known =
    scope === collectorScope ? undefined : await knownPointer("snippet", scope, delivery);
  const record = known?.pointer ?? null;
  return {
    isReborn: record !== null && "bornAtMs" in record,
    gone: (madeAtMs) => releaseGone(record, { prefix, madeAtMs }),
  };
}

type Found = {
  readonly scope: string;
  readonly prefix: string;
  readonly release: Release;
  /** What is left to offer. */
  readonly encodings: readonly Encoding[];
};

async function serveFound(found: Found, delivery: Visit): Promise<Response> {
  const { scope, prefix, release, encodings } = found;
  const { services, nowMs } = delivery;
  const stored = release.composition;
  const offered = encodings.filter((encoding) => stored[encoding] !== undefined);
  const encoding = negotiateEncoding(acceptEncodingOf(delivery), offered);
  if (encoding === undefined) return problem("not_acceptable", "script");
  const loaded = await loadBody({ stored, encoding, rebuild: async () => null }, delivery);
  if (loaded.ok) {
    const { body, state } = loaded.value;
    const content = contentOf(release, encoding, body);
    const answer = services.answers.put(keyOf(scope, prefix, encoding), content, stablePlan);
    return respond(delivery, answer, { state, edgeMs: services.now() - nowMs });
  }
  if (loaded.error.reason === "body_lost") return problem("unavailable", "script");
  const others = offered.filter((other) => other !== encoding);
  return serveFound({ ...found, encodings: others }, delivery);
}

const keyOf = (scope: string, prefix: string, encoding: Encoding): string =>
  `release:${scope}:${prefix}:${encoding}`;

function contentOf({ composition, madeAtMs }: Release, encoding: Encoding, body: Uint8Array) {
  return {
    revision: 0,
    encoding,
    body,
    validators: {
      etag: entityTag(composition.identity.sha256, encoding),
      lastModified: new Date(madeAtMs).toUTCString(),
      lastModifiedMs: madeAtMs,
      byDate: "later",
    },
    contentType: contentTypes.script,
    visibility: "immutable",
    vary: varyOn.encoding,
    isProvisional: false,
  } as const;
}
