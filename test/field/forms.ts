// A body in every encoding, as it goes over the wire, decoded by Node's own codecs.
import { createHash } from "node:crypto";
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import { fetchRaw } from "../bench/fetch-raw.ts";
import type { Encoding } from "#flags/parameters.ts";

const decoders: Readonly<Record<Encoding, (bytes: Uint8Array) => Uint8Array>> = {
  br: (bytes) => brotliDecompressSync(bytes),
  zstd: (bytes) => zstdDecompressSync(bytes),
  gzip: (bytes) => gunzipSync(bytes),
  identity: (bytes) => bytes,
};

/** Every encoding that is asked for. */
export const encodings = ["br", "zstd", "gzip", "identity"] as const satisfies readonly Encoding[];

export type Forms = {
  /** The plain body. */
  readonly body: Uint8Array;
  /** Bytes on the wire. */
  readonly wire: Readonly<Record<Encoding, number>>;
  readonly faults: readonly string[];
};

/** GETs `url` once in each encoding: each must decode to the bytes whose SHA-256 is `sha256`. */
export async function fetchForms(url: string, sha256: string): Promise<Forms> {
  const wire: Record<Encoding, number> = { br: 0, zstd: 0, gzip: 0, identity: 0 };
  const faults: string[] = [];
  let body: Uint8Array = new Uint8Array();
  for (const encoding of encodings) {
    const answer = await fetchRaw(url, { "accept-encoding": encoding });
    const coding = answer.headers["content-encoding"] ?? "identity";
    wire[encoding] = answer.body.byteLength;
    if (answer.status !== 200 || coding !== encoding) {
      faults.push(`asked for ${encoding}: ${answer.status} in ${coding}`);
      continue;
    }
    const decoded = decoders[encoding](answer.body);
    if (createHash("sha256").update(decoded).digest("hex") !== sha256) {
      faults.push(`${encoding} decodes to other bytes`);
    }
    body = decoded;
  }
  return { body, wire, faults };
}
