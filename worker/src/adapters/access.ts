// Who Cloudflare Access says is asking. An assertion counts only if the team's own keys signed it,
// for this application and for now; where the keys cannot be had, none does.
import { createRemoteJWKSet, customFetch, errors, jwtVerify } from "jose";
import * as v from "valibot";
import { err, ok, type Result } from "#base/result.ts";
import type { Scope } from "./registry.ts";
import type { Report } from "./report.ts";

/** Scopes by whom Access names: `everyone`, `email:…`, `group:…` or `service:…`. */
type AccessScopes = Readonly<Record<string, readonly Scope[]>>;

export type AccessSettings = {
  /** As in `acme`, of acme.cloudflareaccess.com. */
  readonly team: string;
  /** The application's AUD tag. */
  readonly audience: string;
  readonly scopes: AccessScopes;
};

/** A person by address, or a service token by its client id. */
export type AccessSubject = {
  readonly kind: "person" | "service";
  readonly name: string;
  readonly scopes: readonly Scope[];
};

export type AccessReject =
  | { readonly reason: "access_refused"; readonly detail: string }
  | { readonly reason: "access_unavailable" };

type AccessDependencies = AccessSettings & {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly report: Report;
};

const longestAssertion = 16_384;
const mostKeyBytes = 65_536;
const timeoutMs = 3_000;
const keepKeysMs = 3_600_000;
// An unknown key's name makes us look for new keys, so often and no more.
const lookAgainMs = 30_000;
const clockToleranceS = 30;

const word = v.pipe(v.string(), v.minLength(1), v.maxLength(320));
const group = v.union([word, v.object({ name: word }), v.object({ id: word })]);
const groups = v.optional(v.array(group));
const claims = v.object({
  email: v.optional(word),
  common_name: v.optional(word),
  groups,
  custom: v.optional(v.object({ groups })),
});

export class Access {
  readonly #settings: AccessDependencies;
  readonly #issuer: string;
  readonly #keys: ReturnType<typeof createRemoteJWKSet>;

  constructor(settings: AccessDependencies) {
    this.#settings = settings;
    this.#issuer = `https://${settings.team}.cloudflareaccess.com`;
    this.#keys = createRemoteJWKSet(new URL(`${this.#issuer}/cdn-cgi/access/certs`), {
      timeoutDuration: timeoutMs,
      cacheMaxAge: keepKeysMs,
      cooldownDuration: lookAgainMs,
      [customFetch]: (url, { headers, signal }) => this.#fetchBounded(url, { headers, signal }),
    });
  }

  /** The subject of a `Cf-Access-Jwt-Assertion`. Never rejects. */
  async verify(assertion: string, nowMs: number): Promise<Result<AccessSubject, AccessReject>> {
    if (assertion.length > longestAssertion) return refused("is too long");
    try {
      const { payload } = await jwtVerify(assertion, this.#keys, {
        algorithms: ["RS256"],
        issuer: this.#issuer,
        audience: this.#settings.audience,
        clockTolerance: clockToleranceS,
        currentDate: new Date(nowMs),
        requiredClaims: ["exp", "iat"],
      });
      return this.#subjectOf(payload);
    } catch (error) {
      const isOurs = error instanceof errors.JOSEError;
      if (isOurs && !faults.has(error.code)) return refused(error.message);
      this.#settings.report("access_keys_unavailable", { issuer: this.#issuer, error });
      return err({ reason: "access_unavailable" });
    }
  }

  #subjectOf(payload: unknown): Result<AccessSubject, AccessReject> {
    const parsed = v.safeParse(claims, payload);
    if (!parsed.success) return refused("has claims that are not as Access writes them");
    const { email, common_name: service, groups: own = [], custom } = parsed.output;
    const name = email ?? service;
    if (name === undefined) return refused("names neither a person nor a service token");
    const names = [...own, ...(custom?.groups ?? [])].map(nameOf);
    const by = email === undefined ? [`service:${name}`] : [`email:${name.toLowerCase()}`];
    // A service token is in no group, whatever its claims say.
    const groupKeys = email === undefined ? [] : names.map((each) => `group:${each}`);
    const keys = ["everyone", ...by, ...groupKeys];
    const { scopes } = this.#settings;
    const given = keys.flatMap((key) => (Object.hasOwn(scopes, key) ? (scopes[key] ?? []) : []));
    const kind = email === undefined ? "service" : "person";
    return ok({ kind, name, scopes: [...new Set(given)] });
  }

  async #fetchBounded(url: string, init: RequestInit): Promise<Response> {
    const response = await this.#settings.fetch(url, { ...init, redirect: "manual" });
    if (response.status !== 200 || response.body === null) {
      await response.body?.cancel();
      return new Response(null, { status: response.status === 200 ? 502 : response.status });
    }
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      bytes += chunk.byteLength;
      if (bytes > mostKeyBytes) throw new Error("the team's keys are too large to be keys");
      chunks.push(chunk);
    }
    return new Response(await new Blob(chunks).arrayBuffer());
  }
}

/** What jose says where the keys, not the assertion, are at fault. */
const faults: ReadonlySet<string> = new Set([
  "ERR_JOSE_GENERIC",
  "ERR_JWKS_TIMEOUT",
  "ERR_JWKS_INVALID",
  "ERR_JWK_INVALID",
]);

function nameOf(each: v.InferOutput<typeof group>): string {
  if (typeof each === "string") return each;
  return "name" in each ? each.name : each.id;
}

function refused(detail: string): Result<never, AccessReject> {
  return err({ reason: "access_refused", detail });
}
