// Content codings. What is handed out has been decoded again and compared: a form that
// would break a page or a poll is a failure here, and never a body.
import {
  brotliCompressSync,
  brotliDecompressSync,
  constants,
  gunzipSync,
  gzipSync,
} from "node:zlib";
import { err, ok, type Result } from "#base/result.ts";
import type { Coding } from "#src/delivery/representation.ts";
import { zstdCompress, zstdDecompress } from "./zstd/zstd.ts";

/** `quick` while somebody waits, `best` when it is done once and served for ever. */
export type Effort = "quick" | "best";

/** A form that cannot be made; `why` is for people. */
export type EncodingFailed = {
  readonly reason: "encoding_failed";
  readonly coding: Coding;
  /** Of the plain body. */
  readonly bytes: number;
  readonly why: string;
};

type Codec = {
  readonly levels: Readonly<Record<Effort, number>>;
  readonly encode: (bytes: Uint8Array, level: number) => Uint8Array;
  /** @param length of what was encoded. */
  readonly decode: (bytes: Uint8Array, length: number) => Uint8Array;
};

const codecs: Readonly<Record<Coding, Codec>> = {
  br: {
    levels: { quick: 5, best: 11 },
    encode: (bytes, level) =>
      brotliCompressSync(bytes, {
        params: {
          [constants.BROTLI_PARAM_QUALITY]: level,
          [constants.BROTLI_PARAM_SIZE_HINT]: bytes.byteLength,
        },
      }),
    decode: (bytes) => brotliDecompressSync(bytes),
  },
  zstd: {
    levels: { quick: 3, best: 19 },
    encode: (bytes, level) => zstdCompress(bytes, affordable(level, bytes.byteLength)),
    decode: zstdDecompress,
  },
  gzip: {
    levels: { quick: 6, best: 9 },
    encode: (bytes, level) => gzipSync(bytes, { level }),
    decode: (bytes) => gunzipSync(bytes),
  },
};

// Level 19 takes 95 MB of the isolate's 128 for a body of 5 MB; 16 takes 44 MB, and its
// form is larger by 2.6 %. Up to 2 MB, 19 takes 39.
const largeBytes = 2 * 1024 * 1024;
const largestLevel = 16;

function affordable(level: number, bytes: number): number {
  return bytes > largeBytes ? Math.min(level, largestLevel) : level;
}

/**
 * `bytes` in `coding`, seen to decode to `bytes`. Synchronous and, at `best`, slow: about
 * 1.5 µs a byte for all codings together.
 *
 * @param effort or a brotli quality from 1 to 11, to which gzip and zstd do their nearest.
 */
export function encode(
  bytes: Uint8Array,
  coding: Coding,
  effort: Effort | number,
): Result<Uint8Array, EncodingFailed> {
  const codec = codecs[coding];
  const level = typeof effort === "number" ? nearest(coding, effort) : codec.levels[effort];
  try {
    const encoded = codec.encode(bytes, level);
    const decoded = codec.decode(encoded, bytes.byteLength);
    if (Buffer.compare(decoded, bytes) === 0) return ok(encoded);
    return err(failed("its form decodes to something else"));
  } catch (error) {
    return err(failed(error instanceof Error ? error.message : String(error)));
  }

  function failed(why: string): EncodingFailed {
    return { reason: "encoding_failed", coding, bytes: bytes.byteLength, why };
  }
}

/** As `encode`, for those who can do nothing without: throws where it cannot be made. */
export function mustEncode(bytes: Uint8Array, coding: Coding, effort: Effort): Uint8Array {
  const encoded = encode(bytes, coding, effort);
  if (encoded.ok) return encoded.value;
  throw new Error(`${coding} of ${bytes.byteLength} bytes cannot be made: ${encoded.error.why}`);
}

/** gzip ends at 9; zstd's 19 is what brotli's 11 is, near the end of what pays. */
function nearest(coding: Coding, quality: number): number {
  const { best } = codecs[coding].levels;
  if (coding === "gzip") return Math.min(quality, best);
  return coding === "br" ? quality : Math.round((quality * best) / codecs.br.levels.best);
}
