// The bytes of one form of a body; where they are lost or were never made, made
// again from what is left.
import { compress } from "#src/adapters/compression.ts";
import { sha256 } from "#src/adapters/digest.ts";
import type { CacheState } from "#src/delivery/headers.ts";
import type { Digest, Representations } from "#src/delivery/representation.ts";
import type { Encoding } from "#flags/parameters.ts";
import type { Delivery } from "./delivery.ts";

export type LoadedBody = {
  readonly body: Uint8Array;
  readonly state: CacheState;
  /** Of the plain bytes. */
  readonly identity: Digest;
};

export type BodySource = {
  /** Undefined where the body has yet to be made for the first time. */
  readonly stored: Representations | undefined;
  readonly encoding: Encoding;
  /** Makes the plain body from its parts; null where it has none or they are lost too. */
  readonly rebuild: () => Promise<Uint8Array | null>;
};

/** What stored forms are compressed with. At another level they are made in the isolate. */
const storedLevel = 11;

/** The body in its coding, from the nearest store; null where nothing is left. State `miss` asks for a repair. */
export async function loadBody(
  { stored, encoding, rebuild }: BodySource,
  { services, background, plan }: Delivery,
): Promise<LoadedBody | null> {
  const { coloTtlS, compressionLevel } = plan.parameters;
  const keeping = { coloTtlS, ...(plan.copy === "" ? {} : { copy: plan.copy }) };
  const isStoredLevel = compressionLevel === storedLevel || encoding === "identity";
  if (isStoredLevel) {
    const found = await load(stored?.[encoding]?.sha256);
    if (found !== null) return found;
  }
  const plain = (await load(stored?.identity.sha256)) ?? (await rebuilt());
  if (plain === null || encoding === "identity") return plain;
  const body = compress(plain.body, encoding, isStoredLevel ? "quick" : compressionLevel);
  return { ...plain, body, state: isStoredLevel ? "miss" : plain.state };

  async function load(digest: Digest | undefined): Promise<LoadedBody | null> {
    if (digest === undefined || stored === undefined) return null;
    const found = await services.artifacts.get(digest, background, keeping);
    if (!found.ok) return null;
    const { bytes, source } = found.value;
    return { body: bytes, state: source, identity: stored.identity.sha256 };
  }

  async function rebuilt(): Promise<LoadedBody | null> {
    const bytes = await rebuild();
    if (bytes === null) return null;
    const identity = await sha256(bytes);
    if (stored === undefined || identity === stored.identity.sha256) {
      return { body: bytes, state: "miss", identity };
    }
    services.report("rebuilt_body_differs", { sha256: stored.identity.sha256 });
    return null;
  }
}
