// Error answers: RFC 9457 problem documents for JSON, a comment for a script.
// Never HTML, never a stack.
import { crossOriginFields } from "#src/delivery/headers.ts";
import { maxBeaconBytes } from "#rum/ingest.ts";
import { unknownMaxAgeS } from "#src/delivery/cache-policy.ts";

export type Failure =
  | "unknown_id"
  | "deleted"
  | "withdrawn"
  | "unknown_path"
  | "method_not_allowed"
  | "not_acceptable"
  | "token_missing"
  | "token_wrong"
  | "unavailable"
  | "internal"
  | "not_a_beacon"
  | "beacon_too_large"
  | "too_many_beacons"
  | "beacons_overloaded";

/** What the client expects where it asked: a script, or JSON. */
export type Media = "script" | "json";

const failures: Readonly<Record<Failure, { status: number; title: string; detail: string }>> = {
  unknown_id: { status: 404, title: "Not found", detail: "Nothing is published under this id." },
  deleted: { status: 410, title: "Gone", detail: "What was published here was deleted." },
  withdrawn: { status: 410, title: "Gone", detail: "This release was withdrawn." },
  unknown_path: { status: 404, title: "Not found", detail: "There is no such path here." },
  method_not_allowed: {
    status: 405,
    title: "Method not allowed",
    detail: "This path answers other methods alone.",
  },
  not_acceptable: {
    status: 406,
    title: "Not acceptable",
    detail: "Accept-Encoding refuses every content coding that exists, identity included.",
  },
  token_missing: {
    status: 401,
    title: "Unauthorized",
    detail: "Send the datafile access token as Authorization: Bearer.",
  },
  token_wrong: {
    status: 403,
    title: "Forbidden",
    detail: "The access token is not valid for this datafile.",
  },
  unavailable: {
    status: 503,
    title: "Service unavailable",
    detail: "This was never loaded here, and no store that answers has it. Try again shortly.",
  },
  internal: {
    status: 500,
    title: "Internal error",
    detail: "A fault of this CDN's own, which is in its log. Try again shortly.",
  },
  not_a_beacon: { status: 400, title: "Not a beacon", detail: "The body is no beacon." },
  beacon_too_large: {
    status: 413,
    title: "Beacon too large",
    detail: `A beacon has at most ${maxBeaconBytes} bytes.`,
  },
  too_many_beacons: {
    status: 429,
    title: "Too many beacons",
    detail: "This snippet sends more than is taken. Lower its sample rate.",
  },
  beacons_overloaded: {
    status: 503,
    title: "Service unavailable",
    detail: "More beacons come than can be kept. This one was not.",
  },
};

const retryAfterS = 5;
const absences: ReadonlySet<Failure> = new Set(["unknown_id", "deleted", "withdrawn"]);

/**
 * The answer for `failure`. Only that nothing is there may be cached, and only for a short time.
 * @param allowed the methods that the path takes, where the failure is about them.
 */
export function problem(failure: Failure, media: Media, allowed = "GET, HEAD, OPTIONS"): Response {
  const { status, title, detail } = failures[failure];
  const headers = new Headers(crossOriginFields.map(([name, value]) => [name, value]));
  headers.set(
    "cache-control",
    absences.has(failure) ? `public, max-age=${unknownMaxAgeS}` : "no-store",
  );
  if (status === 429 || status >= 500) headers.set("retry-after", String(retryAfterS));
  if (failure === "method_not_allowed") headers.set("allow", allowed);
  if (failure === "token_missing") headers.set("www-authenticate", 'Bearer realm="datafile"');
  if (failure === "not_acceptable") headers.set("vary", "Accept-Encoding");
  if (media === "script") {
    headers.set("content-type", "text/javascript; charset=utf-8");
    return new Response(`/* aviary: ${status} ${title}. ${detail} */\n`, { status, headers });
  }
  headers.set("content-type", "application/problem+json");
  const type = `urn:aviary:problem:${failure.replaceAll("_", "-")}`;
  return new Response(JSON.stringify({ type, title, status, detail }), { status, headers });
}
