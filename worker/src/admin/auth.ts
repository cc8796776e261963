// Who is calling, and what they may do. Tokens are compared by digest, in constant
// time; the first admin token is a secret of the deployment.
import { err, ok, type Result } from "#base/result.ts";
import { sameDigest, sha256 } from "#src/adapters/digest.ts";
import type { StoredToken } from "#src/adapters/registry.ts";
import type { Services } from "#src/services.ts";
import type { Scope } from "./contract.ts";
import type { Refusal } from "./problem.ts";

/** The caller behind a request. */
export type Principal = {
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** The one account it may touch; null for all. */
  readonly account: string | null;
  /** The pages that may carry its token. */
  readonly origins: readonly string[];
};

const tokenShape = /^avy_([a-z0-9]{12})_[A-Za-z0-9_-]{43}$/;

/** The principal whose token is in a request's fields. */
export async function authenticate(
  fields: Headers,
  { control, registry }: Services,
): Promise<Result<Principal, Refusal>> {
  const token = /^Bearer +(\S+) *$/i.exec(fields.get("authorization") ?? "")?.[1];
  if (token === undefined) return err({ reason: "token_missing" });
  const presented = await sha256(token);
  if (control.open && control.adminToken !== undefined) {
    const first = await sha256(control.adminToken);
    if (sameDigest(first, presented)) {
      return ok({ name: "AVIARY_ADMIN_TOKEN", scopes: ["admin"], account: null, origins: [] });
    }
  }
  const id = tokenShape.exec(token)?.[1];
  const stored = id === undefined ? null : await registry().token(id);
  if (stored === null || !sameDigest(stored.digest, presented) || stored.revokedAtMs !== null) {
    return err({ reason: "token_unknown" });
  }
  return ok(stored);
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
  wanted: Pick<StoredToken, "name" | "scopes" | "account" | "origins">,
  nowMs: number,
): Promise<{ readonly token: string; readonly stored: StoredToken }> {
  const id = crypto.randomUUID().replaceAll("-", "").slice(0, 12);
  const secret = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(32))))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
  const token = `avy_${id}_${secret}`;
  const digest = await sha256(token);
  return { token, stored: { ...wanted, id, digest, createdAtMs: nowMs, revokedAtMs: null } };
}
