// Who is calling, and what they may do. Tokens are compared by digest, in constant
// time; the first admin token is a secret of the deployment. Who sends none may be vouched for by
// Cloudflare Access.
import { networkOf } from "#base/network.ts";
import { err, ok, type Result } from "#base/result.ts";
import type { Background } from "#src/adapters/background.ts";
import { sameDigest, sha256 } from "#src/adapters/digest.ts";
import { usedWithinMs, type StoredToken } from "#src/adapters/registry.ts";
import type { Services } from "#src/services.ts";
import { accessPrincipal } from "./access-principal.ts";
import type { Scope } from "./contract.ts";
import type { Principal } from "./principal.ts";
import type { Refusal } from "./problem.ts";

const tokenShape = /^avy_([a-z0-9]{12})_[A-Za-z0-9_-]{43}$/;

/** The principal whose token, or else whose assertion of Access, is in a request's fields. */
export async function authenticate(
  fields: Headers,
  services: Services,
): Promise<Result<Principal, Refusal>> {
  const { control, registry, tokenGuesses, now } = services;
  const bearer = /^Bearer +(\S+) *$/i.exec(fields.get("authorization") ?? "")?.[1];
  if (bearer === undefined) return accessPrincipal(fields, services);
  const presented = await sha256(bearer);
  if (control.open && control.adminToken !== undefined) {
    const first = await sha256(control.adminToken);
    if (sameDigest(first, presented)) {
      return ok(deployer);
    }
  }
  const id = tokenShape.exec(bearer)?.[1];
  if (id === undefined) return err({ reason: "token_unknown" });
  const network = networkOf(fields.get("cf-connecting-ip") ?? "");
  const found = await tokenGuesses.find({ digest: presented, network, nowMs: now() }, async () => {
    const kept = await registry().token(id);
    const opens = kept?.revokedAtMs === null && sameDigest(kept.digest, presented);
    return opens ? kept : null;
  });
  if (!found.ok) return found;
  const stored = found.value;
  const { name, scopes, account, origins, expiresAtMs, lastUsedAtMs } = stored;
  if (expiresAtMs !== null && expiresAtMs <= now()) {
    return err({ reason: "token_expired", expiresAtMs });
  }
  const actor = `token:${stored.id}`;
  const token = { id: stored.id, lastUsedAtMs };
  return ok({ actor, name, scopes, account, origins, expiresAtMs, token });
}

/** Who holds the secret of the deployment. */
const deployer: Principal = {
  actor: "secret:AVIARY_ADMIN_TOKEN",
  name: "AVIARY_ADMIN_TOKEN",
  scopes: ["admin"],
  account: null,
  origins: [],
  expiresAtMs: null,
};

/** Has the use of a token written down, once an hour; nobody waits for it. */
export function noteUse(
  { token }: Principal,
  { registry, now, report }: Services,
  background: Background,
): void {
  if (token === undefined || now() - (token.lastUsedAtMs ?? 0) < usedWithinMs) return;
  const noted = registry().noteTokenUse(token.id, now());
  background.waitUntil(noted.catch((error: unknown) => report("token_use_unnoted", { error })));
}

/** True where `principal` holds `scope`, by name or by a wider one. */
function holds(principal: Principal, scope: Scope): boolean {
  if (principal.scopes.includes("admin") || principal.scopes.includes(scope)) return true;
  // What a page carries is no secret, and opens nothing else.
  return scope === "read" && principal.scopes.some((each) => each !== "evaluate");
}

/** Refuses a principal without `scope`, or one that is bound to another account than `account`. */
export function authorize(
  principal: Principal,
  scope: Scope,
  account: string | null,
): Result<null, Refusal> {
  if (!holds(principal, scope)) return err({ reason: "scope_missing", scope });
  if (principal.account !== null && principal.account !== account) {
    return err({ reason: "other_account", account: account === null ? null : principal.account });
  }
  return ok(null);
}

/** A new token, and the record that may be kept of it. */
export async function mintToken(
  wanted: Pick<StoredToken, "name" | "scopes" | "account" | "origins" | "expiresAtMs">,
  nowMs: number,
): Promise<{ readonly token: string; readonly stored: StoredToken }> {
  const id = crypto.randomUUID().replaceAll("-", "").slice(0, 12);
  const secret = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(32))))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
  const token = `avy_${id}_${secret}`;
  const digest = await sha256(token);
  const times = { createdAtMs: nowMs, revokedAtMs: null, lastUsedAtMs: null };
  return { token, stored: { ...wanted, id, digest, ...times } };
}
