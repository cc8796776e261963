import { describe, expect, it } from "vitest";
import { columnTable, fieldTable, type FieldName } from "#rum/columns.ts";

const id = "0".repeat(32);

function read(field: FieldName, value: unknown): unknown {
  return fieldTable[field].kind.read(value);
}

describe("what a field takes", () => {
  it.each<[FieldName, unknown]>([
    ["lcp.value", 0],
    ["lcp.value", 86_400_000],
    ["lcp.value", 0.1],
    ["page.visible_ms", 2_592_000_000],
    ["cls.value", 100],
    ["pv.sample_rate", 1],
    ["device.memory", 0.25],
    ["snippet.http_status", 304],
    ["pv.id", id],
    ["url.domain", "localhost:8787"],
    ["url.domain", "[::1]:8787"],
    ["url.template", "/"],
    ["referrer.domain", "xn--bcher-kva.example"],
    ["snippet.delivery_type", ""],
    ["feature_flags.active", []],
    ["beacon.marks", [["a", "b"]]],
    ["beacon.events", [["a", 1, null]]],
  ])("%s takes %j", (field, value) => {
    expect(read(field, value)).toEqual(value);
  });

  it.each<[FieldName, unknown]>([
    ["lcp.value", -0.1],
    ["lcp.value", 86_400_000.1],
    ["lcp.value", Number.NaN],
    ["lcp.value", Number.POSITIVE_INFINITY],
    ["lcp.value", "640"],
    ["lcp.value", true],
    ["lcp.value", [640]],
    ["lcp.value", null],
    ["page.visible_ms", 2_592_000_001],
    ["cls.value", 100.1],
    ["pv.sample_rate", 0],
    ["dom.nodes", 1.5],
    ["dom.nodes", 2 ** 53],
    ["snippet.http_status", 99],
    ["privacy.gpc", 1],
    ["privacy.gpc", "true"],
    ["pv.id", "0".repeat(31)],
    ["pv.id", "0".repeat(33)],
    ["pv.id", "A".repeat(32)],
    ["pv.id", `${id}\n`],
    ["url.domain", "shop.example/secret"],
    ["url.domain", ""],
    ["url.domain", "a".repeat(254)],
    ["url.template", "/search?q=secret"],
    ["url.template", "/#secret"],
    ["url.template", "product"],
    ["url.template", `/${"a".repeat(200)}`],
    ["page.end_reason", "unload"],
    ["page.end_reason", "__proto__"],
    ["network.effective_type", "5g"],
    ["lcp.element", "div\nspan"],
    ["lcp.element", 5],
    ["lcp.element", ["a"]],
    ["feature_flags.active", "a:b"],
    ["feature_flags.active", { 0: "a:b", length: 1 }],
    ["snippet.timing", [1, 2, 3]],
    ["snippet.timing", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1]],
    ["snippet.timing", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, null]],
    ["beacon.token", "a b"],
    ["beacon.token", "a".repeat(513)],
  ])("%s takes no %j", (field, value) => {
    expect(read(field, value)).toBeUndefined();
  });

  it("makes a plain zero of a negative one, which no sink tells apart", () => {
    expect(Object.is(read("lcp.value", -0), 0)).toBe(true);
  });

  it("cuts texts at their most, never within a character", () => {
    expect(read("lcp.element", "a".repeat(101))).toBe("a".repeat(100));
    expect(read("lcp.element", `${"a".repeat(99)}😀`)).toBe(`${"a".repeat(99)}\uFFFD`);
    expect(read("lcp.element", "a\uD800b")).toBe("a\uFFFDb");
    expect(read("beacon.marks", [["a", "b".repeat(300)]])).toEqual([["a", "b".repeat(256)]]);
  });

  it("leaves out members of lists that break their bounds, and those past the most", () => {
    expect(read("feature_flags.active", ["a:b", 5, null, "c d", ["e:f"], "g:h"])).toEqual([
      "a:b",
      "g:h",
    ]);
    const many = Array.from({ length: 30 }, (_, at) => `flag${at}:on`);
    expect(read("feature_flags.active", many)).toEqual(many.slice(0, 20));
    const neighbour = ["tags.example", 1, 2, 3.5];
    const wrong = [["tags.example", 1, 2], ["", 1, 2, 3], ["a", -1, 2, 3], "tags.example", {}];
    expect(read("beacon.neighbours", [...wrong, neighbour])).toEqual([neighbour]);
    expect(read("beacon.neighbours", [[...neighbour, "more"]])).toEqual([neighbour]);
    expect(
      read("beacon.events", [
        ["a", 1, "2"],
        ["b", -1, 2],
        ["<", 1, 2],
      ]),
    ).toEqual([["a", 1, null]]);
    expect(
      read("beacon.marks", [
        ["a", {}],
        ["b", 1e16],
        ["c", false],
        ["d", 5],
      ]),
    ).toEqual([
      ["c", false],
      ["d", 5],
    ]);
  });

  it("takes from no beacon what only the server says of itself", () => {
    const own = ["delivery.arms", "stitch.early_at", "stitch.late_at", "event.at"] as const;
    for (const name of own) {
      expect(columnTable[name].kind.read("2026-11-23T00:00:00.000Z")).toBeUndefined();
      expect(columnTable[name].kind.read({ flag: "canary" })).toBeUndefined();
    }
  });
});
