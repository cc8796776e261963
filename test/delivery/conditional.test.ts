import { describe, expect, it } from "vitest";
import { isNotModified, parseHttpDate, type Validators } from "#src/delivery/conditional.ts";
import { fc } from "../property.ts";

const movedAtMs = Date.UTC(2026, 10, 23, 14, 0, 7);
const current: Validators = {
  etag: '"abc-br"',
  lastModified: new Date(movedAtMs).toUTCString(),
  byDate: "later",
  lastModifiedMs: movedAtMs,
};

const byTag = (ifNoneMatch: string): boolean =>
  isNotModified({ ifNoneMatch, ifModifiedSince: null }, current);
const byDate = (ifModifiedSince: string): boolean =>
  isNotModified({ ifNoneMatch: null, ifModifiedSince }, current);

describe("If-None-Match", () => {
  it.each([
    '"abc-br"',
    'W/"abc-br"',
    '"x", "abc-br"',
    'W/"x" ,W/"abc-br"',
    "*",
    ' "abc-br" ',
    '"a,b","abc-br"',
  ])("matches %s", (list) => {
    expect(byTag(list)).toBe(true);
  });

  it.each([
    '"abc-gzip"',
    '"abc"',
    "abc-br",
    '"abc-br',
    "",
    '"x" oops "abc-br"',
    'w/"abc-br"',
    '"*"',
  ])("does not match %s", (list) => {
    expect(byTag(list)).toBe(false);
  });

  it("decides alone: the date is ignored beside it", () => {
    const sent = { ifNoneMatch: '"other"', ifModifiedSince: current.lastModified };
    expect(isNotModified(sent, current)).toBe(false);
  });

  const tag = fc
    .tuple(fc.constantFrom("", "W/"), fc.stringMatching(/^[\x21\x23-\x7e]{0,12}$/))
    .map(([weak, opaque]) => ({ text: `${weak}"${opaque}"`, opaque }));
  const space = fc.constantFrom("", " ", "\t", "  ");

  it("finds exactly the tags that are in a list, whatever is in them", () => {
    fc.assert(
      fc.property(
        fc.array(tag, { minLength: 1, maxLength: 6 }),
        tag,
        space,
        (tags, wanted, gap) => {
          const list = tags.map(({ text }) => text).join(`${gap},${gap}`);
          const held = { ...current, etag: `"${wanted.opaque}"` };
          const expected = tags.some(({ opaque }) => opaque === wanted.opaque);
          expect(isNotModified({ ifNoneMatch: list, ifModifiedSince: null }, held)).toBe(expected);
        },
      ),
    );
  });
});

describe("If-Modified-Since", () => {
  it("matches Last-Modified echoed to the letter, and any later moment", () => {
    expect(byDate(current.lastModified)).toBe(true);
    expect(byDate(new Date(movedAtMs + 1_000).toUTCString())).toBe(true);
  });

  it("does not match an earlier moment", () => {
    expect(byDate(new Date(movedAtMs - 1_000).toUTCString())).toBe(false);
  });

  it("is ignored where it is no HTTP-date", () => {
    for (const text of ["", "yesterday", "2026-11-23T14:00:07Z", "Mon, 23 Nov 2026 14:00:07 CET"]) {
      expect(byDate(text)).toBe(false);
    }
  });

  it("needs one of the two fields", () => {
    expect(isNotModified({ ifNoneMatch: null, ifModifiedSince: null }, current)).toBe(false);
  });
});

describe("parseHttpDate", () => {
  // The three examples of RFC 9110 §5.6.7.
  it.each([
    "Sun, 06 Nov 1994 08:49:37 GMT",
    "Sunday, 06-Nov-94 08:49:37 GMT",
    "Sun Nov  6 08:49:37 1994",
  ])("reads %s", (text) => {
    expect(parseHttpDate(text)).toBe(784_111_777_000);
  });

  it("reads back every date that toUTCString writes", () => {
    const moment = fc.integer({ min: 0, max: 4_102_444_799 });
    fc.assert(
      fc.property(moment, (second) => {
        expect(parseHttpDate(new Date(second * 1_000).toUTCString())).toBe(second * 1_000);
      }),
    );
  });

  it.each([
    "Tue, 31 Feb 2026 00:00:00 GMT",
    "Mon, 00 Nov 2026 00:00:00 GMT",
    "Mon, 23 Nox 2026 00:00:00 GMT",
    "Mon, 23 Nov 2026 24:00:00 GMT",
  ])("refuses %s", (text) => {
    expect(parseHttpDate(text)).toBeUndefined();
  });
});
