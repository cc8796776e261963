// The bytes of one form of a body; where they are lost or were never made, made
// again from what is left.
import { err, ok, type Result } from "#base/result.ts";
import { encode, type EncodingFailed } from "#src/adapters/compression.ts";
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

/** No store has it and it cannot be put together, or it cannot be had in this coding. */
export type BodyLost = { readonly reason: "body_lost" } | EncodingFailed;

/** What stored forms are compressed with. At another level they are made in the isolate. */
const storedLevel = 11;

/** The body in its coding, from the nearest store. State `miss` asks for a repair. */
export async function loadBody(
  { stored, encoding, rebuild }: BodySource,
  { services, background, plan }: Delivery,
): Promise<Result<LoadedBody, BodyLost>> {
  const { coloTtlS, compressionLevel } = plan.parameters;
  const keeping = { coloTtlS, ...(plan.copy === "" ? {} : { copy: plan.copy }) };
  const isStoredLevel = compressionLevel === storedLevel || encoding === "identity";
  if (isStoredLevel) {
    const found = await load(stored?.[encoding]?.sha256);
    if (found !== null) return ok(found);
  }
  const plain = (await load(stored?.identity.sha256)) ?? (await rebuilt());
  if (plain === null) return err({ reason: "body_lost" });
  if (encoding === "identity") return ok(plain);
  const body = encode(plain.body, encoding, isStoredLevel ? "quick" : compressionLevel);
  if (!body.ok) {
    services.report("encoding_failed", { sha256: plain.identity, ...body.error });
    return body;
  }
  // A form that could not be made when the body was stored is not lost: nothing to repair.
  const isWhole = stored === undefined || stored[encoding] !== undefined;
  const state = isStoredLevel && isWhole ? "miss" : plain.state;
  return ok({ ...plain, body: body.value, state });

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
