// Composed scripts, made from their parts on first need or at publish, and found
// again by what they depend on. A lost composition is made again: its parts are
// artifacts of their own.
import * as v from "valibot";
import { err, ok, type Result } from "#base/result.ts";
import type { SnippetBeacon } from "#src/delivery/beacon.ts";
import {
  compose,
  compositionSource,
  configOf,
  preludeFor,
  type CompositionSource,
} from "#src/delivery/compose.ts";
import {
  codings,
  digestsOf,
  missingCodings,
  type Coding,
  type Digest,
  type Representations,
} from "#src/delivery/representation.ts";
import { copyTtlS, type ArtifactMissing, type Artifacts } from "./artifacts.ts";
import type { Background } from "./background.ts";
import type { encode } from "./compression.ts";
import { sha256 } from "./digest.ts";
import { representationsSchema } from "./pointer-schema.ts";
import { tell, type Told } from "#src/delivery/publish-step.ts";
import type { Report } from "./report.ts";

/** A composition's parts: what `compositionSource` names, by digest. */
export type CompositionOf = Omit<
  CompositionSource,
  "payload" | "engine" | "beaconPath" | "cdnOrigin"
> & {
  readonly payload: Digest;
  readonly engine: { readonly version: string; readonly sha256: Digest };
};

export type CompositionStores = {
  readonly kv: KVNamespace;
  readonly artifacts: Artifacts;
  /** Path that beacons are sent to, with a slash at its end. */
  readonly beaconPath: string;
  /** Of the host that pages load from; empty: the one that each page names. */
  readonly cdnOrigin: string;
  readonly encode: typeof encode;
  readonly report: Report;
};

type StoreOptions = {
  /** Names a copy that no cache has seen. */
  readonly copy?: string | undefined;
  readonly told?: Told | undefined;
};

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class Compositions {
  readonly #stores: CompositionStores;

  constructor(stores: CompositionStores) {
    this.#stores = stores;
  }

  /** The stored forms of a composition made before; undefined where there is none. */
  async find(of: CompositionOf): Promise<Representations | undefined> {
    const stored = await this.#stores.kv.get(await this.#kvKey(of), { type: "json" });
    return stored === null ? undefined : v.parse(representationsSchema, stored);
  }

  /** The plain script, put together now. */
  async write(
    of: CompositionOf,
    background: Background,
  ): Promise<Result<Uint8Array, ArtifactMissing>> {
    const { artifacts } = this.#stores;
    const payload = await artifacts.get(of.payload, background);
    if (!payload.ok) return payload;
    const engine = await artifacts.get(of.engine.sha256, background);
    if (!engine.ok) return engine;
    const beacon = await this.#beaconParts(of.beacon, background);
    if (!beacon.ok) return beacon;
    const config = configOf({ ...of, ...this.#place() });
    const prelude = preludeFor({
      snippetId: of.snippetId,
      engineVersion: of.engine.version,
      payload: decoder.decode(payload.value.bytes),
      ...(config !== undefined && { beacon: config }),
    });
    const code = decoder.decode(engine.value.bytes);
    return ok(encoder.encode(compose({ prelude, beacon: beacon.value, engine: code })));
  }

  async #beaconParts(
    beacon: SnippetBeacon | undefined,
    background: Background,
  ): Promise<Result<readonly string[], ArtifactMissing>> {
    if (beacon === undefined) return ok([]);
    const { early, collector, inlineCollector } = beacon;
    const texts: string[] = [];
    for (const digest of inlineCollector === true ? [early, collector] : [early]) {
      const part = await this.#stores.artifacts.get(digest, background);
      if (!part.ok) return part;
      texts.push(decoder.decode(part.value.bytes));
    }
    return ok(texts);
  }

  /**
   * Makes, compresses as well as possible, and stores a composition; finds it if it was made
   * before, with nothing missing.
   */
  async make(
    of: CompositionOf,
    background: Background,
    told?: Told,
  ): Promise<Result<Representations, ArtifactMissing>> {
    const made = await this.find(of);
    if (made !== undefined && missingCodings(made).length === 0 && (await this.#isStored(made))) {
      return ok(made);
    }
    const script = await this.write(of, background);
    if (!script.ok) return err(script.error);
    const stored = await this.store(script.value, { copy: of.copy, told });
    const expiry = { expirationTtl: copyTtlS };
    await this.#stores.kv.put(await this.#kvKey(of), JSON.stringify(stored), expiry);
    return ok(stored);
  }

  #isStored(made: Representations): Promise<boolean> {
    return this.#stores.artifacts.hasAll(digestsOf(made));
  }

  /**
   * Stores a body in every coding, compressed as well as possible. A coding that cannot be
   * made is left out and reported: it is no reason to withhold the others.
   */
  async store(body: Uint8Array, options: StoreOptions = {}): Promise<Representations> {
    const { artifacts, encode, report } = this.#stores;
    const { copy, told } = options;
    const forms: (readonly [Coding, Uint8Array])[] = [];
    for (const coding of codings) {
      await tell(told, { step: "compressing", coding });
      const encoded = encode(body, coding, "best");
      if (encoded.ok) forms.push([coding, encoded.value]);
      else report("encoding_failed", { sha256: await sha256(body), ...encoded.error });
    }
    await tell(told, { step: "storing" });
    const identity = { sha256: await artifacts.put(body, copy), bytes: body.byteLength };
    const stored: { -readonly [c in Coding]?: { sha256: Digest; bytes: number } } = {};
    for (const [coding, bytes] of forms) {
      stored[coding] = { sha256: await artifacts.put(bytes, copy), bytes: bytes.byteLength };
    }
    return { ...stored, identity };
  }

  #place(): Pick<CompositionSource, "beaconPath" | "cdnOrigin"> {
    const { beaconPath, cdnOrigin } = this.#stores;
    return { beaconPath, cdnOrigin };
  }

  async #kvKey(of: CompositionOf): Promise<string> {
    return `composition:${await sha256(compositionSource({ ...of, ...this.#place() }))}`;
  }
}
