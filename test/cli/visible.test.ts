import { describe, expect, it } from "vitest";
import { harmless } from "../../cli/format.ts";
import { jsonText, visible } from "../../cli/visible.ts";
import { fc } from "../property.ts";

const ranges: readonly (readonly [number, number])[] = [
  [0x80, 0x9f],
  [0xad, 0xad],
  [0x34f, 0x34f],
  [0x61c, 0x61c],
  [0x115f, 0x1160],
  [0x180b, 0x180f],
  [0x200b, 0x200f],
  [0x2028, 0x202e],
  [0x2060, 0x206f],
  [0x3164, 0x3164],
  [0xfe00, 0xfe0f],
  [0xfeff, 0xfeff],
  [0xfff9, 0xfffb],
  [0xe0001, 0xe007f],
];
const unseen = ranges.flatMap(([from, to]) =>
  Array.from({ length: to - from + 1 }, (_, at) => String.fromCodePoint(from + at)),
);

describe("what --json prints", () => {
  it("shows every character that could not be seen by its number, and is the same document", () => {
    for (const character of unseen) {
      const document = { [`name${character}`]: [`a${character}b`] };
      const text = jsonText(document);
      expect(text).not.toContain(character);
      expect(JSON.parse(text)).toEqual(document);
    }
  });

  it("is the same document for any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(JSON.parse(jsonText({ text }))).toEqual(JSON.parse(JSON.stringify({ text })));
      }),
    );
  });
});

describe("what is printed for people", () => {
  it("holds none of them", () => {
    for (const character of unseen) {
      expect(visible(`a${character}b`)).toMatch(/^a(?:\\u[0-9A-F]{4})+b$/);
      expect(harmless(`a${character}b`)).toBe("ab");
    }
  });

  it("keeps colours, line ends and every letter", () => {
    const text = "\u001B[31mrot\u001B[39m\n\tüéш漢字 עברית 👍";
    expect(visible(text)).toBe(text);
  });
});
