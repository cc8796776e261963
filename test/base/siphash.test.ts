import { describe, expect, it } from "vitest";
import { sipHash, type SipKey } from "#base/siphash.ts";
import vectors from "../vectors/siphash-2-4.json" with { type: "json" };
import { fc } from "../property.ts";

const key: SipKey = [0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c];

function hex(text: string, of = key): string {
  const { 0: high, 1: low } = sipHash(of, text);
  return [high, low].map((half) => half.toString(16).padStart(8, "0")).join("");
}

describe("sipHash", () => {
  it("agrees with an independent implementation for every length up to 63", () => {
    const all = vectors.hashes.map((_, length) =>
      hex(String.fromCharCode(...Array.from({ length }, (__, at) => at))),
    );
    expect(all).toEqual(vectors.hashes);
  });

  it("gives another hash under any other key", () => {
    const word = fc.integer({ min: 0, max: 0xffff_ffff });
    fc.assert(
      fc.property(fc.tuple(word, word, word, word), fc.string(), (other, text) => {
        fc.pre(other.some((each, at) => each !== key[at]));
        expect(hex(text, other)).not.toBe(hex(text));
      }),
    );
  });
});
