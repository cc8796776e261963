// What only shows with time, under a strict policy or in a trace: the late message of a
// page that stays, the beacon that is inlined, and the early part on a page that is dirty.
import { describe, expect, it } from "vitest";
import { tellingOnLoad, type Page } from "./beacon-lab.ts";
import { labAndRawBrowser } from "./lab-of-file.ts";
import type { RawTab } from "../browsers/raw-chromium.ts";

const { lab, browser } = await labAndRawBrowser();

async function visit(name: string, page: Page): Promise<RawTab> {
  const tab = await browser.open({ newWindow: true });
  await tab.send("Page.navigate", { url: lab.put(name, page) });
  await lab.until(name, 1);
  return tab;
}

const leave = (tab: RawTab): Promise<unknown> => tab.send("Page.navigate", { url: "about:blank" });

describe("the late message of a page that stays", () => {
  it("is sent 25 s after the early one, and its last word when it is hidden after all", async () => {
    const tab = await visit("stays", { head: `<script>${tellingOnLoad("stays")}</script>` });
    await lab.heard("stays");
    expect(lab.arrived("stays")).toHaveLength(1);
    await tab.send("Emulation.setVirtualTimePolicy", { policy: "advance", budget: 26_000 });
    const [early, late] = await lab.until("stays", 2);
    expect(late?.said).toMatchObject({ "stitch.late_seq": 1, "page.end_reason": "timeout" });
    const waitedMs = (late?.said["page.end_at"] ?? 0) - (early?.said["client.sent_at"] ?? 0);
    expect(waitedMs).toBeGreaterThanOrEqual(24_999);
    await leave(tab);
    const [, , last] = await lab.until("stays", 3);
    expect(last?.said).toMatchObject({ "stitch.late_seq": 2, "page.end_reason": "pagehide" });
  });
});

describe("where scripts are only taken from the CDN's snippets, and no string becomes one", () => {
  const policy = [
    "script-src http://localhost:*/js/ 'nonce-page'",
    "connect-src 'self' http://localhost:*",
    "require-trusted-types-for 'script'",
  ].join("; ");
  const headers = { "content-security-policy": policy };
  const page = (name: string): Page => ({
    headers,
    head: `<script nonce="page">${tellingOnLoad(name)}</script>`,
  });

  it("an inlined collector delivers both messages", async () => {
    const tab = await visit("inlined", { ...page("inlined"), inline: true });
    await lab.heard("inlined");
    await leave(tab);
    const [, late] = await lab.until("inlined", 2);
    expect(late?.said).toMatchObject({ "stitch.late_seq": 1, "csp.violations": 0 });
  });

  it("one that would have to be loaded delivers the early message alone", async () => {
    const tab = await visit("loaded", page("loaded"));
    await lab.heard("loaded");
    await leave(tab);
    // The next page's messages come after whatever this one had still to say.
    const next = await visit("after", { ...page("after"), inline: true });
    await lab.heard("after");
    await leave(next);
    await lab.until("after", 2);
    expect(lab.arrived("loaded").map(({ said }) => said["stitch.late_seq"])).toEqual([0]);
  });
});

/** Styles and layouts within the task that runs the snippet of a page that is dirty then. */
async function layouts(name: string, engine: string): Promise<number> {
  // Whoever looks at `aviary`, as the early part does first, finds the page changed.
  const head = `<script>let kept;
    Object.defineProperty(self, "aviary", {
      get() { document.documentElement.style.paddingTop = Math.random() + "px"; return kept; },
      set(given) { kept = given; },
    });</script>`;
  const stop = await browser.trace();
  const tab = await visit(name, { head, engine });
  await leave(tab);
  const events = await stop();
  const run = events.find(
    ({ name: kind, args }) =>
      kind === "EvaluateScript" && args?.data?.url?.endsWith(`/js/${name}.js`),
  );
  const { ts = 0, dur = 0, tid } = run ?? {};
  expect(dur).toBeGreaterThan(0);
  return events.filter(
    (event) =>
      /^(UpdateLayoutTree|Layout)$/.test(event.name) &&
      event.tid === tid &&
      event.ts >= ts &&
      event.ts <= ts + dur,
  ).length;
}

describe("the early part", () => {
  it("forces no layout on a page that needs one", async () => {
    const asked = await layouts("asks", "document.documentElement.offsetHeight;");
    const alone = await layouts("dirty", "");
    expect({ asked: asked > 0, alone }).toEqual({ asked: true, alone: 0 });
  });
});
