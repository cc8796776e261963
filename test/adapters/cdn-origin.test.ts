import { describe, expect, it } from "vitest";
import { cdnOriginFrom } from "#src/adapters/cdn-origin.ts";

describe("the CDN's origin", () => {
  it.each([
    [undefined, ""],
    ["", ""],
    ["https://cdn.example.com", "https://cdn.example.com"],
    ["https://CDN.example.com/", "https://cdn.example.com"],
    ["http://localhost:8787", "http://localhost:8787"],
  ])("of %j is %j", (text, origin) => {
    const reports: string[] = [];
    expect(cdnOriginFrom(text, (what) => reports.push(what))).toBe(origin);
    expect(reports).toEqual([]);
  });

  it.each(["cdn.example.com", "ftp://cdn.example.com", "https://cdn.example.com/js", "//", "null"])(
    "is as unset, and reported, where it says %j",
    (text) => {
      const problems: unknown[] = [];
      expect(cdnOriginFrom(text, (_, facts) => problems.push(facts))).toBe("");
      expect(JSON.stringify(problems)).toContain("CDN_ORIGIN");
    },
  );
});
