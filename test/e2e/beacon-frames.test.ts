// A snippet in a frame, of every kind that there is: its engine runs, both beacons come,
// and nothing is dropped from them.
import { expect, it } from "vitest";
import { inEachBrowser } from "../browsers/in-each-browser.ts";
import { saidOf, tellingWhenCollected } from "./beacon-lab.ts";
import { labOfFile } from "./lab-of-file.ts";

const lab = await labOfFile();
/** Of the same site: its renderer goes on, and has time to say what a page had still to say. */
const elsewhere = lab.put("elsewhere", { document: "<!doctype html><p>Elsewhere" });

type Snippet = { readonly name: string; readonly source: string };

const element = (source: string): string => `<script src="${source}"></script>`;
const inner = (source: string): string => `<!doctype html>${element(source)}<p>Words`;
const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll('"', "&quot;");

/** By the kind of frame: what the page around it is. */
const frames: Readonly<Record<string, (snippet: Snippet) => string>> = {
  "of the page's own origin": ({ name }) => `<iframe src="/page/${name}-inner"></iframe>`,
  "of another origin": ({ name }) => `<iframe src="${lab.cdn}/page/${name}-inner"></iframe>`,
  "in a sandbox": ({ name }) =>
    `<iframe sandbox="allow-scripts" src="/page/${name}-inner"></iframe>`,
  "of a srcdoc": ({ source }) => `<iframe srcdoc="${escaped(inner(source))}"></iframe>`,
  "of a srcdoc in a sandbox": ({ source }) =>
    `<iframe sandbox="allow-scripts" srcdoc="${escaped(inner(source))}"></iframe>`,
  "that is blank": ({ source }) => `<iframe id="blank"></iframe><script>
    const element = blank.contentDocument.createElement("script");
    element.src = "${source}";
    blank.contentDocument.body.append(element);</script>`,
  "of a blob": ({ source }) => `<script>
    addEventListener("DOMContentLoaded", () => {
      const frame = document.createElement("iframe");
      const text = ${JSON.stringify(inner(source)).replaceAll("</", String.raw`<\/`)};
      frame.src = URL.createObjectURL(new Blob([text], { type: "text/html" }));
      document.body.append(frame);
    });</script>`,
  "that is hidden": ({ name }) => `<iframe hidden src="/page/${name}-inner"></iframe>`,
};

inEachBrowser(({ name: browser, inTab }) => {
  it.concurrent.each(Object.entries(frames))(
    "a frame %s sends both beacons, and nothing of them is dropped",
    async (kind, pageWith) => {
      const name = `${browser}-${kind.replaceAll(/\W+/g, "-")}`;
      const source = `${lab.cdn}/js/${name}.js`;
      const around = `<!doctype html><title>${name}</title><body>${pageWith({ name, source })}`;
      lab.put(`${name}-inner`, { document: inner(source) });
      const url = lab.put(name, { document: around, engine: tellingWhenCollected(lab, name) });
      await inTab(async (tab) => {
        await tab.goto(url);
        await lab.heard(name);
        await tab.goto(elsewhere);
      });
      const beacons = await lab.until(name, 2);
      expect(beacons.map(({ said }) => said["stitch.late_seq"])).toEqual([0, 1]);
      expect(beacons.flatMap(({ dropped }) => dropped)).toEqual([]);
      expect(saidOf(beacons)["page.end_reason"]).toMatch(/^(pagehide|hidden|fetchlater)$/);
    },
  );
});
