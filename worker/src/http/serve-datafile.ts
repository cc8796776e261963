// GET /datafiles/<sdkKey>.json, and /datafiles/auth/<sdkKey>.json for those who
// hold an access token. A datafile that has tokens is unknown to the open route.
import { contentTypes, varyOn } from "#src/delivery/headers.ts";
import type { DatafilePointer } from "#src/delivery/pointer.ts";
import { sameDigest, sha256 } from "#src/adapters/digest.ts";
import type { KnownPointer } from "#src/adapters/pointers.ts";
import type { Delivery } from "./delivery.ts";
import { withPointer } from "./find-pointer.ts";
import type { Resource } from "./make-answer.ts";
import { problem } from "./problem.ts";
import { serveRevision } from "./serve-current.ts";

const open: Resource<DatafilePointer> = {
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
  return withPointer({ kind: "datafile", id: sdkKey, media: "json" }, delivery, serveOpen);
}

function serveOpen(
  { pointer, confirmedAtMs }: KnownPointer,
  delivery: Delivery,
): Response | Promise<Response> {
  if (pointer?.kind !== "datafile") return problem("unknown_id", "json");
  if (pointer.content.accessTokens.length > 0) return problem("unknown_id", "json");
  return serveRevision(open, { pointer, confirmedAtMs }, delivery);
}

/** The datafile for the bearer of one of its access tokens: 401 without, 403 with a wrong one. */
export function servePrivateDatafile(
  sdkKey: string,
  delivery: Delivery,
): Response | Promise<Response> {
  const token = bearerToken(delivery.headers.get("authorization"));
  if (token === null) return problem("token_missing", "json");
  return withPointer({ kind: "datafile", id: sdkKey, media: "json" }, delivery, (known) =>
    serveGuarded(known, token, delivery),
  );
}

async function serveGuarded(
  { pointer, confirmedAtMs }: KnownPointer,
  token: string,
  delivery: Delivery,
): Promise<Response> {
  if (pointer?.kind !== "datafile") return problem("unknown_id", "json");
  const presented = await sha256(token);
  let allowed = false;
  for (const digest of pointer.content.accessTokens) {
    if (sameDigest(digest, presented)) allowed = true;
  }
  if (!allowed) return problem("token_wrong", "json");
  return serveRevision(guarded, { pointer, confirmedAtMs }, delivery);
}

function bearerToken(authorization: string | null): string | null {
  return /^Bearer +([\x21-\x7e]+) *$/i.exec(authorization ?? "")?.[1] ?? null;
}
