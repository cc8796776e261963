// Content codings, through the runtime's own zlib.
import { brotliCompressSync, constants, gzipSync, zstdCompressSync } from "node:zlib";
import type { Encoding } from "#flags/parameters.ts";

/** `quick` while somebody waits, `best` when it is done once and served for ever. */
export type Effort = "quick" | "best";

/** Codings that `compress` knows, in the order in which they are made. */
export const codings = ["br", "zstd", "gzip"] as const satisfies readonly Encoding[];

const levels = {
  br: { quick: 5, best: 11 },
  zstd: { quick: 3, best: 19 },
  gzip: { quick: 6, best: 9 },
} as const;

/**
 * `bytes` in `coding`. Synchronous and, at `best`, slow: about 2 µs a byte for brotli.
 *
 * @param effort or a brotli quality from 1 to 11, to which gzip and zstd do their nearest.
 */
export function compress(
  bytes: Uint8Array,
  coding: Exclude<Encoding, "identity">,
  effort: Effort | number,
): Uint8Array {
  const level = typeof effort === "number" ? nearest(coding, effort) : levels[coding][effort];
  switch (coding) {
    case "br":
      return brotliCompressSync(bytes, {
        params: {
          [constants.BROTLI_PARAM_QUALITY]: level,
          [constants.BROTLI_PARAM_SIZE_HINT]: bytes.byteLength,
        },
      });
    case "zstd":
      return zstdCompressSync(bytes, {
        params: { [constants.ZSTD_c_compressionLevel]: level },
      });
    case "gzip":
      return gzipSync(bytes, { level });
  }
}

/** gzip ends at 9; zstd's 19 is what brotli's 11 is, near the end of what pays. */
function nearest(coding: Exclude<Encoding, "identity">, quality: number): number {
  if (coding === "gzip") return Math.min(quality, levels.gzip.best);
  return coding === "br" ? quality : Math.round((quality * levels.zstd.best) / levels.br.best);
}
