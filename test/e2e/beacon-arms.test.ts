// Browsers under a live flag, and nothing in between: what a page of the demo's shop sends
// brings the arms that its snippet came with, and they are believed because they verify.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import type { WideEvent } from "#rum/wide-event.ts";
import { startServer } from "../adapters/sinks/stand-in.ts";
import { launchChromium } from "../chromium.ts";
import { publishDemo } from "../demo/publish.ts";
import { shopPage } from "../demo/shop-page.ts";
import { armsIn } from "../demo/visitors.ts";
import { adminToken, control, startAviary, type Started } from "../harness.ts";
import { startSite, type Site } from "./site.ts";

let browser: Browser;
let shop: Site;
let sink: Awaited<ReturnType<typeof startServer>>;
let worker: Started;
let engine: string;
let payload: string;

beforeAll(async () => {
  sink = await startServer(() => ({ status: 204 }));
  const signingSecret = `whsec_${Buffer.from("a secret of thirty-two characters").toString("base64")}`;
  const webhook = { name: "seen", kind: "webhook", url: sink.url, signingSecret: "SEEN_SECRET" };
  const bindings = { SINKS: JSON.stringify([webhook]), SEEN_SECRET: signingSecret };
  [browser, shop, worker] = await Promise.all([
    launchChromium(),
    startSite(),
    startAviary({ bindings }),
  ]);
  ({ engine, payload } = await publishDemo({ url: worker.url, token: adminToken }));
  shop.serve("/", shopPage(worker.url));
});

afterAll(async () => {
  await browser?.close();
  await Promise.all([shop?.stop(), worker?.stop()]);
  sink?.stop();
});

const key = "sooner";

/** Half of all visitors are its canary and the other half its control. Returns its code in tokens. */
async function rampFlag(): Promise<string> {
  const stages = [{ sharePpm: 500_000, minTimeMs: 0, minViews: 0, mode: "manual" }];
  const plan = { patch: { headers: { priority: "u=1" } }, unit: "visitor", stages };
  const put = await control(worker, `/flags/${key}`, { method: "PUT", body: JSON.stringify(plan) });
  const headers = { "if-match": '"1"' };
  const ramped = await control(worker, `/flags/${key}/advance`, { method: "POST", headers });
  expect([put.status, ramped.status]).toEqual([201, 200]);
  const flag = await control(worker, `/flags/${key}`);
  return (await flag.json<{ readonly code: string }>()).code;
}

type Visit = { readonly viewId: string; readonly token: string };

/** A visitor with a browser of their own looks at the shop and goes elsewhere. */
async function visit(userAgent: string): Promise<Visit> {
  const context = await browser.newContext({ userAgent });
  const page = await context.newPage();
  const sent = page.waitForRequest(`${worker.url}/t/demo`);
  const came = page.waitForResponse(`${worker.url}/js/demo.js`);
  await page.goto(`${shop.url}/`);
  const timing = (await (await came).allHeaders())["server-timing"] ?? "";
  const [, , viewId] = JSON.parse((await sent).postData() ?? "[]") as [number, number, string];
  await page.goto("about:blank");
  await context.close();
  return { viewId, token: /av;desc="([^"]+)"/.exec(timing)?.[1] ?? "" };
}

function events(): readonly WideEvent[] {
  return sink.asked.flatMap(({ body }) =>
    body
      .toString()
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as WideEvent),
  );
}

it("a view under a live flag comes in whole, with the arms that its snippet was given, verified", async () => {
  const code = await rampFlag();
  const given = new Set<string>();
  // Isolates hear of a flag within seconds. Visitors are named by a key of this run, so
  // that who is in which arm, or held out of all, is chance.
  for (let visitor = 0; visitor < 60 && given.size < 2; visitor += 1) {
    const { viewId, token } = await visit(`Mozilla/5.0 Chrome/150.0.${visitor}.0`);
    const arm = armsIn(token).get(code);
    if (arm === undefined) continue;
    given.add(arm);
    const ofView = (): WideEvent | undefined => events().find(({ "pv.id": id }) => id === viewId);
    await vi.waitUntil(ofView, { timeout: 60_000, interval: 100 });
    expect(ofView()).toMatchObject({
      "event.kind": "page_view",
      "stitch.state": "both",
      "delivery.token_ok": true,
      "delivery.arms": { [key]: arm },
      "snippet.id": "demo",
      // What the composition told the page of itself, which the page handed back.
      "snippet.payload_digest": payload.slice(0, 12),
      "snippet.build": engine,
      "beacon.version": expect.stringMatching(/^demo\.[0-9a-f]{8}$/) as string,
      "edge.cache_status": expect.stringMatching(/^(?:hit|colo|kv|r2|miss)$/) as string,
      "edge.dur_ms": expect.any(Number) as number,
    });
  }
  expect(given).toEqual(new Set(["canary", "control"]));
}, 240_000);
