// The shapes of request that several parts of the control API share.
import type * as v from "valibot";
import type { Call } from "./call.ts";
import { isRefusal } from "./refusal.ts";

/** A call that reads. */
export function get<T>(path: string, answer: v.GenericSchema<unknown, T>): Call<T> {
  return { method: "GET", path, answer };
}

/** A call that sends a small document. */
export function post(path: string, document: unknown): Omit<Call<never>, "answer"> {
  const body = new TextEncoder().encode(JSON.stringify(document));
  return { method: "POST", path, headers: { "content-type": "application/json" }, body };
}

/** Null for a refusal that says "there is none"; anything else is thrown again. */
export function absent(error: unknown): null {
  if (isRefusal(error, "unknown-id")) return null;
  throw error;
}
