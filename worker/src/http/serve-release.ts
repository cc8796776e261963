// GET /js/<snippetId>/<sha256-prefix>.js and /b/<sha256-prefix>.js: one exact composition,
// for pages that name its digest in an `integrity` attribute, or one exact collector, for ever.
import type { Answer } from "#src/adapters/answers.ts";
import type { Release } from "#src/adapters/releases.ts";
import { contentTypes, varyOn } from "#src/delivery/headers.ts";
import { stablePlan } from "#src/delivery/plan.ts";
import { entityTag } from "#src/delivery/representation.ts";
import type { Encoding } from "#flags/parameters.ts";
import { acceptEncodingOf, type Visit } from "./delivery.ts";
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
  const { services, nowMs } = delivery;
  const { encodings } = stablePlan.parameters;
  const encoding = services.negotiations.encodingFor(acceptEncodingOf(delivery), encodings);
  if (encoding === undefined) return problem("not_acceptable", "script");
  const key = `release:${scope}:${prefix}:${encoding}`;
  const held = services.answers.get(key);
  if (held !== undefined) return respond(delivery, held);
  try {
    const release = await services.releases.get(scope, prefix);
    if (release === undefined) return problem("unknown_id", "script");
    const loaded = await loadBody(
      { stored: release.composition, encoding, rebuild: async () => null },
      delivery,
    );
    if (loaded === null) return problem("unavailable", "script");
    const answer = keep(release, loaded.body);
    return respond(delivery, answer, { state: loaded.state, edgeMs: services.now() - nowMs });
  } catch (error) {
    services.report("release_read_failed", { scope, prefix, error });
    return problem("unavailable", "script");
  }

  function keep({ composition, madeAtMs }: Release, body: Uint8Array): Answer {
    const content = {
      revision: 0,
      encoding: encoding as Encoding,
      body,
      validators: {
        etag: entityTag(composition.identity.sha256, encoding as Encoding),
        lastModified: new Date(madeAtMs).toUTCString(),
        lastModifiedMs: madeAtMs,
        isExact: false,
      },
      contentType: contentTypes.script,
      visibility: "immutable",
      vary: varyOn.encoding,
      isProvisional: false,
    } as const;
    return services.answers.put(key, content, stablePlan);
  }
}
