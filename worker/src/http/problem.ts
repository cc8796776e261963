// Error answers: RFC 9457 problem documents for JSON, a comment for a script.
// Never HTML, never a stack.
import { crossOriginFields } from "#src/delivery/headers.ts";
import { unknownMaxAgeS } from "#src/delivery/cache-policy.ts";

export type Failure =
  | "unknown_id"
  | "unknown_path"
  | "method_not_allowed"
  | "not_acceptable"
  | "token_missing"
  | "token_wrong"
  | "unavailable";

/** What the client expects where it asked: a script, or JSON. */
export type Media = "script" | "json";

const failures: Readonly<Record<Failure, { status: number; title: string; detail: string }>> = {
  unknown_id: { status: 404, title: "Not found", detail: "Nothing is published under this id." },
  unknown_path: { status: 404, title: "Not found", detail: "There is no such path here." },
  method_not_allowed: {
    status: 405,
    title: "Method not allowed",
    detail: "This path answers GET, HEAD and OPTIONS.",
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
    detail: "This was never loaded here and its store does not answer. Try again shortly.",
  },
};

const retryAfterS = 5;

/** The answer for `failure`. Only an unknown id may be cached, and only for a short time. */
export function problem(failure: Failure, media: Media): Response {
  const { status, title, detail } = failures[failure];
  const headers = new Headers(crossOriginFields.map(([name, value]) => [name, value]));
  headers.set(
    "cache-control",
    failure === "unknown_id" ? `public, max-age=${unknownMaxAgeS}` : "no-store",
  );
  if (failure === "unavailable") headers.set("retry-after", String(retryAfterS));
  if (failure === "method_not_allowed") headers.set("allow", "GET, HEAD, OPTIONS");
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
