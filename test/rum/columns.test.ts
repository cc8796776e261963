import { describe, expect, it } from "vitest";
import type { Column } from "#rum/column.ts";
import { columnGroups, columnTable, fieldTable } from "#rum/columns.ts";
import { carriedFields } from "#rum/columns/carried.ts";
import { layout } from "#rum/wire.ts";

const fields = Object.entries<Column>(fieldTable);

function kindsOf({ places }: Column): string {
  return Object.keys(places).join();
}

describe("columnTable", () => {
  it("has every column once, in one group", () => {
    const grouped = Object.values(columnGroups).flatMap((group) => Object.keys(group));
    expect(grouped.toSorted()).toEqual(Object.keys(columnTable).toSorted());
    expect(new Set([...grouped, ...Object.keys(carriedFields)]).size).toBe(fields.length);
  });

  it("names columns as OpenTelemetry does, and leaves names under x. to customers", () => {
    for (const [name] of fields) {
      expect(name).toMatch(/^[a-z0-9_]+(\.[a-z0-9_]+)+$/);
      expect(name).not.toMatch(/^x\./);
    }
  });

  it("tells of every column what it means, in one sentence, and its bounds", () => {
    for (const [, { doc, kind }] of fields) {
      expect(doc).toMatch(/^[^\n|]+\.$/);
      expect(kind.bounds).toMatch(/^[^\n|]+$/);
    }
  });

  it("has a unit in the name of a duration, or the name of a moment", () => {
    const durations = fields.filter(([name]) => /_ms$|\.ms$/.test(name));
    expect(durations.map(([, { kind }]) => kind.unit)).toEqual(durations.map(() => "ms"));
  });

  it("gives positions to what the page says, and to nothing else", () => {
    const expected = { early: "early", late: "late", both: "early,late" };
    for (const [, column] of fields) {
      const { source } = column;
      const places = source in expected ? expected[source as keyof typeof expected] : "";
      expect(kindsOf(column)).toBe(places);
    }
  });

  it.each(["early", "late"] as const)("gives no position twice and skips none: %s", (kind) => {
    const taken = fields.flatMap(([, { places }]) => places[kind] ?? []);
    expect(taken.toSorted((left, right) => left - right)).toEqual([...taken.keys()]);
    expect(layout[kind]).toHaveLength(taken.length);
  });
});
