// The bytes of one stored form; where they are lost, made again from what is left.
import { compress } from "#src/adapters/compression.ts";
import { sha256 } from "#src/adapters/digest.ts";
import type { CacheState } from "#src/delivery/headers.ts";
import type { Representations } from "#src/delivery/representation.ts";
import type { Encoding } from "#flags/parameters.ts";
import type { Delivery } from "./delivery.ts";

export type LoadedBody = { readonly body: Uint8Array; readonly state: CacheState };

export type BodySource = {
  readonly stored: Representations;
  readonly encoding: Encoding;
  /** Makes the plain body from its parts; null where it has none or they are lost too. */
  readonly rebuild: () => Promise<Uint8Array | null>;
};

/** The body in its coding, from the nearest store; null where nothing is left. State `miss` asks for a repair. */
export async function loadBody(
  { stored, encoding, rebuild }: BodySource,
  { services, background }: Delivery,
): Promise<LoadedBody | null> {
  const coded = stored[encoding];
  if (coded !== undefined) {
    const found = await services.artifacts.get(coded.sha256, background);
    if (found.ok) return { body: found.value.bytes, state: found.value.source };
  }
  const plain = await loadPlain();
  if (plain === null) return null;
  const body = encoding === "identity" ? plain : compress(plain, encoding, "quick");
  return { body, state: "miss" };

  async function loadPlain(): Promise<Uint8Array | null> {
    const digest = stored.identity.sha256;
    if (encoding !== "identity") {
      const found = await services.artifacts.get(digest, background);
      if (found.ok) return found.value.bytes;
    }
    const rebuilt = await rebuild();
    if (rebuilt === null || (await sha256(rebuilt)) === digest) return rebuilt;
    services.report("rebuilt_body_differs", { sha256: digest });
    return null;
  }
}
