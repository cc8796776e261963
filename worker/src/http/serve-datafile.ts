// GET /datafiles/<sdkKey>.json, and /datafiles/auth/<sdkKey>.json for those who
// hold an access token. A datafile that has tokens is unknown to the open route.
import { contentTypes, varyOn } from "#src/delivery/headers.ts";
import type { DatafilePointer } from "#src/delivery/pointer.ts";
import { sameDigest, sha256 } from "#src/adapters/digest.ts";
import type { KnownPointer } from "#src/adapters/pointers.ts";
import type { Delivery } from "./delivery.ts";
import { problem } from "./problem.ts";
import { pointerRequest, serveRevision, type Resource } from "./serve-current.ts";

const open: Resource<DatafilePointer> = {
  kind: "datafile",
  media: "json",
  contentType: contentTypes.json,
  visibility: "public",
  vary: varyOn.encoding,
  storedForms: (pointer) => pointer.content.body,
  rebuild: async () => null,
};

const guarded: Resource<DatafilePointer> = {
  ...open,
  visibility: "private",
  vary: varyOn.authorization,
};

/** The datafile for anybody. */
export function serveDatafile(sdkKey: string, delivery: Delivery): Response | Promise<Response> {
  return withDatafile(sdkKey, delivery, (known) => {
    if (known.pointer.content.accessTokens.length > 0) return problem("unknown_id", "json");
    return serveRevision(open, known, delivery);
  });
}

/** The datafile for the bearer of one of its access tokens: 401 without, 403 with a wrong one. */
export function servePrivateDatafile(
  sdkKey: string,
  delivery: Delivery,
): Response | Promise<Response> {
  const token = bearerToken(delivery.request.headers.get("authorization"));
  if (token === null) return problem("token_missing", "json");
  return withDatafile(sdkKey, delivery, async (known) => {
    const presented = await sha256(token);
    let allowed = false;
    for (const digest of known.pointer.content.accessTokens) {
      if (sameDigest(digest, presented)) allowed = true;
    }
    return allowed ? serveRevision(guarded, known, delivery) : problem("token_wrong", "json");
  });
}

type KnownDatafile = { readonly pointer: DatafilePointer; readonly confirmedAtMs: number };

function withDatafile(
  sdkKey: string,
  delivery: Delivery,
  serve: (known: KnownDatafile) => Response | Promise<Response>,
): Response | Promise<Response> {
  const wanted = pointerRequest("datafile", sdkKey, delivery);
  const held = delivery.services.pointers.peek(wanted);
  if (held !== undefined) return serveKnown(held);
  return delivery.services.pointers
    .load(wanted)
    .then((loaded) => (loaded.ok ? serveKnown(loaded.value) : problem("unavailable", "json")));

  function serveKnown({ pointer, confirmedAtMs }: KnownPointer): Response | Promise<Response> {
    if (pointer?.kind !== "datafile") return problem("unknown_id", "json");
    return serve({ pointer, confirmedAtMs });
  }
}

function bearerToken(authorization: string | null): string | null {
  return /^Bearer +([\x21-\x7e]+) *$/i.exec(authorization ?? "")?.[1] ?? null;
}
