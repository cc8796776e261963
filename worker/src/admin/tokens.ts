// Tokens of the control API. The token itself is shown once, when it is made.
import { redacted } from "#base/redacted.ts";
import { mintToken } from "./auth.ts";
import { permit, type AdminContext } from "./context.ts";
import { createTokenBody } from "./contract.ts";
import { refuse } from "./problem.ts";
import { readJson } from "./read-body.ts";
import { viewToken } from "./views.ts";

/** POST /api/v1/tokens. A token bound to an account cannot hold `admin`, which has none; none is made for a deleted one. */
export async function createToken(context: AdminContext): Promise<Response> {
  const permitted = permit(context, "admin", null);
  if (!permitted.ok) return refuse(permitted.error);
  const body = await readJson(context.req.raw, createTokenBody);
  if (!body.ok) return refuse(body.error);
  const { name, account = null, origins = [] } = body.value;
  const scopes = [...new Set(body.value.scopes)];
  if (account !== null && scopes.includes("admin")) {
    const detail = "admin reaches every account, so it cannot be bound to one";
    return refuse({ reason: "invalid", errors: [{ field: "scopes", detail }] });
  }
  if (origins.length > 0 && scopes.join() !== "evaluate") {
    const detail = "a page may carry a token of the scope evaluate alone";
    return refuse({ reason: "invalid", errors: [{ field: "origins", detail }] });
  }
  const { registry, now } = context.get("services");
  const { expiresAfterS } = body.value;
  const expiresAtMs = expiresAfterS === undefined ? null : now() + expiresAfterS * 1_000;
  const wanted = { name: redacted(name), scopes, account, origins, expiresAtMs };
  const { token, stored } = await mintToken(wanted, now());
  const created = await registry().createToken(stored);
  if (!created.ok) return refuse(created.error);
  const { createdAt: _at, revokedAt: _revoked, lastUsedAt: _used, ...made } = viewToken(stored);
  const target = `token:${stored.id}`;
  context.set("audited", { action: "create token", lines: [{ target, after: made }] });
  return Response.json({ ...viewToken(stored), token }, { status: 201 });
}

/** GET /api/v1/tokens, oldest first, revoked ones too. */
export async function listTokens(context: AdminContext): Promise<Response> {
  const permitted = permit(context, "admin", null);
  if (!permitted.ok) return refuse(permitted.error);
  const tokens = await context.get("services").registry().tokens();
  return Response.json({ tokens: tokens.map(viewToken) });
}

/** DELETE /api/v1/tokens/{id}: from now on it opens nothing. Idempotent. */
export async function revokeToken(context: AdminContext): Promise<Response> {
  const permitted = permit(context, "admin", null);
  if (!permitted.ok) return refuse(permitted.error);
  const id = context.req.param("id") ?? "";
  const { registry, now } = context.get("services");
  const known = await registry().revokeToken(id, now());
  if (!known) return refuse({ reason: "unknown_id", kind: "token", id });
  context.set("audited", { action: "revoke token", lines: [{ target: `token:${id}` }] });
  return new Response(null, { status: 204 });
}
