// Who asks through Cloudflare Access. A browser sends the cookie behind an assertion from whatever page
// asks, so what another site's page asks for is refused.
import { err, ok, type Result } from "#base/result.ts";
import type { Services } from "#src/services.ts";
import type { Principal } from "./principal.ts";
import type { Refusal } from "./problem.ts";

/** The field that Access puts into every request that it lets through. */
const assertionField = "cf-access-jwt-assertion";

/** The principal that Access vouches for; refused where it vouches for none. */
export async function accessPrincipal(
  fields: Headers,
  { control, now }: Pick<Services, "control" | "now">,
): Promise<Result<Principal, Refusal>> {
  const assertion = fields.get(assertionField);
  const access = control.open ? control.access : undefined;
  if (assertion === null || access === undefined) return err({ reason: "token_missing" });
  if (isOfAnotherSite(fields, control.host)) return err({ reason: "cross_site" });
  const subject = await access.verify(assertion, now());
  if (!subject.ok) return subject;
  const { kind, name, scopes } = subject.value;
  if (scopes.length === 0) return err({ reason: "access_without_scope", name });
  const actor = kind === "person" ? `access:${name}` : `access-service:${name}`;
  return ok({ actor, name, scopes, account: null, origins: [], expiresAtMs: null });
}

function isOfAnotherSite(fields: Headers, host: string): boolean {
  const origin = fields.get("origin");
  if (origin !== null && origin !== `https://${host}`) return true;
  const site = fields.get("sec-fetch-site");
  return site !== null && site !== "same-origin" && site !== "none";
}
