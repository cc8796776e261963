// A page full of secrets, in every place that a page has; and what the beacon says of it.
import { describe, expect, it } from "vitest";
import { saidOf } from "./beacon-lab.ts";
import { labAndBrowser } from "./lab-of-file.ts";

const { lab, browser } = await labAndBrowser();

const secret = "swordfish";

describe("a page full of secrets", () => {
  it("has none of them in any message", async () => {
    const head = `<script>
      performance.mark("${secret}");
      performance.mark("mine", { detail: { ${secret}: "${secret}" } });
      document.cookie = "token=${secret}";
      localStorage.token = "${secret}";
      addEventListener("load", () => { throw new RangeError("no such user: ${secret}") });
      addEventListener("load", () => { Promise.reject(new Error("${secret}")) });
      setTimeout(() => fetch("/pixel/x?token=${secret}#${secret}"), 70);
      setTimeout(() => history.pushState({}, "", "/page/secrets/${secret}?q=${secret}"), 200);
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
    const config = { marks: ["mine"], templates: ["/page/secrets*"] };
    const url = `${lab.put("secrets", { head, body, engine, config })}?q=${secret}#${secret}`;
    const tab = await browser.newPage();
    await tab.goto(url, { referer: `http://search.example/${secret}?q=${secret}` });
    await tab.waitForFunction("document.readyState === 'complete' && late.style.height !== ''");
    await tab.waitForTimeout(300);
    await tab.click("button");
    await tab.waitForTimeout(300);
    await tab.goto("about:blank");
    const beacons = await lab.until("secrets", 2);
    for (const { text } of beacons) expect(text).not.toContain(secret);
    const said = saidOf(beacons);
    // It did look: at the image, the click, the shift, the errors and the marks.
    expect(said["lcp.element"]).toMatch(/img$/);
    expect(said["inp.interaction_target"]).toMatch(/button$/);
    expect(said["error.count"]).toBeGreaterThanOrEqual(1);
    expect(said["rejection.count"]).toBe(1);
    expect(said["exception.message_hash"]).toMatch(/^[0-9a-f]+$/);
    expect(said["referrer.domain"]).toBe("search.example");
    expect(said["url.template"]).toBe("/page/secrets*");
    expect(said["beacon.events"]).toEqual([["signed-in", 1, null]]);
    expect(said["beacon.marks"]?.map(([name]) => name)).toEqual(["mine"]);
    await tab.close();
  });

  it("gives no session id to a visitor who asks for privacy, nor to a customer who does not ask for one", async () => {
    const gpc = `<script>Object.defineProperty(navigator, "globalPrivacyControl", { value: true })</script>`;
    const pages = {
      wanted: { config: { session: true } },
      private: { config: { session: true }, head: gpc },
      unasked: {},
    } as const;
    const sessions: Record<string, unknown> = {};
    for (const [name, page] of Object.entries(pages)) {
      const tab = await browser.newPage();
      await tab.goto(lab.put(name, page));
      await tab.waitForTimeout(300);
      const kept = await tab.evaluate("sessionStorage.length + localStorage.length");
      await tab.goto("about:blank");
      const said = saidOf(await lab.until(name, 2));
      sessions[name] = [kept, said["session.id"]?.length ?? null, said["privacy.gpc"] ?? null];
      await tab.close();
    }
    expect(sessions).toEqual({
      wanted: [1, 32, null],
      private: [0, null, true],
      unasked: [0, null, null],
    });
  });
});
