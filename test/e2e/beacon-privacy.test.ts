// A page full of secrets, in every place that a page has; and what the beacon says of it.
import { expect, it } from "vitest";
import type { BrowserName } from "../browsers/browser.ts";
import { inEachBrowser } from "../browsers/in-each-browser.ts";
import { saidOf } from "./beacon-lab.ts";
import { labOfFile } from "./lab-of-file.ts";

const lab = await labOfFile();

const secret = "swordfish";

/** What a browser names elements for. */
const looks: Readonly<Record<BrowserName, readonly [lcp: boolean, inp: boolean]>> = {
  chromium: [true, true],
  firefox: [true, true],
  webkit: [false, false],
};

inEachBrowser(({ name: browser, inTab }) => {
  it("a page full of secrets has none of them in any message", async () => {
    const head = `<script>
      performance.mark("${secret}");
      performance.mark("mine", { detail: { ${secret}: "${secret}" } });
      document.cookie = "token=${secret}";
      localStorage.token = "${secret}";
      addEventListener("load", () => { throw new RangeError("no such user: ${secret}") });
      addEventListener("load", () => { Promise.reject(new Error("${secret}")) });
      setTimeout(() => fetch("/pixel/x?token=${secret}#${secret}"), 70);
      setTimeout(() => history.pushState({}, "", "/page/${browser}-secrets/${secret}?q=${secret}"), 200);
    </script>
    <script src="/missing/${secret}.js?${secret}" async></script>`;
    const body = `<main id="user-4711-${secret}" class="${secret}9" data-name="${secret}">
      <h1 aria-label="${secret}">Dear ${secret}</h1><div id="late"></div>
      <img id="${secret}-1" alt="${secret}" src="/image/${secret}?slow=200&token=${secret}" width="500" height="400">
      <button id="${secret}2" value="${secret}" onclick="for (const s = performance.now(); performance.now() - s < 80;);">${secret}</button>
      <input type="password" value="${secret}"></main>
      <script>setTimeout(() => { late.style.height = "50px" }, 400)</script>`;
    const engine = `aviary.track("signed-in", { value: "${secret}", user: "${secret}" });
      aviary.track("not a name: ${secret}", { value: 1 }); aviary.span("${secret}")();`;
    const template = `/page/${browser}-secrets*`;
    const config = { marks: ["mine"], templates: [template] };
    const view = `${browser}-secrets`;
    const url = `${lab.put(view, { head, body, engine, config })}?q=${secret}#${secret}`;
    await inTab(async (tab) => {
      // Another page leads to it: that is the referrer.
      await tab.goto(lab.put(`${browser}-${secret}`, { document: `<a href="${url}">Secrets</a>` }));
      await tab.click("a");
      await tab.until(
        `document.title === "${view}" && late.style.height !== "" && document.readyState === "complete"`,
      );
      await tab.evaluate("new Promise((done) => setTimeout(done, 300))");
      await tab.click("button");
      await tab.evaluate("new Promise((done) => setTimeout(done, 1000))");
      await tab.goto("about:blank");
    });
    const beacons = await lab.until(view, 2);
    for (const { text } of beacons) expect(text).not.toContain(secret);
    const said = saidOf(beacons);
    // It did look: at the image, the click, the shift, the errors and the marks.
    const [lcp, inp] = looks[browser];
    expect([
      said["lcp.element"]?.endsWith("img") ?? false,
      said["inp.interaction_target"]?.endsWith("button") ?? false,
    ]).toEqual([lcp, inp]);
    expect(said["error.count"]).toBeGreaterThanOrEqual(1);
    expect(said["rejection.count"]).toBe(1);
    expect(said["exception.message_hash"]).toMatch(/^[0-9a-f]+$/);
    expect(said["referrer.domain"]).toBe(new URL(url).host);
    expect(said["url.template"]).toBe(template);
    expect(said["beacon.events"]).toEqual([["signed-in", 1, null]]);
    expect(said["beacon.marks"]?.map(([name]) => name)).toEqual(["mine"]);
  });

  it("the beacon gives no session id to a visitor who asks for privacy, nor to a customer who does not ask for one", async () => {
    const gpc = `<script>Object.defineProperty(navigator, "globalPrivacyControl", { value: true })</script>`;
    const pages = {
      wanted: { config: { session: true } },
      private: { config: { session: true }, head: gpc },
      unasked: {},
    } as const;
    const sessions: Record<string, unknown> = {};
    for (const [name, page] of Object.entries(pages)) {
      const named = `${browser}-${name}`;
      const kept = await inTab(async (tab) => {
        await tab.goto(lab.put(named, page));
        await tab.evaluate("new Promise((done) => setTimeout(done, 300))");
        const entries = await tab.evaluate(
          "[sessionStorage, localStorage].flatMap(Object.keys).filter((key) => key !== 'token').length",
        );
        await tab.goto("about:blank");
        return entries;
      });
      const said = saidOf(await lab.until(named, 2));
      sessions[name] = [kept, said["session.id"]?.length ?? null, said["privacy.gpc"] ?? false];
    }
    expect(sessions).toEqual({
      wanted: [1, 32, false],
      private: [0, null, true],
      unasked: [0, null, false],
    });
  });
});
