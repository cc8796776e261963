// Who else is on the page, as the page itself can add it up: what came before the
// collector counts in every browser, and what nobody tells is no zero.
import { afterAll, expect, it } from "vitest";
import { startNeighbour } from "../browser-columns/neighbour.ts";
import { inEachBrowser } from "../browsers/in-each-browser.ts";
import { saidOf, type Page } from "./beacon-lab.ts";
import { labOfFile } from "./lab-of-file.ts";

const lab = await labOfFile();
const neighbour = await startNeighbour();
afterAll(() => neighbour.stop());

type Sums = {
  readonly all: number;
  readonly scripts: number;
  readonly opaque: number;
  readonly bytes: number | null;
};

/** Adds up what the page's own timeline says. */
const adding = `(() => {
  const all = performance.getEntriesByType("resource");
  const theirs = all.filter(({ name }) => name.startsWith("${neighbour.url}"));
  const told = theirs.filter(({ decodedBodySize }) => decodedBodySize > 0);
  const bytes = told.reduce((sum, { transferSize }) => sum + transferSize, 0);
  return {
    all: all.length,
    scripts: theirs.filter(({ initiatorType }) => initiatorType === "script").length,
    opaque: theirs.length - told.length,
    bytes: told.length > 0 || theirs.length === 0 ? bytes : null,
  };
})()`;

const collected = `document.readyState === "complete" &&
  performance.getEntriesByType("resource").some(({ name }) => name.includes("/beacon/"))`;

const { url } = neighbour;
const pages: Readonly<Record<string, Page>> = {
  nobody: { body: "<p>Words</p>" },
  "one that tells, and one that does not": {
    head: `<script src="${url}/told/a.js"></script><script src="${url}/untold/b.js"></script>
      <script src="${url}/told/c.js" crossorigin></script>`,
    body: `<p>Words</p><img src="${url}/told/d.svg"><img src="/pixel/own">`,
  },
  "one that does not tell": {
    head: `<script src="${url}/untold/a.js"></script><script src="${url}/untold/b.js"></script>`,
  },
};

inEachBrowser(({ name, inTab }) => {
  it.each(Object.entries(pages))("counts the resources of a page beside %s", async (what, page) => {
    await inTab(async (tab) => {
      const id = `${name}-${what.replaceAll(/\W+/g, "-")}`;
      await tab.goto(lab.put(id, page));
      await tab.until(collected);
      await tab.evaluate("new Promise((done) => setTimeout(done, 500))");
      const sums = (await tab.evaluate(adding)) as Sums;
      await tab.hide();
      const said = saidOf(await lab.until(id, 2));
      expect({
        all: said["resource.count"],
        scripts: said["tp.script_count"],
        opaque: said["tp.opaque_count"],
        bytes: said["tp.bytes"] ?? null,
      }).toEqual(sums);
      expect(said["beacon.neighbours"] ?? []).toHaveLength(what === "nobody" ? 0 : 1);
      const blocking = name === "chromium" ? sums.scripts : undefined;
      expect(said["tp.blocking_scripts"]).toBe(blocking);
    });
  });
});
