// What is known of a request before its flags are asked. Method and header fields are read
// from it once: each look at a native object costs as much as the decision after it.
import type { Background } from "#src/adapters/background.ts";
import type { HeldSnapshot } from "#src/adapters/snapshots.ts";
import type { Services } from "#src/services.ts";

export type RequestFacts = {
  readonly request: Request;
  readonly method: string;
  readonly headers: Headers;
  /** What Cloudflare says of the request, by name; undefined where it does not. */
  readonly cf: { readonly [name: string]: unknown } | undefined;
  readonly services: Services;
  readonly background: Background;
  /** When the request arrived, ms since the epoch. */
  readonly nowMs: number;
  /** The flags that it meets. */
  readonly held: HeldSnapshot;
};
