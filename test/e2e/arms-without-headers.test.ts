// In every browser, WebKit too, which keeps `Server-Timing` of other origins to itself: a
// page view tells the arm that its snippet came with, in a token that verifies.
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import type { WideEvent } from "#rum/wide-event.ts";
import { startServer } from "../adapters/sinks/stand-in.ts";
import { inEachBrowser } from "../browsers/in-each-browser.ts";
import { publishDemo } from "../demo/publish.ts";
import { adminToken, control, startAviary, type Started } from "../harness.ts";
import { startSite, type Site } from "./site.ts";

let site: Site;
let sink: Awaited<ReturnType<typeof startServer>>;
let worker: Started;
const key = "half";

beforeAll(async () => {
  sink = await startServer(() => ({ status: 204 }));
  const signingSecret = `whsec_${Buffer.from("a secret of thirty-two characters").toString("base64")}`;
  const webhook = { name: "seen", kind: "webhook", url: sink.url, signingSecret: "SEEN_SECRET" };
  const bindings = { SINKS: JSON.stringify([webhook]), SEEN_SECRET: signingSecret };
  [site, worker] = await Promise.all([startSite(), startAviary({ bindings })]);
  await publishDemo({ url: worker.url, token: adminToken });
  const snippet = `<script src="${worker.url}/js/demo.js"></script>`;
  site.serve("/", `<!doctype html><title>page</title>${snippet}<p>Some text.`);
  site.serve("/elsewhere", "<!doctype html><title>elsewhere</title><p>Other text.");
  await rampFlag();
});

afterAll(async () => {
  await Promise.all([site?.stop(), worker?.stop()]);
  sink?.stop();
});

/** Half of all visitors are its canary and the other half its control. */
async function rampFlag(): Promise<void> {
  const stages = [{ sharePpm: 500_000, minTimeMs: 0, minViews: 0, mode: "manual" }];
  const plan = { patch: { headers: { priority: "u=1" } }, unit: "visitor", stages };
  const put = await control(worker, `/flags/${key}`, { method: "PUT", body: JSON.stringify(plan) });
  const headers = { "if-match": '"1"' };
  const ramped = await control(worker, `/flags/${key}/advance`, { method: "POST", headers });
  expect([put.status, ramped.status]).toEqual([201, 200]);
  const isTold = async (): Promise<boolean> => {
    const { headers: fields } = await fetch(`${worker.url}/js/demo.js`);
    return fields.get("server-timing")?.includes("av;desc") ?? false;
  };
  await vi.waitUntil(isTold, { timeout: 30_000, interval: 500 });
}

function views(): readonly WideEvent[] {
  return sink.asked
    .flatMap(({ body }) => body.toString().split("\n"))
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as WideEvent)
    .filter((event) => event["event.kind"] === "page_view");
}

/** What the page can read of its snippet's answer: of its own timing, and of the cache's copy. */
const reading = `(async () => {
  const source = "SNIPPET";
  const [entry] = performance.getEntriesByName(source);
  const told = (entry.serverTiming || []).find(({ name }) => name === "av");
  const copy = await fetch(source, { cache: "force-cache", credentials: "omit" });
  const [, token] = copy.headers.get("server-timing").split('"');
  return { told: told ? told.description : null, token };
})()`;

inEachBrowser(({ name, inTab }) => {
  it("a page view tells its arm in a token that verifies", { timeout: 120_000 }, async () => {
    const before = views().length;
    const { told, token } = await inTab(async (tab) => {
      await tab.goto(`${site.url}/`);
      const read = reading.replace("SNIPPET", `${worker.url}/js/demo.js`);
      const both = (await tab.evaluate(read)) as { told: string | null; token: string };
      await tab.goto(`${site.url}/elsewhere`);
      return both;
    });
    // Who tells, tells what the copy says.
    expect(told).toBe(name === "webkit" ? null : token);
    await vi.waitUntil(() => views().length > before, { timeout: 60_000, interval: 100 });
    const event = views().at(-1);
    const arm = token.includes("_c.") ? "canary" : "control";
    expect(event).toMatchObject({
      "stitch.state": "both",
      "delivery.token_ok": true,
      "delivery.arms_source": "token",
      "delivery.arms": { [key]: arm },
    });
    expect(event?.["edge.cache_status"] === undefined).toBe(name === "webkit");
  });
});
