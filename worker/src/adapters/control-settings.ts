// How the control API may be reached, from the environment. A variable that is unusable closes it;
// it must not stop deliveries.
import * as v from "valibot";
import { Access, type AccessSettings } from "./access.ts";
import { keySecretsFrom, type KeyEnv } from "./key-secrets.ts";
import type { Report } from "./report.ts";

/** Variables of the control API, all of them text. */
export type ControlEnv = KeyEnv & {
  /** Host on which alone the control API answers; unset or empty: nowhere, but on loopback where `AVIARY_LOCAL` is set. */
  readonly CONTROL_HOST?: string;
  /** Secret: the first admin token. Unset: only stored tokens are accepted. */
  readonly AVIARY_ADMIN_TOKEN?: string;
  /** As in `acme.cloudflareaccess.com`; unset or empty: Access is not asked. */
  readonly ACCESS_TEAM_DOMAIN?: string;
  /** AUD tag of the Access application. */
  readonly ACCESS_AUD?: string;
  /** Scopes as JSON, as in `{"group:platform": ["operate"], "email:ana@example.com": ["admin"]}`. */
  readonly ACCESS_SCOPES?: string;
};

/** Where the control API answers. */
export type ControlPlace = {
  /** Lower case; empty: on no host of its own. */
  readonly host: string;
  /** Whether it answers on loopback where it has no host. */
  readonly isLocal: boolean;
};

/** How the control API may be reached; closed where a variable is unusable. */
export type ControlSettings = ControlPlace &
  (
    | {
        readonly open: true;
        readonly adminToken: string | undefined;
        readonly access: Access | undefined;
      }
    | { readonly open: false; readonly problems: readonly string[] }
  );

const hostShape = /^(?:[a-z0-9](?:[a-z0-9.-]{0,252}))?(?::\d{1,5})?$/;
const teamShape = /^([a-z0-9][a-z0-9-]{0,62})(?:\.cloudflareaccess\.com)?$/;
const text = v.optional(v.string(), "");

const subjectKey = v.pipe(
  v.string(),
  v.regex(
    /^(?:everyone|(?:email|group|service):.{1,320})$/,
    "ACCESS_SCOPES may name everyone, email:…, group:… and service:…",
  ),
  v.transform((key) => (key.startsWith("email:") ? key.toLowerCase() : key)),
);
const scopes = v.array(
  v.picklist(
    ["read", "publish", "operate", "admin"],
    "ACCESS_SCOPES may give read, publish, operate and admin",
  ),
  "ACCESS_SCOPES needs a list of scopes for each",
);

const variables = v.object({
  CONTROL_HOST: v.pipe(
    text,
    v.toLowerCase(),
    v.regex(hostShape, "CONTROL_HOST must be a host alone, as in control.example.com"),
  ),
  AVIARY_ADMIN_TOKEN: v.optional(
    v.pipe(v.string(), v.minLength(24, "AVIARY_ADMIN_TOKEN needs at least 24 characters")),
  ),
});

const accessVariables = v.object({
  ACCESS_TEAM_DOMAIN: v.pipe(
    text,
    v.nonEmpty("ACCESS_TEAM_DOMAIN must be set with ACCESS_AUD and ACCESS_SCOPES"),
    v.toLowerCase(),
    v.regex(teamShape, "ACCESS_TEAM_DOMAIN must be as in acme.cloudflareaccess.com"),
    v.transform((domain) => teamShape.exec(domain)?.[1] ?? ""),
  ),
  ACCESS_AUD: v.pipe(
    text,
    v.nonEmpty("ACCESS_AUD must be set with ACCESS_TEAM_DOMAIN"),
    v.regex(/^[0-9a-f]{64}$/, "ACCESS_AUD must be the 64 hexadecimal digits of the AUD tag"),
  ),
  ACCESS_SCOPES: v.pipe(
    text,
    v.nonEmpty("ACCESS_SCOPES must be set with ACCESS_TEAM_DOMAIN"),
    v.parseJson(undefined, "ACCESS_SCOPES must be JSON"),
    v.record(subjectKey, scopes, "ACCESS_SCOPES must be an object"),
  ),
});

/** @param fetch how the keys of Access are fetched. */
export function controlFrom(
  env: ControlEnv,
  ports: { readonly fetch: typeof globalThis.fetch; readonly report: Report },
): ControlSettings {
  const parsed = v.safeParse(variables, env);
  const access = accessFrom(env);
  const issues = [...(parsed.issues ?? []), ...(access?.issues ?? [])];
  const keys = keySecretsFrom(env).problems;
  const host = parsed.success ? parsed.output.CONTROL_HOST : "";
  const place = { host, isLocal: env.AVIARY_LOCAL === "true" };
  if (parsed.success && access?.success !== false && keys.length === 0) {
    const adminToken = parsed.output.AVIARY_ADMIN_TOKEN;
    const settings = access?.output;
    const asked = settings && new Access({ ...settingsOf(settings), ...fetching(ports) });
    return { ...place, open: true, adminToken, access: asked };
  }
  const problems = [...issues.map((issue) => issue.message), ...keys];
  ports.report("environment_unusable", { problems });
  return { ...place, open: false, problems };
}

function accessFrom(env: ControlEnv) {
  const set = [env.ACCESS_TEAM_DOMAIN, env.ACCESS_AUD, env.ACCESS_SCOPES];
  return set.every((each = "") => each === "") ? undefined : v.safeParse(accessVariables, env);
}

function settingsOf(found: v.InferOutput<typeof accessVariables>): AccessSettings {
  return {
    team: found.ACCESS_TEAM_DOMAIN,
    audience: found.ACCESS_AUD,
    scopes: found.ACCESS_SCOPES,
  };
}

function fetching({
  fetch,
  report,
}: {
  readonly fetch: typeof globalThis.fetch;
  readonly report: Report;
}) {
  return { fetch: (url: string, init: RequestInit) => fetch(url, init), report };
}
