// What a snippet with a beacon leaves in a page's scope, and what a page's names do to it:
// beside `self.aviary` nothing, in either direction.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { afterAll, describe, expect, it } from "vitest";
import { buildBeacon } from "../../worker/build/beacon.ts";
import type { Tab } from "../browsers/browser.ts";
import { inEachBrowser } from "../browsers/in-each-browser.ts";
import { saidOf, startLab, type Page } from "./beacon-lab.ts";

const require = createRequire(import.meta.url);
const lab = await startLab();
afterAll(() => lab.stop());

const remember = `<script>self.seen = [];
  addEventListener("error", (e) => seen.push(e.message));
  self.before = Object.getOwnPropertyNames(self).concat("before");</script>`;
const newNames =
  "[seen, Object.getOwnPropertyNames(self).filter((name) => !before.includes(name))]";

/** The element of another snippet, whose page has no other use. */
function another(name: string, page: Page = {}): string {
  lab.put(name, page);
  return `<script src="${lab.cdn}/js/${name}.js"></script>`;
}

/** Opens a page, asks it something once its collectors have begun, and leaves it. */
async function visit(tab: Tab, name: string, { page, ask }: Visit): Promise<unknown> {
  await tab.goto(lab.put(name, { ...page, head: `${remember}${page.head ?? ""}` }));
  // They were loaded before the page was, and begin in a task that stands before this one.
  const answer = await tab.evaluate(
    `new Promise((done) => setTimeout(() => setTimeout(() => done(${ask}), 100)))`,
  );
  await tab.navigate("about:blank");
  return answer;
}

type Visit = { readonly page: Page; readonly ask: string };

/** Waits until each view of a snippet has sent both messages, and says which views there were. */
async function viewsOf(snippet: string, atLeast = 2): Promise<ReadonlyMap<string, number[]>> {
  const views = new Map<string, number[]>();
  for (const { said } of await lab.until(snippet, atLeast)) {
    const { "pv.id": id, "stitch.late_seq": sequence } = said;
    views.set(id, [...(views.get(id) ?? []), sequence]);
  }
  return views;
}

/** An engine that holds its own `aviary`, and uses it at once and later. */
function trackingEngine(name: string): string {
  return `(() => { const own = self.aviary; own.track("${name}-now");
    addEventListener("load", () => { own.track("${name}-later"); own.span("apply")(2); }); })();`;
}

const libraries =
  another("leaflet", { instead: await readFile(require.resolve("leaflet"), "utf8") }) +
  another("lodash", { instead: await readFile(require.resolve("lodash"), "utf8") });
const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_$".split("");
const words = [
  ...new Set(
    Object.values(await buildBeacon())
      .join()
      .match(/[A-Za-z]\w+/g),
  ),
];

inEachBrowser(({ name: browserName, inTab }) => {
  const named = (name: string): string => `${name}-${browserName}`;

  describe("of all the page's names a snippet takes `aviary`", () => {
    it.each<[string, Page, string?]>([
      ["alone", {}],
      ["inlined", { inline: true }],
      ["strict", { inline: true, engine: '"use strict";' }],
      ["beside another", {}, "other"],
      ["inlined beside another", { inline: true }, "other-inlined"],
    ])("%s, and each speaks for itself", async (what, page, other) => {
      const snippets = [named(what.replaceAll(" ", "-")), ...(other ? [named(other)] : [])];
      const [name = "", ...others] = snippets;
      const { inline } = page;
      const body = others.map((each) => another(each, { ...(inline && { inline }) })).join("");
      const seen = await inTab((tab) =>
        visit(tab, name, { page: { ...page, body }, ask: newNames }),
      );
      expect(seen).toEqual([[], ["aviary"]]);
      for (const each of snippets) expect([...(await viewsOf(each)).values()]).toEqual([[0, 1]]);
    });

    it.each([true, false])("twice, inlined: %s, and both views are told", async (inline) => {
      const name = named(inline ? "twice-inlined" : "twice");
      const body = `<script src="${lab.cdn}/js/${name}.js"></script>`;
      const page = { body, ...(inline && { inline }) };
      await inTab(async (tab) => {
        expect(await visit(tab, name, { page, ask: newNames })).toEqual([[], ["aviary"]]);
        const views = await viewsOf(name, 4);
        expect([...views.values()]).toEqual([
          [0, 1],
          [0, 1],
        ]);
      });
    });

    it("and what its engine tracked and measured stays its own, also later", async () => {
      const page = {
        engine: trackingEngine("a"),
        body: another(named("b"), { engine: trackingEngine("b") }),
      };
      await inTab((tab) => visit(tab, named("a"), { page, ask: newNames }));
      for (const letter of ["a", "b"]) {
        const said = saidOf(await lab.until(named(letter), 2));
        expect(said["beacon.events"]).toEqual([
          [`${letter}-now`, 1, null],
          [`${letter}-later`, 1, null],
        ]);
        expect(said["snippet.changes"]).toBe(2);
      }
    });
  });

  describe.each([true, false])("with the collector inlined: %s", (inlined) => {
    const inline = inlined ? ({ inline: true } as const) : {};
    const spelled = (name: string): string => named(inlined ? `${name}-inlined` : name);

    it("Leaflet and Lodash go on working", async () => {
      const name = spelled("libraries");
      const body = '<div id="map" style="width: 300px; height: 200px"></div>';
      const ask = `[L.map("map").setView([51.5, -0.1], 13).getZoom(), _.chunk([1, 2, 3], 2).length]`;
      const page = { head: libraries, body, ...inline };
      expect(await inTab((tab) => visit(tab, name, { page, ask }))).toEqual([13, 2]);
      await lab.until(name, 2);
    });

    it("a page's own constants of one letter stay, and stop neither engine nor beacon", async () => {
      const name = spelled("letters");
      const head = `<script>const ${letters.map((each) => `${each} = "${each}"`).join()};</script>`;
      const engine = `document.documentElement.dataset.engine = "ran";`;
      const ask = `[document.documentElement.dataset.engine, [${letters.join()}].join("")]`;
      const page = { head, engine, ...inline };
      const answer = await inTab((tab) => visit(tab, name, { page, ask }));
      expect(answer).toEqual(["ran", letters.join("")]);
      await lab.until(name, 2);
    });

    it("an engine that declares what the platform has runs, and so does the beacon", async () => {
      const name = spelled("declares");
      await inTab(async (tab) => {
        // Every global that the beacon's scripts so much as mention, and that a script can declare.
        const declarable = `${JSON.stringify(words)}.filter((word) =>
          Object.getOwnPropertyDescriptor(self, word)?.configurable === true)`;
        await tab.goto(lab.put(named("blank"), { config: { sampleRate: 0 } }));
        const mentioned = (await tab.evaluate(declarable)) as string[];
        expect(mentioned.length).toBeGreaterThan(20);
        const names = [...new Set(["self", "aviary", "JSON", ...mentioned])];
        const engine = `const ${names.map((each) => `${each} = "${each}"`).join()};
          window.addEventListener("load", () => window.setTimeout(() => window.fetch(
            "/heard/${name}", { method: "POST", body: window.JSON.stringify([${names.join()}]) }), 100));`;
        await tab.navigate(lab.put(name, { engine, ...inline }));
        expect(await lab.heard(name)).toEqual(names);
        await tab.navigate("about:blank");
        await lab.until(name, 2);
      });
    });
  });

  describe("while an engine runs", () => {
    it.each([
      ["in the head", ""],
      ["async", "async"],
      ["deferred", "defer"],
    ])("scripts and siblings are as without a beacon: %s", async (what, attributes) => {
      const name = named(`itself-${what.replaceAll(" ", "-")}`);
      const engine = `document.documentElement.dataset.itself = [document.scripts.length,
        document.scripts[document.scripts.length - 1] === document.currentScript,
        document.currentScript.nextElementSibling?.tagName].join();`;
      const ask = "document.documentElement.dataset.itself";
      const page = { engine, attributes, body: "<p>Words</p>" };
      const without = { ...page, config: { sampleRate: 0 } };
      await inTab(async (tab) => {
        const alone = await visit(tab, `${name}-alone`, { page: without, ask });
        expect(await visit(tab, name, { page, ask })).toBe(alone);
        await lab.until(name, 2);
      });
    });

    it("its element may be gone from the page", async () => {
      const name = named("detached");
      lab.put(name);
      const head = `<script>{ const s = document.createElement("script");
        s.src = "${lab.cdn}/js/${name}.js"; document.head.append(s); s.remove(); }</script>`;
      const page = { head, config: { sampleRate: 0 } };
      const seen = await inTab((tab) => visit(tab, `${name}-from`, { page, ask: "seen" }));
      expect(seen).toEqual([]);
      expect([...(await viewsOf(name)).values()]).toEqual([[0, 1]]);
    });
  });
});
