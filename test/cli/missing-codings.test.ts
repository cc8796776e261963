import { describe, expect, it } from "vitest";
import { missingRows } from "../../cli/details.ts";

describe("a revision that lacks a coding", () => {
  it("is shown with the coding's name and what to do, and a whole one without a word", () => {
    expect(missingRows([])).toEqual([]);
    const [[name, text] = []] = missingRows(["zstd", "br"]);
    expect(name).toBe("missing");
    expect(text).toMatch(/zstd, br could not be made.*Publish it again/);
  });
});
