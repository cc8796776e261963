// From an answer in memory to a response: conditional, HEAD, or the whole body.
import type { Answer } from "#src/adapters/answers.ts";
import type { ArmsToken } from "#src/adapters/arms-tokens.ts";
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
  const templates = isQuiet
    ? services.answers.quietTemplatesFor(answer, plan)
    : services.answers.templatesFor(answer, plan);
  const timing = timingOf(origin, arms);
  if (isNotModified({ ifNoneMatch, ifModifiedSince }, answer.validators)) {
    const { notModified } = templates;
    // Nobody's own word: one response does for all.
    return isQuiet || timing === fromMemory
      ? notModified.share(timing)
      : notModified.make(null, timing);
  }
  if (method === "HEAD") {
    const response = templates.ok.make(null, timing);
    response.headers.set("content-length", String(answer.body.size));
    return response;
  }
  if (sample !== undefined) sample.bytes = answer.body.size;
  return templates.ok.make(bodyOf(answer), timing);
}

// A response copies a blob, and its copy waits for the garbage collector; a blob's stream it
// does not copy, but makes objects for it, which cost as much as some kilobytes.
const mostCopied = 8_192;

function bodyOf({ body }: Answer): Blob | ReadableStream {
  return body.size <= mostCopied ? body : body.stream();
}

function timingOf(origin: Origin, arms: ArmsToken | undefined): string {
  if (origin === memory) return arms?.timing ?? fromMemory;
  return serverTiming(origin.state, origin.edgeMs, arms?.token);
}

const memory: Origin = { state: "hit", edgeMs: 0 };
const fromMemory = serverTiming("hit", 0);
