// The shop's one page. The snippet is a plain third-party script; the page only
// reads what it left behind.

const products: readonly (readonly [name: string, price: string, hue: number])[] = [
  ["Nest box “Robin”", "€ 24", 18],
  ["Suet feeder", "€ 12", 42],
  ["Stone bath", "€ 58", 205],
  ["Field glasses 8×32", "€ 149", 150],
];

/** The page's HTML; `cdn` is the origin that the snippet comes from. */
export function shopPage(cdn: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>The Bird Table</title>
<style>${style}</style>
</head>
<body>
<header><strong>The Bird Table</strong><nav>Feeders · Boxes · Baths · Optics</nav></header>
<section id="banner"><p>Spring</p><h1 id="headline">Everything for the garden birds</h1></section>
<main>
<ul class="products">${products.map(productItem).join("")}</ul>
<aside>
<h2>What this visitor got</h2>
<dl id="facts">
<dt>visitor</dt><dd id="visitor">…</dd>
<dt>variation</dt><dd id="variation">waiting for the snippet</dd>
<dt>snippet</dt><dd id="snippet">…</dd>
<dt>engine</dt><dd id="engine">…</dd>
<dt>edge</dt><dd id="edge">…</dd>
<dt>download</dt><dd id="download">…</dd>
</dl>
<p class="buttons"><button id="another">Another visitor</button><button id="again">Reload</button></p>
<p class="note">The script came from <code>${cdn}</code>; this page is on another origin.
What its beacons became: <a href="/event">the last page view</a>.</p>
</aside>
</main>
<script>${factsScript}${visitorScript(cdn)}</script>
</body>
</html>`;
}

function productItem([name, price, hue]: (typeof products)[number]): string {
  return `<li><span class="art" style="--hue: ${hue}"></span><b>${name}</b><i>${price}</i></li>`;
}

// The visitor's id is the shop's own business; the snippet finds it on its element.
function visitorScript(cdn: string): string {
  return `
var asked = new URLSearchParams(location.search).get("visitor");
var visitor = asked || localStorage.getItem("visitor") || "visitor-" + Math.random().toString(36).slice(2, 8);
localStorage.setItem("visitor", visitor);
document.getElementById("visitor").textContent = visitor;
var script = document.createElement("script");
script.src = ${JSON.stringify(`${cdn}/js/demo.js`)};
script.dataset.visitor = visitor;
script.onload = showFacts;
script.onerror = function () { set("variation", "the snippet did not load"); };
document.currentScript.after(script);
function set(id, text) { document.getElementById(id).textContent = text; }
document.getElementById("another").onclick = function () {
  localStorage.removeItem("visitor");
  location.href = location.pathname;
};
document.getElementById("again").onclick = function () { location.reload(); };
`;
}

const factsScript = `
function showFacts() {
  if (!self.aviary || !self.aviary.snippet) return set("variation", "nothing is published under this id");
  set("snippet", self.aviary.snippet.id);
  set("engine", self.aviary.snippet.engine);
  var entry = performance.getEntriesByName(script.src)[0];
  if (entry) {
    set("edge", (entry.serverTiming || []).map(function (t) { return t.name + " " + (t.description || t.duration + " ms"); }).join(" · ") || "not told");
    set("download", Math.round(entry.duration) + " ms, " + (entry.transferSize ? entry.transferSize + " bytes" : "from the browser's cache"));
  }
  self.aviary.decision.then(function (decision) {
    set("variation", decision.variation || "none");
    set("headline", decision.variables.headline);
    document.getElementById("banner").style.background = decision.variables.accent;
  }, function (error) { set("variation", String(error)); });
}
`;

const style = `
:root { color-scheme: light; --ink: #1d2a24; --paper: #faf8f3; --line: #e2ddd0; }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
header { display: flex; justify-content: space-between; padding: 1rem 2rem; border-bottom: 1px solid var(--line); }
header strong { font: 600 1.3rem Georgia, serif; }
nav { color: #6b746f; }
#banner { background: #2f6f4f; color: #fff; padding: 3.5rem 2rem; transition: background .3s; }
#banner p { margin: 0; text-transform: uppercase; letter-spacing: .15em; font-size: .8rem; opacity: .8; }
#banner h1 { margin: .3rem 0 0; font: 600 2.2rem/1.2 Georgia, serif; max-width: 22ch; }
main { display: grid; grid-template-columns: minmax(0, 1fr) 22rem; gap: 2rem; padding: 2rem; align-items: start; }
.products { list-style: none; margin: 0; padding: 0; display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); gap: 1rem; }
.products li { background: #fff; border: 1px solid var(--line); border-radius: .6rem; padding: 1rem; display: grid; gap: .3rem; }
.art { height: 6rem; border-radius: .4rem; background: radial-gradient(circle at 30% 35%, hsl(var(--hue) 45% 88%), hsl(var(--hue) 35% 62%)); }
.products i { font-style: normal; color: #6b746f; }
aside { background: #fff; border: 1px solid var(--line); border-radius: .6rem; padding: 1.2rem; }
aside h2 { margin: 0 0 .8rem; font-size: 1rem; }
dl { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: .35rem 1rem; margin: 0; font-size: .9rem; }
dt { color: #6b746f; }
dd { margin: 0; font-family: ui-monospace, monospace; overflow-wrap: anywhere; }
#variation { font-weight: 700; }
.buttons { display: flex; gap: .5rem; margin: 1rem 0 .5rem; }
button { font: inherit; padding: .4rem .8rem; border: 1px solid var(--line); border-radius: .4rem; background: var(--paper); cursor: pointer; }
.note { color: #6b746f; font-size: .85rem; margin: 0; }
@media (max-width: 50rem) { main { grid-template-columns: 1fr; } }
`;
