// What the early message says and where it goes, in every browser: what a browser does
// not tell is left out, and no way of embedding a snippet sends it elsewhere.
import { expect, it } from "vitest";
import { inEachBrowser } from "../browsers/in-each-browser.ts";
import { saidOf, tellingWhenCollected, type Page } from "./beacon-lab.ts";
import { labOfFile } from "./lab-of-file.ts";

const lab = await labOfFile();

inEachBrowser(({ name: browser, inTab }) => {
  /** Visits a page whose snippet is `source`, and leaves it once its collector has begun. */
  async function visit(name: string, page: Page): Promise<void> {
    const url = lab.put(name, { engine: tellingWhenCollected(lab, name), ...page });
    await inTab(async (tab) => {
      await tab.goto(url);
      await lab.heard(name);
      await tab.goto("about:blank");
    });
  }

  it("a snippet behind the site's own URL reports to the CDN that is named in it", async () => {
    const name = `${browser}-redirected`;
    const config = { to: `${lab.cdn}/t/${name}`, collector: `${lab.cdn}/beacon/1.js` };
    const document = `<!doctype html><script src="/own/${name}.js"></script><p>Words`;
    await visit(name, { config, document });
    const beacons = await lab.until(name, 2);
    expect(new Set(beacons.map(({ host }) => host))).toEqual(new Set([new URL(lab.cdn).host]));
    expect(beacons.flatMap(({ dropped }) => dropped)).toEqual([]);
  });

  it("a snippet whose URL has a fragment has its timing and its arms", async () => {
    const name = `${browser}-fragment`;
    const document = `<!doctype html><script src="${lab.cdn}/js/${name}.js#shop"></script><p>Words`;
    await visit(name, { document });
    const said = saidOf(await lab.until(name, 2));
    expect(said["snippet.timing"]).toHaveLength(11);
    expect(said["snippet.timing"]?.at(-1)).toBeGreaterThan(0);
  });

  it("a page without fetch sends both messages", async () => {
    const name = `${browser}-no-fetch`;
    const head = `<script>Object.defineProperty(self, "fetch", { value: undefined });</script>`;
    const engine = tellingWhenCollected(lab, name).replace(
      /fetch\(([^,]+),[^;]*/,
      "navigator.sendBeacon($1, 1)",
    );
    await visit(name, { head, engine });
    const beacons = await lab.until(name, 2);
    expect(beacons.map(({ said }) => said["stitch.late_seq"])).toEqual([0, 1]);
  });

  it("where nobody is measured and all are heard, the early message comes alone", async () => {
    const name = `${browser}-always`;
    const next = `${name}-next`;
    const url = lab.put(name, { config: { sampleRate: 0, earlyAlways: true } });
    await inTab(async (tab) => {
      await tab.goto(url);
      await tab.goto(lab.put(next, { engine: tellingWhenCollected(lab, next) }));
      await lab.heard(next);
      await tab.goto("about:blank");
    });
    await lab.until(next, 2);
    expect(lab.arrived(name).map(({ said }) => said["stitch.late_seq"])).toEqual([0]);
    expect(saidOf(lab.arrived(name))["pv.sample_rate"]).toBe(1);
  });

  it("sizes are said together, and none of them is zero", async () => {
    const name = `${browser}-sizes`;
    await visit(name, {});
    const said = saidOf(await lab.until(name, 2));
    const { "snippet.encoded_size": encoded, "snippet.decoded_size": decoded } = said;
    const isTold = decoded !== undefined;
    expect([encoded !== undefined, said["snippet.transfer_size"] !== undefined]).toEqual([
      isTold,
      isTold,
    ]);
    expect([encoded, decoded]).not.toContain(0);
    expect(said["nav.activation_start"]).toBe(browser === "chromium" ? 0 : undefined);
    expect(said["ttfb.value"]).toBeGreaterThan(0);
  });
});
