// Immutable bytes under their own SHA-256: colo cache, then KV, then R2. What
// does not have the digest it was asked for is treated as absent, wherever it
// came from. R2 is written first and is strongly consistent; KV is the copy that
// is near the reader (docs/decisions/0003-artifacts.md).
import type { Digest } from "#src/delivery/representation.ts";
import { err, ok, type Result } from "#base/result.ts";
import { withDeadline } from "./deadline.ts";
import { sha256 } from "./digest.ts";
import type { Background } from "./background.ts";
import type { Report } from "./report.ts";

/** Where bytes were found. */
export type ArtifactSource = "colo" | "kv" | "r2";

export type FoundArtifact = { readonly bytes: Uint8Array; readonly source: ArtifactSource };
export type ArtifactMissing = { readonly reason: "artifact_missing"; readonly sha256: Digest };

export type ArtifactStores = {
  readonly kv: KVNamespace;
  readonly r2: R2Bucket;
  /** The colo's own cache, opened anew for each use. */
  readonly colo: () => Promise<Cache>;
  /** Called before anything is stored, or found for somebody who will name it. */
  readonly retain: (digests: readonly Digest[]) => Promise<void>;
  readonly report: Report;
};

// The colo cache is either near or useless; the last resort may take longest.
const deadlineMs = { colo: 300, kv: 1_500, r2: 2_000 } as const;
const yearS = 31_536_000;

/** How long the caches keep copies of their own for an arm under trial, in seconds. */
export const copyTtlS = 30 * 86_400;

/** How caches keep an artifact, where that is not as usual. */
export type Keeping = {
  /** Copies of one artifact are apart in every cache: none warms another. */
  readonly copy?: string;
  /** How long the colo's cache keeps it, in seconds. */
  readonly coloTtlS?: number;
};

type Wanted = Keeping & { readonly digest: Digest };

export class Artifacts {
  readonly #stores: ArtifactStores;

  constructor(stores: ArtifactStores) {
    this.#stores = stores;
  }

  /** The bytes under a digest, verified, from the nearest store that has them. */
  async get(
    digest: Digest,
    background: Background,
    keeping: Keeping = {},
  ): Promise<Result<FoundArtifact, ArtifactMissing>> {
    const wanted = { ...keeping, digest };
    for (const source of ["colo", "kv", "r2"] as const) {
      const bytes = await this.#read(source, wanted);
      if (bytes === null) continue;
      if (source !== "colo") background.waitUntil(this.#keepInColo(wanted, bytes));
      if (source === "r2") background.waitUntil(this.#keepInKv(wanted, bytes));
      return ok({ bytes, source });
    }
    return err({ reason: "artifact_missing", sha256: digest });
  }

  /** Stores `bytes`; their digest is where they are found again. Rejects unless R2 took them. */
  async put(bytes: Uint8Array, copy?: string): Promise<Digest> {
    const digest = await sha256(bytes);
    await this.#stores.retain([digest]);
    await this.#stores.r2.put(artifactR2Key(digest), bytes, { sha256: digest });
    await this.#keepInKv({ digest, ...(copy === undefined ? {} : { copy }) }, bytes);
    return digest;
  }

  /** Whether all of them are stored, and stay so for whoever names them within a day. */
  async hasAll(digests: readonly Digest[]): Promise<boolean> {
    await this.#stores.retain(digests);
    const heads = digests.map((digest) => this.#stores.r2.head(artifactR2Key(digest)));
    return (await Promise.all(heads)).every((head) => head !== null);
  }

  async #read(source: ArtifactSource, wanted: Wanted): Promise<Uint8Array | null> {
    const { digest } = wanted;
    try {
      const found = await withDeadline(this.#fetch(source, wanted), deadlineMs[source], source);
      if (found === null) return null;
      const bytes = new Uint8Array(found);
      if ((await sha256(bytes)) === digest) return bytes;
      this.#stores.report("artifact_corrupt", { source, sha256: digest });
    } catch (error) {
      this.#stores.report("artifact_read_failed", { source, sha256: digest, error });
    }
    return null;
  }

  async #fetch(source: ArtifactSource, wanted: Wanted): Promise<ArrayBuffer | null> {
    switch (source) {
      case "colo":
        return (await (await this.#stores.colo()).match(coloKey(wanted)))?.arrayBuffer() ?? null;
      case "kv":
        return this.#stores.kv.get(kvKey(wanted), { type: "arrayBuffer", cacheTtl: yearS });
      case "r2":
        return (await this.#stores.r2.get(artifactR2Key(wanted.digest)))?.arrayBuffer() ?? null;
    }
  }

  // KV takes one write a second for a key, so a retried publish may be refused
  // here: the bytes are in R2, and the next reader who finds them there tries again.
  async #keepInKv(wanted: Wanted, bytes: Uint8Array): Promise<void> {
    try {
      const expiry = wanted.copy === undefined ? {} : { expirationTtl: copyTtlS };
      await this.#stores.kv.put(kvKey(wanted), bytes, expiry);
    } catch (error) {
      this.#stores.report("kv_write_failed", { sha256: wanted.digest, error });
    }
  }

  async #keepInColo(wanted: Wanted, bytes: Uint8Array): Promise<void> {
    try {
      const headers = { "cache-control": `max-age=${wanted.coloTtlS ?? yearS}` };
      const colo = await this.#stores.colo();
      await colo.put(coloKey(wanted), new Response(bytes, { headers }));
    } catch (error) {
      this.#stores.report("colo_write_failed", { sha256: wanted.digest, error });
    }
  }
}

const named = ({ digest, copy }: Wanted): string =>
  copy === undefined ? digest : `${digest}:${copy}`;
const kvKey = (wanted: Wanted): string => artifactKvKey(named(wanted));
const coloKey = (wanted: Wanted): string => `https://colo.invalid/artifact/${named(wanted)}`;

/** Where artifacts live in R2. */
export const artifactR2Prefix = "artifact/";
export const artifactR2Key = (digest: Digest): string => artifactR2Prefix + digest;
/** Where the usual copy of an artifact lives in KV. */
export const artifactKvKey = (digest: string): string => `artifact:${digest}`;
