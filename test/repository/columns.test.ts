import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { statementPath, statementText } from "../../worker/build/clickhouse-table.ts";
import { documentOf, documentPath, keptTold, unexplained } from "../browser-columns/told.ts";
import { documentPath as wideEventPath, wideEventText } from "../../worker/build/wide-event-doc.ts";
import { positionsPath, positionsText } from "../../worker/build/wire-positions.ts";

describe("what is made from the column table; npm run columns writes it anew", () => {
  it.each([
    ["docs/wide-event.md", wideEventPath, wideEventText],
    ["worker/rum/positions.ts", positionsPath, positionsText],
    ["docs/operations/clickhouse.sql", statementPath, statementText],
  ])("%s is what the table says today", async (_, path, text) => {
    expect(await readFile(path, "utf8")).toBe(text());
  });
});

describe("docs/browser-columns.md; npm run columns:browsers writes it anew", () => {
  it("is what told.json says", async () => {
    expect(await readFile(documentPath, "utf8")).toBe(documentOf(keptTold()));
  });

  it("says of every column that a browser leaves empty why it does", () => {
    expect(unexplained(keptTold())).toEqual([]);
  });
});
