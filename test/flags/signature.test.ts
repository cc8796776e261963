import { describe, expect, it } from "vitest";
import {
  agentKeyFrom,
  readArmsToken,
  sign,
  signingKeyFrom,
  verify,
  visitorFrom,
  type SigningKey,
} from "#flags/signature.ts";
import { encodeToken, hourOf, visitorBuckets, type Token } from "#flags/token.ts";
import { fc } from "../property.ts";

const today = signingKeyFrom("0123456789abcdef".repeat(4));
const yesterday = signingKeyFrom("fedcba9876543210".repeat(4));
const nowMs = 1_700_000_000_000;
const policy = { nowMs, maxAgeHours: 24, leastEpoch: 0 };
const token: Token = {
  epoch: 12,
  hour: hourOf(nowMs),
  bucket: 7,
  arms: [{ code: "a1", arm: "canary" }],
};

describe("sign", () => {
  it("is believed under the key it was made with, and under the one before", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(verify(sign(text, yesterday), [today, yesterday])).toBe(text);
        expect(verify(sign(text, yesterday), [today])).toBeUndefined();
        expect(verify(sign(text, today), [])).toBeUndefined();
      }),
    );
  });

  it("is not believed with any one character changed", () => {
    const signed = sign(encodeToken(token), today);
    fc.assert(
      fc.property(
        fc.nat(signed.length - 1),
        fc.constantFrom("0", "9", "a", "z", ".", "_", "-"),
        (at, character) => {
          const changed = signed.slice(0, at) + character + signed.slice(at + 1);
          fc.pre(changed !== signed);
          expect(verify(changed, [today])).toBeUndefined();
        },
      ),
    );
  });
});

describe("readArmsToken", () => {
  it("tells the arms that were given", () => {
    const signed = sign(encodeToken(token), today);
    expect(readArmsToken(signed, [today], policy)).toEqual({ ok: true, value: token });
  });

  it.each([
    ["forged_token", `${encodeToken(token)}.00000000000`],
    ["forged_token", ""],
    ["malformed_token", sign("1.no.token", today)],
    ["malformed_token", "x".repeat(600)],
    ["expired_token", sign(encodeToken({ ...token, hour: token.hour - 25 }), today)],
    ["token_from_the_future", sign(encodeToken({ ...token, hour: token.hour + 2 }), today)],
  ])("refuses a %s", (reason, signed) => {
    const read = readArmsToken(signed, [today], policy);
    expect(read.ok || read.error.reason).toBe(reason);
  });
});

const visitorOf = (address: string, userAgent: string, key: SigningKey) =>
  visitorFrom(address, agentKeyFrom(userAgent, key));

describe("visitorFrom", () => {
  it("is the same for the same address, user agent and day, and another otherwise", () => {
    const visitor = visitorOf("203.0.113.9", "Firefox", today);
    expect(visitorOf("203.0.113.9", "Firefox", today)).toEqual(visitor);
    const others = [
      visitorOf("203.0.113.8", "Firefox", today),
      visitorOf("203.0.113.9", "Chrome", today),
      visitorOf("203.0.113.9", "Firefox", yesterday),
    ];
    expect(others.map(({ id }) => id)).not.toContain(visitor.id);
  });

  it("spreads visitors evenly over the buckets", () => {
    const visitors = 64_000;
    const counts = Array.from({ length: visitorBuckets }, () => 0);
    for (let at = 0; at < visitors; at += 1) {
      const { bucket } = visitorOf(`10.0.${at >> 8}.${at & 255}`, "Firefox", today);
      counts[bucket] = (counts[bucket] ?? 0) + 1;
    }
    const expected = visitors / visitorBuckets;
    const chiSquared = counts.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
    // The 99.99 % point of χ² with 63 degrees of freedom.
    expect(chiSquared).toBeLessThan(114);
  });
});
