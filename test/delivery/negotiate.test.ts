import { describe, expect, it } from "vitest";
import type { Encoding } from "#flags/parameters.ts";
import { negotiateEncoding } from "#src/delivery/negotiate.ts";
import { fc } from "../property.ts";

const all: readonly Encoding[] = ["br", "zstd", "gzip", "identity"];

describe("negotiateEncoding", () => {
  it.each<[string | null, Encoding | undefined]>([
    ["gzip, deflate, br, zstd", "br"],
    ["gzip, deflate", "gzip"],
    ["zstd, gzip;q=0.9", "zstd"],
    ["br;q=0.5, gzip;q=0.8", "gzip"],
    ["x-gzip", "gzip"],
    ["*", "br"],
    ["*;q=0.1, gzip", "gzip"],
    ["br;q=0, *", "zstd"],
    ["identity", "identity"],
    ["", "identity"],
    [null, "identity"],
    ["compress", "identity"],
    ["gzip;q=0.001", "gzip"],
    ["br;q=0", "identity"],
    ["*;q=0", undefined],
    ["identity;q=0", undefined],
    ["*;q=0, identity", "identity"],
    ["identity;q=0, gzip", "gzip"],
    ["*;q=0, br;q=0", undefined],
    ["BR;Q=1", "br"],
    ["gzip ;  q=1.000 , , ,", "gzip"],
  ])("answers %j with %s", (field, expected) => {
    expect(negotiateEncoding(field, all)).toBe(expected);
  });

  it.each(["br;q=2", "br;q=-1", "br;q=abc", "br;q=0.1234", "br;level=5", "br;q=1;x"])(
    "does not trust a member it cannot read: %s",
    (field) => {
      expect(negotiateEncoding(field, all)).toBe("identity");
    },
  );

  it("takes the lower weight of a coding that is named twice", () => {
    expect(negotiateEncoding("br, br;q=0, gzip;q=0.2", all)).toBe("gzip");
  });

  it("offers only what exists", () => {
    expect(negotiateEncoding("br, gzip;q=0.1", ["gzip", "identity"])).toBe("gzip");
  });

  // The oracle reads a field that was generated from parts, so it needs no parser.
  const member = fc.record({
    coding: fc.constantFrom("br", "zstd", "gzip", "identity", "*", "deflate"),
    weight: fc.constantFrom("0", "0.0", "0.3", "0.75", "1"),
  });
  const offers = fc.shuffledSubarray([...all], { minLength: 1 });

  it("never answers with an encoding that was refused, nor with one not offered", () => {
    fc.assert(
      fc.property(fc.array(member, { maxLength: 6 }), offers, (members, offered) => {
        const field = members.map(({ coding, weight }) => `${coding};q=${weight}`).join(", ");
        const answer = negotiateEncoding(field, offered);
        if (answer === undefined) return;
        expect(offered).toContain(answer);
        const own = members.filter(({ coding }) => coding === answer);
        const any = members.filter(({ coding }) => coding === "*");
        const governing = own.length > 0 ? own : any;
        expect(governing.some(({ weight }) => Number(weight) === 0)).toBe(false);
        expect(answer === "identity" || governing.length > 0).toBe(true);
      }),
    );
  });

  it("answers with something unless everything offered is refused", () => {
    fc.assert(
      fc.property(fc.array(member, { maxLength: 6 }), (members) => {
        const field = members.map(({ coding, weight }) => `${coding};q=${weight}`).join(", ");
        const refusesIdentity = members.some(
          ({ coding, weight }) =>
            Number(weight) === 0 &&
            (coding === "identity" ||
              (coding === "*" && !members.some((other) => other.coding === "identity"))),
        );
        fc.pre(!refusesIdentity);
        expect(negotiateEncoding(field, all)).toBeDefined();
      }),
    );
  });

  it("survives any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 3_000 }), (field) => {
        const answer = negotiateEncoding(field, all);
        expect([...all, undefined]).toContain(answer);
      }),
    );
  });
});
