// From an answer in memory to a response: conditional, HEAD, or the whole body.
import type { Answer } from "#src/adapters/answers.ts";
import { isNotModified } from "#src/delivery/conditional.ts";
import { serverTiming, type CacheState } from "#src/delivery/headers.ts";
import type { Delivery } from "./delivery.ts";

/** How an answer that did not come straight from memory was come by. */
export type Origin = { readonly state: CacheState; readonly edgeMs: number };

/** The response to a GET or HEAD. `origin` is absent for an answer straight from memory. */
export function respond(delivery: Delivery, answer: Answer, origin: Origin = memory): Response {
  const { method, headers, services, plan, arms, sample } = delivery;
  if (sample !== undefined) sample.cache = origin.state;
  const ifNoneMatch = headers.get("if-none-match");
  // The date is ignored beside a tag, so it need not be read.
  const ifModifiedSince = ifNoneMatch === null ? headers.get("if-modified-since") : null;
  const isQuiet = arms?.isQuiet === true && origin === memory;
  const fields = isQuiet
    ? services.answers.quietFieldsFor(answer, plan, arms)
    : services.answers.fieldsFor(answer, plan);
  if (isNotModified({ ifNoneMatch, ifModifiedSince }, answer.validators)) {
    const response = new Response(null, { status: 304, headers: fields.notModified });
    return timed(response, delivery, origin);
  }
  if (method === "HEAD") {
    const response = new Response(null, { headers: fields.ok });
    response.headers.set("content-length", String(answer.body.byteLength));
    return timed(response, delivery, origin);
  }
  if (sample !== undefined) sample.bytes = answer.body.byteLength;
  const response = new Response(answer.body, { headers: fields.ok, encodeBody: "manual" });
  return timed(response, delivery, origin);
}

// The fields of an answer say "from memory" and name no arms.
function timed(response: Response, { arms }: Delivery, origin: Origin): Response {
  const { state, edgeMs } = origin;
  if (origin !== memory) {
    response.headers.set("server-timing", serverTiming(state, edgeMs, arms?.token));
  } else if (arms !== undefined && !arms.isQuiet)
    response.headers.set("server-timing", arms.timing);
  return response;
}

const memory: Origin = { state: "hit", edgeMs: 0 };
