// Visits that fill every column that a browser can fill: pages on which everything
// happens, in a way that leaves no count and no duration at zero.
import { viewKey } from "#rum/stitch.ts";
import { wideEvent, type WideEvent } from "#rum/wide-event.ts";
import type { TestBrowser, Tab } from "../browsers/browser.ts";
import type { Arrived, Lab, Page } from "../e2e/beacon-lab.ts";
import type { Neighbour } from "./neighbour.ts";

type Places = { readonly lab: Lab; readonly neighbour: Neighbour };

/** Long enough for its compiling to take time. */
const bulk = Array.from({ length: 4_000 }, (_, at) => `function f${at}(a){return a+${at}}`).join(
  "",
);

const engine = `!function () { ${bulk}
  var busy = function (ms) { for (var s = performance.now(); performance.now() - s < ms;); };
  ["config", "targeting", "bucketing", "async"].forEach(function (name) {
    var end = aviary.span(name); busy(3); end();
  });
  var end = aviary.span("apply");
  for (var s = performance.now(); performance.now() - s < 80;) {
    document.documentElement.style.paddingTop = Math.random() + "px";
    document.documentElement.offsetHeight;
  }
  end(3);
  aviary.track("added", { value: 39.9 });
  aviary.track("not a name");
  aviary.flags = ["checkout:b"];
  performance.mark("theme", { detail: "dark" });
  setTimeout(function () { throw new RangeError("of the snippet") }, 20);
}();`;

function pageOf({ neighbour: { url } }: Places): Page {
  return {
    engine,
    attributes: "crossorigin",
    config: { session: true, marks: ["theme"], templates: ["/page/*"] },
    headers: {
      "content-security-policy": "object-src 'none'; img-src 'self' http://127.0.0.1:*",
      "server-timing": "db;dur=12",
    },
    head: `<script src="${url}/told/early.js"></script>
      <script src="${url}/told/cors.js" crossorigin></script>
      <script src="${url}/untold/early.js"></script>`,
    body: `<h1>Words</h1><button id="buy">Buy</button><input><div id="late"></div>
      <p>Words that move</p><img id="hero" src="${url}/told/hero.svg?slow=900" width="500" height="400">
      <script>
        buy.onclick = () => work(120, true);
        const began = () => performance.getEntriesByName("first-contentful-paint")[0];
        const watch = setInterval(() => {
          if (!began()) return;
          clearInterval(watch);
          setTimeout(() => work(150, true), 50);
        }, 20);
        addEventListener("pageshow", ({ persisted }) => {
          if (persisted) fetch("${url}/told/again.svg", { mode: "no-cors" });
        });
        self.happen = () => {
          late.style.height = "120px";
          Promise.reject(new Error("of the page"));
          new Image().src = "http://forbidden.example/";
        };
      </script>`,
  };
}

const collected = `document.readyState === "complete" &&
  performance.getEntriesByType("resource").some(({ name }) => name.includes("/beacon/"))`;
const settledMs = 700;

/** What the server makes of the views that these beacons are of. */
function eventsOf(beacons: readonly Arrived[]): readonly WideEvent[] {
  const views = Map.groupBy(beacons, (beacon) => viewKey(beacon));
  return [...views.values()].map((view) => {
    const arrivals = view.map((beacon) => ({ beacon: { ...beacon, seen: {} }, atMs: Date.now() }));
    return wideEvent({ kind: "page_view", arrivals, duplicates: 0 });
  });
}

async function settle(tab: Tab): Promise<void> {
  await tab.evaluate(`new Promise((done) => setTimeout(done, ${settledMs}))`);
}

/** A load on which everything happens, after a redirect and by a link. */
async function visitOnce(tab: Tab, places: Places): Promise<void> {
  const { lab } = places;
  const target = lab.put("everything", pageOf(places));
  const redirect = lab.put("redirect", { status: 302, headers: { location: target } });
  await tab.goto(lab.put("linking", { instead: "", body: `<a id="to" href="${redirect}">On</a>` }));
  await tab.evaluate("void setTimeout(() => document.getElementById('to').click(), 50)");
  await tab.until(`location.pathname === "/page/everything" && ${collected}`);
  await settle(tab);
  await tab.evaluate("void happen()");
  await settle(tab);
  await tab.click("#buy");
  await tab.click("input");
  await tab.type("ab");
  await settle(tab);
  await tab.hide();
  await lab.until("everything", 2);
  await tab.show();
}

/** Leaves the page and comes back, into the back/forward cache where there is one. */
async function comeBack(tab: Tab, { lab }: Places): Promise<void> {
  await tab.goto(lab.put("elsewhere"));
  await tab.back();
  await settle(tab);
  await tab.click("#buy");
  await settle(tab);
  await tab.hide();
  await tab.show();
  await settle(tab);
}

/** Comes back to a page that the browser may not keep, and that changes after its paint. */
async function comeBackUnkept(tab: Tab, { lab, neighbour }: Places): Promise<void> {
  const headers = { "cache-control": "no-store" };
  const again = `fetch("${neighbour.url}/told/again.svg", { mode: "no-cors" })`;
  const body = `<h1>Words</h1><script>
    addEventListener("unload", () => {});
    addEventListener("pageshow", () => { ${again}; throw new TypeError("of the page") });
  </script>`;
  const late = `setTimeout(function () { aviary.span("apply")(1) }, 500)`;
  await tab.goto(lab.put("unkept", { headers, body, engine: late }));
  await tab.until(collected);
  await settle(tab);
  await tab.goto(lab.put("elsewhere"));
  await tab.back();
  await tab.until(collected);
  await settle(tab);
  await tab.hide();
  await lab.until("unkept", 4);
  await tab.show();
}

/** The wide events of all that a visitor of this browser can do. */
export async function visitAll(
  browser: TestBrowser,
  places: Places,
): Promise<readonly WideEvent[]> {
  const tab = await browser.open();
  await visitOnce(tab, places);
  await comeBack(tab, places);
  await comeBackUnkept(tab, places);
  await tab.close();
  const { arrived } = places.lab;
  return eventsOf([...arrived("everything"), ...arrived("unkept")]);
}
