// The header fields of a delivery, as plain pairs.
import type { Encoding } from "#flags/parameters.ts";
import type { Validators } from "./conditional.ts";

export type HeaderFields = readonly (readonly [name: string, value: string])[];

/** Media types of what is delivered. */
export const contentTypes = {
  script: "text/javascript; charset=utf-8",
  json: "application/json",
} as const;

/** Fields that every cross-origin answer carries, errors included. */
export const crossOriginFields: HeaderFields = [
  ["access-control-allow-origin", "*"],
  ["access-control-expose-headers", "ETag, Server-Timing"],
  ["cross-origin-resource-policy", "cross-origin"],
  ["timing-allow-origin", "*"],
  ["x-content-type-options", "nosniff"],
];

export type Described = {
  readonly contentType: string;
  readonly encoding: Encoding;
  readonly validators: Validators;
  readonly cacheControl: string;
  readonly vary: string;
  /** Fields that flags add. */
  readonly extra: HeaderFields;
};

/** Fields of a 304: those that a cache must be able to update, RFC 9110 §15.4.5, and the cross-origin ones. */
export function notModifiedFields({
  validators,
  cacheControl,
  vary,
  extra,
}: Described): HeaderFields {
  return [
    ["cache-control", cacheControl],
    ["etag", validators.etag],
    ["last-modified", validators.lastModified],
    ["vary", vary],
    ...crossOriginFields,
    ...extra,
  ];
}

/** Fields of a 200, `Content-Length` and `Server-Timing` aside. */
export function okFields(described: Described): HeaderFields {
  const { contentType, encoding } = described;
  const coding: HeaderFields = encoding === "identity" ? [] : [["content-encoding", encoding]];
  return [["content-type", contentType], ...coding, ...notModifiedFields(described)];
}

/** `Vary` for answers that differ by coding alone, and for those that also need a token. */
export const varyOn = {
  encoding: "Accept-Encoding",
  authorization: "Accept-Encoding, Authorization",
} as const;

/** Where the bytes of an answer came from: memory, a store, made just now, or the last good copy. */
export type CacheState = "hit" | "colo" | "kv" | "r2" | "miss" | "stale";

/**
 * `Server-Timing`: the arms token, where there is one, the cache's state and the ms
 * spent at the edge. Pages read it back from `PerformanceResourceTiming`.
 */
export function serverTiming(state: CacheState, edgeMs: number, arms?: string): string {
  const timing = `cache;desc=${state}, edge;dur=${edgeMs}`;
  return arms === undefined ? timing : `av;desc="${arms}", ${timing}`;
}
