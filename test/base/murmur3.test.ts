import golden from "../vectors/flagd-fractional.json" with { type: "json" };
import { describe, expect, it } from "vitest";
import { fc } from "../property.ts";
import { murmur3, murmur3Prefix, murmur3Suffix } from "#base/murmur3.ts";

function scramble(word: number): number {
  const k = Math.imul(word, 0xcc9e2d51);
  return Math.imul((k << 15) | (k >>> 17), 0x1b873593);
}

/** The textbook loop over real bytes, to check the hand-made encoding against. */
function overBytes(bytes: Uint8Array, seed: number): number {
  let hash = seed;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const whole = bytes.length - (bytes.length % 4);
  for (let at = 0; at < whole; at += 4) {
    hash ^= scramble(view.getInt32(at, true));
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
  }
  const tail = bytes.slice(whole).reduce((word, byte, at) => word | (byte << (8 * at)), 0);
  hash ^= scramble(tail) ^ bytes.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

const text = fc.oneof(fc.string(), fc.string({ unit: "binary" }), loneSurrogates());

function loneSurrogates(): fc.Arbitrary<string> {
  const unit = fc.oneof(fc.integer({ min: 0xd7fe, max: 0xe001 }), fc.integer({ min: 0, max: 127 }));
  return fc.array(unit).map((units) => String.fromCharCode(...units));
}

describe("murmur3", () => {
  it.each(golden.vectors)("gives flagd's hash for $flagKey$targetingKey", (vector) => {
    expect(murmur3(vector.flagKey + vector.targetingKey)).toBe(vector.murmur3_u32);
  });

  // Values of the reference implementation in C++, as listed in Wikipedia's "MurmurHash".
  it.each([
    ["", 0, 0],
    ["", 1, 0x514e28b7],
    ["", 0xffffffff, 0x81f16f39],
    ["test", 0, 0xba6bd213],
    ["test", 0x9747b28c, 0x704b81dc],
    ["Hello, world!", 0, 0xc0363e43],
    ["The quick brown fox jumps over the lazy dog", 0x9747b28c, 0x2fa826cd],
  ])("gives the reference value for %j with seed %i", (key, seed, hash) => {
    expect(murmur3(key, seed)).toBe(hash);
  });

  it("hashes the UTF-8 bytes of any string, lone surrogates as U+FFFD", () => {
    const encoder = new TextEncoder();
    fc.assert(
      fc.property(text, fc.nat(), (key, seed) => {
        expect(murmur3(key, seed)).toBe(overBytes(encoder.encode(key), seed));
      }),
      { numRuns: 2_000 },
    );
  });

  it("a key cut anywhere, even within a surrogate pair, hashes as the whole key", () => {
    fc.assert(
      fc.property(text, text, fc.nat(), (prefix, suffix, seed) => {
        expect(murmur3Suffix(murmur3Prefix(prefix, seed), suffix)).toBe(
          murmur3(prefix + suffix, seed),
        );
      }),
      { numRuns: 2_000 },
    );
  });
});
