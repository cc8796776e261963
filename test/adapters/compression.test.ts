// Codings inside workerd, whose own zstd ends early at some sizes: compressed there, and
// decoded there again by libraries that did not compress.
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { decompress as unzstd } from "fzstd";
import { describe, expect, it } from "vitest";
import { encode, type Effort } from "#src/adapters/compression.ts";
import { codings, type Coding } from "#src/delivery/representation.ts";

const decoders: Readonly<Record<Coding, (bytes: Uint8Array) => Uint8Array>> = {
  br: (bytes) => brotliDecompressSync(bytes),
  zstd: (bytes) => unzstd(bytes),
  gzip: (bytes) => gunzipSync(bytes),
};

/** Bytes that nothing compresses, the same ones each time. */
function noise(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = 0x12345678;
  for (let at = 0; at < length; at += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[at] = state & 255;
  }
  return bytes;
}

/** As source text compresses: words that come again, in an order that does not. */
function prose(length: number): Uint8Array {
  const words = noise(4_096).reduce<string[]>((all, byte, at) => {
    all.push(`w${(byte * 31 + at).toString(36)}${at % 7 === 0 ? ".call(this)" : ""};\n`);
    return all;
  }, []);
  const order = noise(Math.ceil(length / 4));
  const text = Array.from(order, (byte, at) => words[(byte * 251 + at) % words.length]).join("");
  return new TextEncoder().encode(text).slice(0, length);
}

const kinds = { noise, prose } as const;

/** Around every power of two from 1 kB to 4 MB, and the largest engine. */
const sizes = [
  0,
  1,
  ...Array.from({ length: 13 }, (_, at) => 1_024 * 2 ** at).flatMap((two) => [
    two - 1,
    two,
    two + 1,
    Math.round(two * 1.37),
  ]),
  40_900,
  40_950,
  5 * 1_024 * 1_024,
];

/** What is wrong with a body's form; undefined where it is right. */
function faultOf(body: Uint8Array, coding: Coding, effort: Effort): string | undefined {
  const { byteLength } = body;
  const encoded = encode(body, coding, effort);
  if (!encoded.ok) return `${byteLength} bytes: ${encoded.error.why}`;
  if (Buffer.compare(decoders[coding](encoded.value), body) !== 0) return `${byteLength}: differs`;
  // No coding here makes noise longer by more than its frame.
  const isBloated = encoded.value.byteLength > byteLength * 1.002 + 64;
  return isBloated ? `${byteLength} bytes: ${encoded.value.byteLength}` : undefined;
}

describe.each(codings)("%s inside workerd", (coding) => {
  it.each(Object.entries(kinds))(
    "decodes to what was encoded at every size up to 5 MB, quick: %s",
    (_, make) => {
      const faults = sizes.map((size) => faultOf(make(size), coding, "quick"));
      expect(faults.filter(Boolean)).toEqual([]);
    },
    120_000,
  );

  // Brotli's best takes seconds for what is large, and its size changes nothing.
  it.each(Object.entries(kinds))(
    "decodes to what was encoded at its best around every power of two: %s",
    (_, make) => {
      const most = coding === "br" ? 70_000 : 300_000;
      const tried = sizes.filter((each) => each <= most);
      const faults = tried.map((size) => faultOf(make(size), coding, "best"));
      expect(faults.filter(Boolean)).toEqual([]);
    },
    240_000,
  );
});

it.each(Object.entries(kinds))(
  "the largest engine there may be has a zstd form at its best, within the memory of an isolate: %s",
  (_, make) => {
    expect(faultOf(make(5 * 1_024 * 1_024), "zstd", "best")).toBe(undefined);
  },
  120_000,
);

describe("what is asked again and again", () => {
  it("is the same each time, whatever came between", () => {
    const small = prose(20_000);
    const first = encode(small, "zstd", "best");
    encode(noise(3_000_000), "zstd", "best");
    expect(encode(small, "zstd", "best")).toEqual(first);
  }, 60_000);
});
