// GET /datafiles/<sdkKey>.json, and /datafiles/auth/<sdkKey>.json for those who
// hold an access token. A datafile that has tokens is unknown to the open route.
import { contentTypes, varyOn } from "#src/delivery/headers.ts";
import type { DatafilePointer } from "#src/delivery/pointer.ts";
import { sameDigest, sha256 } from "#src/adapters/digest.ts";
import type { Delivery, Visit } from "./delivery.ts";
import { withPointer, type Servable } from "./find-pointer.ts";
import type { Resource, Selected } from "./make-answer.ts";
import { problem } from "./problem.ts";
import { serveRevision } from "./serve-current.ts";

const open: Resource<DatafilePointer> = {
  media: "json",
  contentType: contentTypes.json,
  visibility: "public",
  vary: varyOn.encoding,
  formsOf: ({ content }) => content.body,
  select,
};

const guarded: Resource<DatafilePointer> = {
  ...open,
  visibility: "private",
  vary: varyOn.authorization,
};

/** The datafile for anybody. */
export function serveDatafile(sdkKey: string, visit: Visit): Response | Promise<Response> {
  return withPointer({ kind: "datafile", id: sdkKey, media: "json", serve: serveOpen }, visit);
}

function serveOpen(
  { pointer, confirmedAtMs }: Servable,
  delivery: Delivery,
): Response | Promise<Response> {
  if (pointer?.kind !== "datafile") return problem("unknown_id", "json");
  if (pointer.content.accessTokens.length > 0) return problem("unknown_id", "json");
  return serveRevision(open, { pointer, confirmedAtMs }, delivery);
}

/** The datafile for the bearer of one of its access tokens: 401 without, 403 with a wrong one. */
export function servePrivateDatafile(sdkKey: string, visit: Visit): Response | Promise<Response> {
  const token = bearerToken(visit.headers.get("authorization"));
  if (token === null) return problem("token_missing", "json");
  const serve = (known: Servable, delivery: Delivery): Promise<Response> =>
    serveGuarded(known, token, delivery);
  const sought = { kind: "datafile", id: sdkKey, media: "json", isGuarded: true, serve } as const;
  return withPointer(sought, visit);
}

async function serveGuarded(
  { pointer, confirmedAtMs }: Servable,
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

function select(pointer: DatafilePointer, { plan, services }: Delivery): Selected {
  const { kind, id, account, content } = pointer;
  const { candidate, body } = content;
  const stored = plan.parameters.datafile === "candidate" ? candidate : undefined;
  return {
    stored: stored ?? body,
    of: stored === undefined ? "stable" : "candidate",
    rebuild: async () => null,
    remake: () => services.projects(account).repair(kind, id),
  };
}

function bearerToken(authorization: string | null): string | null {
  return /^Bearer +([\x21-\x7e]+) *$/i.exec(authorization ?? "")?.[1] ?? null;
}
