// One POST over HTTP, and what its answer means. Follows no redirect, which would turn
// the POST into a GET or carry a key to another host. Never rejects. What an answer repeats
// of keys that were sent does not get into what is said of it, which ends in logs.
import type { SinkOutcome } from "./sink.ts";

export type PostDependencies = {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Ms since 1970. */
  readonly now: () => number;
  /** Longest that anybody waits for an answer and its body. */
  readonly timeoutMs: number;
};

export type Post = {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | string;
  /** Keys within the body. */
  readonly secrets?: readonly string[];
  /** Statuses that say of the body, not of the moment, that it is wrong. */
  readonly refusing?: (status: number) => boolean;
};

/** The text of a 2xx; or why the body will never be taken; or why it was not this time. */
export type Posted =
  | { readonly answer: "accepted"; readonly text: string }
  | { readonly answer: "refused"; readonly why: string }
  | ({ readonly answer: "failed" } & Omit<Extract<SinkOutcome, { outcome: "failed" }>, "outcome">);

/** Sends `what` and waits for the answer. */
export async function post(what: Post, dependencies: PostDependencies): Promise<Posted> {
  const { url, headers, body, refusing = saysBodyIsWrong } = what;
  const { timeoutMs, now } = dependencies;
  let response: Response;
  let text: string;
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const init = { method: "POST", headers, body, redirect: "manual", signal } as const;
    response = await dependencies.fetch(url, init);
    text = await response.text();
  } catch (error) {
    return { answer: "failed", why: redacted(whyUnreachable(error, timeoutMs), what) };
  }
  if (response.ok) return { answer: "accepted", text };
  const { status } = response;
  const why = `answers ${status}${excerpt(redacted(text, what))}`;
  if (refusing(status)) return { answer: "refused", why };
  const retryAfterMs = readRetryAfter(response.headers.get("retry-after"), now());
  return { answer: "failed", why, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

function saysBodyIsWrong(status: number): boolean {
  return status === 400 || status === 413 || status === 422;
}

function whyUnreachable(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `no answer within ${timeoutMs} ms`;
  // Node says in the cause what workerd says in the message.
  const { cause } = error;
  return cause instanceof Error ? `${error.message}: ${cause.message}` : error.message;
}

const shortestSecret = 8;

/** Without what may be a key: values of header fields, and parts of the address's path and query. */
function redacted(text: string, { url, headers, secrets = [] }: Post): string {
  const address = URL.parse(url);
  const inAddress =
    address === null ? [url] : `${address.pathname}${address.search}`.split(/[/?&=]/);
  const fields = Object.entries(headers).filter(([name]) => !name.startsWith("content-"));
  // An echo may have what comes after the scheme, as in `Bearer`, alone.
  const inFields = fields.flatMap(([, value]) => value.split(" "));
  return [...secrets, ...inAddress, ...inFields]
    .filter(({ length }) => length >= shortestSecret)
    .toSorted((left, right) => right.length - left.length)
    .reduce((left, secret) => left.replaceAll(secret, "[redacted]"), text);
}

/** What a person needs of an answer: its beginning, on one line. */
function excerpt(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim().slice(0, 200);
  return line === "" ? "" : `: ${line}`;
}

/**
 * `Retry-After` in ms: seconds or a date.
 *
 * Source: RFC 9110 §10.2.3.
 */
function readRetryAfter(value: string | null, nowMs: number): number | undefined {
  if (value === null) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1_000;
  const atMs = Date.parse(value);
  return Number.isNaN(atMs) ? undefined : Math.max(atMs - nowMs, 0);
}
