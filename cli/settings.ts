// Where Aviary is and who is asking, from the environment. The token is never an
// option: what is on a command line can be read by every process of the machine.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { usageFailure } from "./failure.ts";

const defaultUrl = "http://localhost:8787";

export type Settings = {
  /** Origin of the control API. */
  readonly origin: string;
  /** Origin that pages and SDKs load from. */
  readonly cdnOrigin: string;
  readonly token: string | undefined;
  /** True where the token is this machine's own, from .dev.vars, and not AVIARY_TOKEN. */
  readonly isBorrowed: boolean;
  /** How often a request is repeated. */
  readonly retries: number;
  /** What the user should know about the choice. */
  readonly notes: readonly string[];
};

export type SettingsSource = {
  readonly options: { readonly url?: string | undefined; readonly retries?: string | undefined };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly folder: string;
};

/** The settings. Throws a usage failure for an unusable one. */
export function readSettings({ options, env, folder }: SettingsSource): Settings {
  const url = options.url ?? (env["AVIARY_URL"] || defaultUrl);
  const parsed = parseOrigin(url, options.url === undefined ? "AVIARY_URL" : "--url");
  const cdnUrl = env["AVIARY_CDN_URL"];
  const cdn = cdnUrl ? parseOrigin(cdnUrl, "AVIARY_CDN_URL") : parsed;
  const local = isLocal(parsed.hostname);
  const token = env["AVIARY_TOKEN"] || undefined;
  const borrowed = token === undefined && local ? tokenFromDevVars(folder) : undefined;
  const notes: string[] = [];
  if (token !== undefined && parsed.protocol === "http:" && !local) {
    notes.push(`the token goes to ${parsed.origin} unencrypted; use https`);
  }
  return {
    origin: parsed.origin,
    cdnOrigin: cdn.origin,
    token: checkToken(token ?? borrowed),
    isBorrowed: borrowed !== undefined,
    retries: parseRetries(options.retries),
    notes,
  };
}

function parseOrigin(text: string, name: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const extra = url && (url.pathname !== "/" || url.search || url.hash || url.username);
  if (url === undefined || !/^https?:$/.test(url.protocol) || extra) {
    const hint = "Give an origin alone, as in https://cdn.example.com";
    throw usageFailure(`${name} is not an origin: ${text}`, hint);
  }
  return url;
}

function parseRetries(text = "3"): number {
  if (/^(\d|10)$/.test(text)) return Number(text);
  throw usageFailure("--retries must be a whole number from 0 to 10");
}

function isLocal(hostname: string): boolean {
  return /^(localhost|.*\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}

function tokenFromDevVars(folder: string): string | undefined {
  try {
    return parseEnv(readFileSync(join(folder, ".dev.vars"), "utf8"))["AVIARY_ADMIN_TOKEN"];
  } catch {
    return undefined;
  }
}

function checkToken(token: string | undefined): string | undefined {
  if (token === undefined || /^[\x21-\x7e]+$/.test(token)) return token;
  throw usageFailure("AVIARY_TOKEN holds blanks or characters that no token has");
}
