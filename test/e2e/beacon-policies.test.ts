// Pages with a policy: what a snippet can still load, run and say, in every browser.
import { expect, it } from "vitest";
import { messageListener } from "../browsers/browser.ts";
import { inEachBrowser } from "../browsers/in-each-browser.ts";
import { tellingWhenCollected, type Page } from "./beacon-lab.ts";
import { labOfFile } from "./lab-of-file.ts";

const lab = await labOfFile();
/** Of the same site: its renderer goes on, and has time to say what a page had still to say. */
const elsewhere = lab.put("elsewhere", { document: "<!doctype html><p>Elsewhere" });

const csp = (...directives: readonly string[]): Readonly<Record<string, string>> => ({
  "content-security-policy": directives.join("; "),
});
const fromTheCdn = "http://localhost:*";
const own = "connect-src 'self' http://localhost:*";
const nonced = "script-src 'nonce-page'";
const typed = "require-trusted-types-for 'script'";

/** By the policy: a page that has it, whose own scripts have the nonce `page`. */
const whole: Readonly<Record<string, Page>> = {
  "the CDN allowed by its host": { headers: csp(`script-src 'nonce-page' ${fromTheCdn}`, own) },
  "a nonce, and the collector inlined": {
    headers: csp(nonced, own),
    attributes: `nonce="page"`,
    inline: true,
  },
  "a nonce that scripts hand on": {
    headers: csp("script-src 'nonce-page' 'strict-dynamic'", own),
    attributes: `nonce="page"`,
  },
  "Trusted Types and the CDN's snippets alone, and the collector inlined": {
    headers: csp("script-src 'nonce-page' http://localhost:*/js/", own, typed),
    inline: true,
  },
  "Trusted Types of its own making": {
    headers: csp(`script-src 'nonce-page' ${fromTheCdn}`, own, typed),
    head: `<script nonce="page">self.trustedTypes?.createPolicy("default", { createScriptURL: (url) => url })</script>`,
  },
  "isolation from other origins, without credentials": {
    headers: {
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-embedder-policy": "credentialless",
    },
  },
  "isolation from other origins, and CORS": {
    headers: {
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-embedder-policy": "require-corp",
    },
    attributes: "crossorigin",
    inline: true,
  },
  "no referrers": { headers: { "referrer-policy": "no-referrer" } },
  "no features": {
    headers: {
      "permissions-policy": "unload=(), sync-xhr=(), deferred-fetch=(), deferred-fetch-minimal=()",
    },
  },
};

/** By what the policy forbids: the page, and the numbers of the beacons that come of it. */
const partial: Readonly<Record<string, readonly [Page, readonly number[]]>> = {
  "any script but the snippet": [
    { headers: csp("script-src http://localhost:*/js/ 'nonce-page'", own) },
    [0],
  ],
  "strings for the URLs of scripts": [{ headers: csp(typed, own) }, [0]],
  connections: [{ headers: csp("connect-src 'none'") }, []],
  "the snippet": [{ headers: csp("script-src 'nonce-page'") }, []],
};

/** An engine that posts to `/heard/<name>` once the page is loaded, and its inlined collector with it. */
const tellingAfterLoad = (name: string): string => `addEventListener("load", () =>
  setTimeout(() => navigator.sendBeacon("${lab.cdn}/heard/${name}", "1"), 100));`;

inEachBrowser(({ name: browser, inTab }) => {
  const named = (what: string): string => `${browser}-${what.replaceAll(/\W+/g, "-")}`;

  async function sendBoth(name: string, page: Page): Promise<readonly unknown[]> {
    const engine = page.inline ? tellingAfterLoad(name) : tellingWhenCollected(lab, name);
    await inTab(async (tab) => {
      await tab.navigate(lab.put(name, { ...page, engine }));
      await lab.heard(name);
      await tab.goto(elsewhere);
    });
    const beacons = await lab.until(name, 2);
    return beacons.map(({ said }) => [said["stitch.late_seq"], said["csp.violations"]]);
  }

  it.concurrent.each(Object.entries(whole))(
    "both beacons come of a page with %s",
    async (what, page) => {
      expect(await sendBoth(named(what), page)).toEqual([
        [0, undefined],
        [1, 0],
      ]);
    },
  );

  it.concurrent.each(Object.entries(partial))(
    "a page whose policy forbids %s notices nothing of the beacon",
    async (what, [page, numbers]) => {
      const name = named(what);
      const seen = await inTab(async (tab) => {
        const head = `<script nonce="page">${messageListener}</script>`;
        await tab.goto(lab.put(name, { ...page, head, engine: `document.title = "ran";` }));
        await tab.evaluate("new Promise((done) => setTimeout(done, 400))");
        const title = await tab.evaluate("document.title");
        const messages = await tab.messages();
        const thrown = messages.filter(({ level }) => level === "exception");
        await tab.goto(elsewhere);
        return { title, thrown };
      });
      expect(seen).toEqual({ title: what === "the snippet" ? name : "ran", thrown: [] });
      // The next page's messages come after whatever this one had still to say.
      await sendBoth(`${name}-next`, {});
      expect(lab.arrived(name).map(({ said }) => said["stitch.late_seq"])).toEqual(numbers);
    },
  );
});
