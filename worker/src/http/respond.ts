// From an answer in memory to a response: conditional, HEAD, or the whole body.
import type { Answer } from "#src/adapters/answers.ts";
import { isNotModified } from "#src/delivery/conditional.ts";
import { serverTiming, type CacheState } from "#src/delivery/headers.ts";
import type { Delivery } from "./delivery.ts";

/** How an answer that did not come straight from memory was come by. */
export type Origin = { readonly state: CacheState; readonly edgeMs: number };

/** The response to a GET or HEAD. `origin` is absent for an answer straight from memory. */
export function respond({ method, headers }: Delivery, answer: Answer, origin?: Origin): Response {
  const ifNoneMatch = headers.get("if-none-match");
  // The date is ignored beside a tag, so it need not be read.
  const ifModifiedSince = ifNoneMatch === null ? headers.get("if-modified-since") : null;
  if (isNotModified({ ifNoneMatch, ifModifiedSince }, answer.validators)) {
    return new Response(null, { status: 304, headers: timed(answer.notModified, origin) });
  }
  if (method === "HEAD") {
    const described = new Headers(timed(answer.ok, origin));
    described.set("content-length", String(answer.body.byteLength));
    return new Response(null, { headers: described });
  }
  return new Response(answer.body, { headers: timed(answer.ok, origin), encodeBody: "manual" });
}

function timed(fields: Headers, origin: Origin | undefined): Headers {
  if (origin === undefined) return fields;
  const headers = new Headers(fields);
  headers.set("server-timing", serverTiming(origin.state, origin.edgeMs));
  return headers;
}
