// Compositions that were published, found by snippet and digest prefix for as
// long as somebody's page may name them in an `integrity` attribute; and collectors of
// beacons, for as long as somebody's page may ask for them.
import * as v from "valibot";
import type { Digest, Representations } from "#src/delivery/representation.ts";
import { withDeadline } from "./deadline.ts";
import { representationsSchema } from "./pointer-schema.ts";

/** Hexadecimal digits of the composition's SHA-256 that an immutable URL carries. */
const prefixDigits = 16;

const deadlineMs = 2_000;
const kvCacheTtlS = 600;
// What a release was in an earlier life of its id is to be forgotten sooner.
const rebornCacheTtlS = 30;

const releaseSchema = v.object({ composition: representationsSchema, madeAtMs: v.number() });

/** Collectors belong to no snippet: no id has this form. */
export const collectorScope = "/b";

/** One published composition; `madeAtMs` is a whole second. */
export type Release = { readonly composition: Representations; readonly madeAtMs: number };

export class Releases {
  readonly #kv: KVNamespace;

  constructor(kv: KVNamespace) {
    this.#kv = kv;
  }

  /**
   * The release of a snippet, or of `collectorScope`, whose digest starts with `prefix`;
   * undefined where there is none. Rejects when KV does.
   * @param isReborn whether the snippet was deleted and is published again.
   */
  async get(
    scope: string,
    prefix: string,
    { isReborn = false }: { readonly isReborn?: boolean } = {},
  ): Promise<Release | undefined> {
    const key = kvKey(scope, prefix.slice(0, prefixDigits));
    const cacheTtl = isReborn ? rebornCacheTtlS : kvCacheTtlS;
    const read = this.#kv.get(key, { type: "json", cacheTtl });
    const stored = await withDeadline(read, deadlineMs, "kv");
    if (stored === null) return undefined;
    const release = v.parse(releaseSchema, stored);
    return release.composition.identity.sha256.startsWith(prefix) ? release : undefined;
  }

  /** Makes a composition reachable under its immutable URL. */
  async put(scope: string, release: Release): Promise<void> {
    const key = kvKey(scope, releasePrefix(release.composition.identity.sha256));
    await this.#kv.put(key, JSON.stringify(release));
  }

  /** Forgets a release, where only its prefix is known. */
  async delete(scope: string, prefix: string): Promise<void> {
    await this.#kv.delete(kvKey(scope, prefix));
  }
}

/** The part of a digest that stands in an immutable URL. */
export function releasePrefix(sha256: Digest): string {
  return sha256.slice(0, prefixDigits);
}

const kvKey = (scope: string, prefix: string): string => `release:${scope}:${prefix}`;
