// Null is not zero: in each browser a page on which everything happens leaves every
// column either filled with something or absent, as docs/browser-columns.md says.
import { beforeAll, expect, it } from "vitest";
import type { Column } from "#rum/column.ts";
import { columnTable } from "#rum/columns.ts";
import type { WideEvent } from "#rum/wide-event.ts";
import { inEachBrowser } from "../browsers/in-each-browser.ts";
import { startNeighbour } from "../browser-columns/neighbour.ts";
import { columnsIn, columnsOfPage, keptTold, zerosIn } from "../browser-columns/told.ts";
import { visitAll } from "../browser-columns/visits.ts";
import { startLab } from "./beacon-lab.ts";

const columns: Readonly<Record<string, Column>> = columnTable;

inEachBrowser(({ name, browser }) => {
  let events: readonly WideEvent[];

  beforeAll(async () => {
    const [lab, neighbour] = await Promise.all([startLab(), startNeighbour()]);
    try {
      events = await visitAll(browser(), { lab, neighbour });
    } finally {
      await Promise.all([lab.stop(), neighbour.stop()]);
    }
  }, 120_000);

  it("fills the columns that the table says it fills, and no others", () => {
    const { version, columns: kept } = keptTold()[name];
    const filled = columnsIn(events);
    // A later version may tell more; nothing that was told is to be lost.
    const isLater = Number.parseFloat(browser().version) > Number.parseFloat(version);
    const expected = isLater ? [...kept, ...filled] : kept;
    expect(filled).toEqual(columnsOfPage.filter((each) => expected.includes(each)));
  });

  it("says zero of nothing that happened", () => {
    expect(zerosIn(events)).toEqual([]);
  });

  it("says nothing that breaks the bounds of its column", () => {
    for (const event of events) {
      expect(event["beacon.dropped"]).toEqual([]);
      for (const [column, value] of Object.entries(event)) {
        const { kind, source } = columns[column] ?? {};
        const ofPage = source !== undefined && !["server", "stitch", "token"].includes(source);
        expect(ofPage && kind?.read(value) === undefined ? column : "").toBe("");
      }
    }
  });
});
