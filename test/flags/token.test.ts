import { describe, expect, it } from "vitest";
import {
  checkToken,
  encodeToken,
  hourOf,
  maxTokenLength,
  parseToken,
  visitorBuckets,
  type Token,
} from "#flags/token.ts";
import { fc } from "../property.ts";

const code = fc.stringMatching(/^[a-z0-9]{1,4}$/);
const arm = fc.record({ code, arm: fc.constantFrom("canary" as const, "control" as const) });
const token: fc.Arbitrary<Token> = fc.record({
  epoch: fc.nat(),
  hour: fc.nat({ max: 2_000_000 }),
  bucket: fc.nat({ max: visitorBuckets - 1 }),
  arms: fc.uniqueArray(arm, { selector: (each) => each.code, maxLength: 64 }),
});

const example: Token = {
  epoch: 1_234,
  hour: 490_000,
  bucket: 42,
  arms: [
    { code: "br", arm: "control" },
    { code: "a1", arm: "canary" },
  ],
};

describe("parseToken", () => {
  it("reads what encodeToken wrote, with the arms in order", () => {
    fc.assert(
      fc.property(token, (each) => {
        const text = encodeToken(each);
        const arms = each.arms.toSorted((left, right) => (left.code < right.code ? -1 : 1));
        expect(parseToken(text)).toEqual({ ok: true, value: { ...each, arms } });
        expect(text.length).toBeLessThanOrEqual(maxTokenLength);
        expect(text).toMatch(/^[0-9a-z._-]+$/);
      }),
    );
    expect(encodeToken(example)).toBe(
      "1.ya.ai34.16.a1_c-br_k".replace("ai34", (490_000).toString(36)),
    );
  });

  it("takes one text for one meaning: no other text parses to the same token", () => {
    const edit = fc.record({
      at: fc.nat(),
      character: fc.constantFrom(..."019abckz._-A +".split("")),
    });
    fc.assert(
      fc.property(token, fc.array(edit, { minLength: 1, maxLength: 3 }), (each, edits) => {
        let text = encodeToken(each);
        for (const { at, character } of edits) {
          const place = at % (text.length + 1);
          text = text.slice(0, place) + character + text.slice(place + (at % 2));
        }
        const parsed = parseToken(text);
        expect(parsed.ok ? encodeToken(parsed.value) : text).toBe(text);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    "",
    "1",
    "1.0.0.0",
    "1.00.0.0.",
    "1.0.0.0.a_x",
    "1.0.0.0.a_c-a_k",
    "1.0.0.0.b_c-a_c",
    "1.0.0.0.a_c-",
    "1.0.0.zzzz.",
    "1.0.0.0.a_c ",
    `1.0.0.0.${"a".repeat(500)}`,
  ])("refuses %j", (text) => {
    expect(parseToken(text)).toEqual({ ok: false, error: { reason: "malformed_token" } });
  });

  it("says which version it does not know", () => {
    expect(parseToken("2.0.0.0.")).toMatchObject({
      error: { reason: "unknown_token_version", version: "2" },
    });
  });
});

describe("checkToken", () => {
  const nowMs = (example.hour + 24) * 3_600_000 + 5;
  const policy = { nowMs, maxAgeHours: 24, leastEpoch: 1_234 };

  function ahead(hours: number): Token {
    return { ...example, hour: hourOf(nowMs) + hours };
  }

  it("takes a token up to its age, not an hour longer", () => {
    expect(hourOf(nowMs)).toBe(example.hour + 24);
    expect(checkToken(example, policy).ok).toBe(true);
    expect(checkToken({ ...example, hour: example.hour - 1 }, policy)).toMatchObject({
      error: { reason: "expired_token", ageHours: 25 },
    });
  });

  it("takes a clock that is an hour ahead, not two", () => {
    expect(checkToken(ahead(1), policy).ok).toBe(true);
    expect(checkToken(ahead(2), policy)).toMatchObject({
      error: { reason: "token_from_the_future" },
    });
  });

  it("takes later epochs than it knows, and none before those it remembers", () => {
    expect(checkToken({ ...example, epoch: 9_999 }, policy).ok).toBe(true);
    expect(checkToken({ ...example, epoch: 1_233 }, policy)).toMatchObject({
      error: { reason: "forgotten_epoch" },
    });
  });
});
