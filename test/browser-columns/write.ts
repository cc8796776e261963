// npm run columns:browsers: visits the pages in every browser that is here, and writes
// what each of them told. What is known of a browser that is not here stays.
import { writeFile } from "node:fs/promises";
import { seenBrowsers } from "../browsers/ensure-browsers.ts";
import { startBrowser } from "../browsers/start-browser.ts";
import { startLab } from "../e2e/beacon-lab.ts";
import { startNeighbour } from "./neighbour.ts";
import { columnsIn, documentOf, documentPath, keptTold, toldPath, type ToldBy } from "./told.ts";
import { visitAll } from "./visits.ts";

const told: Record<string, ToldBy> = { ...keptTold() };
for (const name of seenBrowsers) {
  const [lab, neighbour, browser] = await Promise.all([
    startLab(),
    startNeighbour(),
    startBrowser(name),
  ]);
  try {
    const columns = columnsIn(await visitAll(browser, { lab, neighbour }));
    told[name] = { version: browser.version, columns };
    console.log(`${name} ${browser.version}: ${columns.length} columns`);
  } finally {
    await Promise.all([browser.kill(), lab.stop(), neighbour.stop()]);
  }
}
await writeFile(toldPath, `${JSON.stringify(told, null, 2)}\n`);
await writeFile(documentPath, documentOf(keptTold()));
