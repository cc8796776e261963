// The ways in which a page can come by a snippet: in each of them the engine runs, and
// both beacons come, as long as the browser tells a script where it came from.
import { expect, it } from "vitest";
import { inEachBrowser } from "../browsers/in-each-browser.ts";
import { saidOf, tellingWhenCollected, type Page } from "./beacon-lab.ts";
import { labOfFile } from "./lab-of-file.ts";

const lab = await labOfFile();
/** Of the same site: its renderer goes on, and has time to say what a page had still to say. */
const elsewhere = lab.put("elsewhere", { document: "<!doctype html><p>Elsewhere" });

/** What a page is, given the snippet's URL. */
type Embedding = (source: string) => Page;

const html = (head: string, body = "<p>Words</p>"): Page => ({
  document: `<!doctype html><meta charset="utf-8"><title>A page</title>${head}<body>${body}`,
});
const script = (source: string): string => `<script>${source}</script>`;
const inject = (source: string, more = ""): string =>
  `const element = document.createElement("script"); element.src = "${source}"; ${more};
   document.head.append(element);`;
const nonce = "script-src 'nonce-page' http://localhost:*";

/** By what the page does: the document, and the `load_mode` that its snippet has. */
const embeddings: Readonly<Record<string, readonly [string, Embedding]>> = {
  "in the head": ["sync", (source) => html(`<script src="${source}"></script>`)],
  "with async": ["async", (source) => html(`<script async src="${source}"></script>`)],
  "with defer": ["defer", (source) => html(`<script defer src="${source}"></script>`)],
  "at the end of the body": ["sync", (source) => html("", `<script src="${source}"></script>`)],
  "with old attributes": [
    "sync",
    (source) =>
      html(`<script language="JavaScript" type="text/javascript" src="${source}"></script>`),
  ],
  injected: ["dynamic", (source) => html(script(inject(source)))],
  "injected in order": [
    "dynamic",
    (source) => html(script(inject(source, "element.async = false"))),
  ],
  "injected after load": [
    "dynamic",
    (source) =>
      html(script(`addEventListener("load", () => setTimeout(() => { ${inject(source)} }, 100))`)),
  ],
  "injected and taken out at once": [
    "dynamic",
    (source) => html(script(`${inject(source)} element.remove();`)),
  ],
  "by a module of the page": [
    "dynamic",
    (source) => html(`<script type="module">${inject(source)}</script>`),
  ],
  "by document.write": [
    "sync",
    (source) => html(script(`document.write('<script src="${source}"><\\/script>')`)),
  ],
  "by a tag manager": [
    "async",
    (source) =>
      html(
        script(`(function (w, d, s, l) {
          w[l] = w[l] || []; w[l].push({ "gtm.start": new Date().getTime(), event: "gtm.js" });
          var f = d.getElementsByTagName(s)[0], j = d.createElement(s);
          j.async = true; j.src = "${source}"; f.parentNode.insertBefore(j, f);
        })(window, document, "script", "dataLayer");`),
      ),
  ],
  "by createContextualFragment": [
    "dynamic",
    (source) =>
      html(
        "",
        script(`document.body.append(document.createRange()
          .createContextualFragment('<script src="${source}"><\\/script>'))`),
      ),
  ],
  "cloned from a template": [
    "dynamic",
    (source) =>
      html(
        "",
        `<template id="kept"><script src="${source}"></script></template>
         ${script(`document.body.append(document.importNode(kept.content, true))`)}`,
      ),
  ],
  preloaded: [
    "sync",
    (source) =>
      html(`<link rel="preload" as="script" href="${source}"><script src="${source}"></script>`),
  ],
  "with CORS": ["sync", (source) => html(`<script crossorigin src="${source}"></script>`)],
  "with a nonce": [
    "sync",
    (source) => ({
      ...html(`<script nonce="page" src="${source}"></script>`),
      headers: { "content-security-policy": nonce },
    }),
  ],
  "with a nonce that others inherit": [
    "sync",
    (source) => ({
      ...html(`<script nonce="page" src="${source}"></script>`),
      headers: { "content-security-policy": "script-src 'nonce-page' 'strict-dynamic'" },
    }),
  ],
  "with a query and a fragment": [
    "sync",
    (source) => html(`<script src="${source}?v=2#shop"></script>`),
  ],
  "without a scheme": [
    "sync",
    (source) => html(`<script src="${source.replace("http:", "")}"></script>`),
  ],
  "where links have another base": [
    "sync",
    (source) =>
      html(`<base href="https://elsewhere.example/deep/"><script src="${source}"></script>`),
  ],
  "in quirks mode": [
    "sync",
    (source) => ({ document: `<title>Old</title><script src="${source}"></script><p>Words` }),
  ],
  "in an XHTML document": [
    "sync",
    (source) => ({
      headers: { "content-type": "application/xhtml+xml" },
      document: `<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head>
        <title>A page</title><script src="${source}"></script></head><body><p>Words</p></body></html>`,
    }),
  ],
  "before any body": [
    "sync",
    (source) => ({ document: `<!doctype html><script src="${source}"></script>` }),
  ],
};

/** Where `document.currentScript` is null by the standard, or has no `src`: nothing says whom to send to. */
const nameless: Readonly<Record<string, Embedding>> = {
  "imported by a module": (source) => html(`<script type="module">import "${source}";</script>`),
  "in a shadow tree": (source) =>
    html(
      "",
      `<div id="host"></div>${script(`const element = document.createElement("script");
        element.src = "${source}"; host.attachShadow({ mode: "open" }).append(element);`)}`,
    ),
  "copied into the page": (source) =>
    html(
      script(`fetch("${source}").then((answer) => answer.text()).then((text) => {
      const element = document.createElement("script"); element.text = text; document.head.append(element);
    });`),
    ),
};

inEachBrowser(({ name: browser, inTab }) => {
  it.concurrent.each(Object.entries(embeddings))(
    "a snippet that stands %s runs its engine and sends both beacons",
    async (way, [loadMode, embed]) => {
      const name = `${browser}-${way.replaceAll(/\W+/g, "-")}`;
      const page = embed(`${lab.cdn}/js/${name}.js`);
      const url = lab.put(name, { ...page, engine: tellingWhenCollected(lab, name) });
      await inTab(async (tab) => {
        await tab.navigate(url);
        await lab.heard(name);
        await tab.goto(elsewhere);
      });
      const beacons = await lab.until(name, 2);
      expect(beacons.map(({ said }) => said["stitch.late_seq"])).toEqual([0, 1]);
      expect(beacons.flatMap(({ dropped }) => dropped)).toEqual([]);
      expect(saidOf(beacons)).toMatchObject({
        "snippet.load_mode": loadMode,
        "page.end_reason": "pagehide",
      });
    },
  );

  it.each(Object.entries(nameless))(
    "a snippet that is %s runs its engine and sends nothing: it cannot know where it came from",
    async (way, embed) => {
      const name = `${browser}-${way.replaceAll(/\W+/g, "-")}`;
      const next = `${name}-next`;
      const engine = `navigator.sendBeacon("${lab.cdn}/heard/${name}", typeof aviary.payload === "object");`;
      const url = lab.put(name, { ...embed(`${lab.cdn}/js/${name}.js`), engine });
      await inTab(async (tab) => {
        await tab.navigate(url);
        expect(await lab.heard(name)).toBe(true);
        // Whatever it had to send goes before what the next page sends.
        await tab.goto(lab.put(next, { engine: tellingWhenCollected(lab, next) }));
        await lab.heard(next);
        await tab.goto(elsewhere);
      });
      await lab.until(next, 2);
      expect(lab.arrived(name)).toEqual([]);
    },
  );
});
