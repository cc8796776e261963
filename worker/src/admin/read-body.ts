// Request bodies: bounded while they are read, complete, and what the sender says they are.
import * as v from "valibot";
import { err, ok, type Result } from "#base/result.ts";
import { messageOf } from "#flags/issue.ts";
import { limits } from "./contract.ts";
import type { FieldError, Refusal } from "./problem.ts";

/** Reads at most `limit` bytes; checks Content-Length and, where sent, Content-Digest (RFC 9530). */
export async function readBody(
  request: Request,
  limit: number,
): Promise<Result<Uint8Array, Refusal>> {
  const announced = Number(request.headers.get("content-length") ?? Number.NaN);
  if (announced > limit) return err({ reason: "too_large", limit });
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of request.body ?? []) {
      length += chunk.byteLength;
      if (length > limit) return err({ reason: "too_large", limit });
      chunks.push(chunk);
    }
  } catch {
    return err({ reason: "truncated", detail: "the upload ended before it was complete" });
  }
  if (Number.isInteger(announced) && announced !== length) {
    const detail = `${length} bytes arrived, Content-Length says ${announced}`;
    return err({ reason: "truncated", detail });
  }
  if (length === 0) return err({ reason: "truncated", detail: "is empty" });
  const body = joined(chunks, length);
  return (await digestMatches(request, body)) ? ok(body) : err({ reason: "wrong_digest" });
}

/** The body as text; UTF-8 is required, a byte-order mark is kept. */
export function textFrom(body: Uint8Array): Result<string, Refusal> {
  try {
    return ok(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body));
  } catch {
    return err({ reason: "invalid", errors: [{ field: "body", detail: "must be UTF-8" }] });
  }
}

/** Checks that the body is one JSON text; what it says stays opaque. */
export function checkJson(body: Uint8Array): Result<string, Refusal> {
  const text = textFrom(body);
  if (!text.ok) return text;
  try {
    JSON.parse(text.value);
    return text;
  } catch (error) {
    return err({ reason: "not_json", detail: error instanceof Error ? error.message : "" });
  }
}

/** A small body, a JSON object of the given shape; errors name the fields. */
export async function readJson<S extends v.GenericSchema>(
  request: Request,
  schema: S,
): Promise<Result<v.InferOutput<S>, Refusal>> {
  const body = await readBody(request, limits.json);
  if (!body.ok) return body;
  return checkDocument(body.value, schema);
}

/** A body that is a JSON object of the given shape. */
export function checkDocument<S extends v.GenericSchema>(
  body: Uint8Array,
  schema: S,
): Result<v.InferOutput<S>, Refusal> {
  const text = checkJson(body);
  if (!text.ok) return text;
  const document: unknown = JSON.parse(text.value);
  // For valibot a list is an object as well, and one of no names fits where all are optional.
  if (typeof document === "object" && document !== null && !Array.isArray(document)) {
    return checkShape(document, schema);
  }
  return err({ reason: "invalid", errors: [{ field: "body", detail: "must be a JSON object" }] });
}

/** `input` as `schema` says, or the list of fields that are wrong. */
export function checkShape<S extends v.GenericSchema>(
  input: unknown,
  schema: S,
): Result<v.InferOutput<S>, Refusal> {
  const parsed = v.safeParse(schema, input);
  if (parsed.success) return ok(parsed.output);
  return err({ reason: "invalid", errors: parsed.issues.map(fieldError) });
}

function fieldError(issue: v.BaseIssue<unknown>): FieldError {
  const missing = issue.received === "undefined";
  return {
    field: v.getDotPath(issue) ?? "body",
    detail: missing ? "is missing" : messageOf(issue),
  };
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const body = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.byteLength;
  }
  return body;
}

// Algorithms that are not known may be ignored (RFC 9530 §2).
async function digestMatches(request: Request, body: Uint8Array): Promise<boolean> {
  const field = request.headers.get("content-digest");
  const sent = /(?:^|,)\s*sha-256=:([A-Za-z0-9+/=]+):/.exec(field ?? "")?.[1];
  if (sent === undefined) return true;
  const actual = new Uint8Array(await crypto.subtle.digest("SHA-256", body));
  return sent === btoa(String.fromCharCode(...actual));
}
