// Optimizely's SDK as it is on npm, in Node and in Chromium, against the real
// Worker. Nothing of it is replaced.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  createInstance,
  createPollingProjectConfigManager,
  NOTIFICATION_TYPES,
  type Client,
} from "@optimizely/optimizely-sdk";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { launchChromium } from "../chromium.ts";
import { datafileText } from "../demo/publish.ts";
import { control, startAviary, type Started } from "../harness.ts";
import { startRecordingProxy, type RecordingProxy } from "./recording-proxy.ts";
import { startSite, type Site } from "./site.ts";

const accessToken = "datafile-token-of-the-demo";
const updateMs = 1_000;
const visibleWithin = { timeout: 10_000, interval: 100 };

let worker: Started;
let proxy: RecordingProxy;

async function publish(sdkKey: string, revision: string, guarded: boolean): Promise<void> {
  const body = JSON.stringify({ ...(JSON.parse(datafileText) as object), sdkKey, revision });
  const headers = guarded ? { "Aviary-Access-Tokens": accessToken } : new Headers();
  const init = { method: "PUT", body, headers };
  const response = await control(worker, `/datafiles/${sdkKey}?account=demo`, init);
  expect(response.ok).toBe(true);
}

const statusesOf = (sdkKey: string): readonly number[] =>
  proxy.exchanges.filter(({ path }) => path.includes(sdkKey)).map(({ status }) => status);

beforeAll(async () => {
  worker = await startAviary();
  proxy = await startRecordingProxy(worker.url);
});

afterAll(async () => {
  await proxy.stop();
  await worker.stop();
});

describe("the SDK in Node", () => {
  const clients: Client[] = [];

  function poll(sdkKey: string, token?: string): Client {
    const folder = token === undefined ? "datafiles" : "datafiles/auth";
    const client = createInstance({
      projectConfigManager: createPollingProjectConfigManager({
        sdkKey,
        urlTemplate: `${proxy.url}/${folder}/%s.json`,
        autoUpdate: true,
        updateInterval: updateMs,
        ...(token === undefined ? {} : { datafileAccessToken: token }),
      }),
    });
    clients.push(client);
    return client;
  }

  afterAll(() => Promise.all(clients.map((client) => client.close())));

  it("loads the datafile, is answered 304 while nothing changes, and sees a publish within 10 s", async () => {
    await publish("node-open", "1", false);
    const client = poll("node-open");
    const updates: string[] = [];
    client.notificationCenter.addNotificationListener(
      NOTIFICATION_TYPES.OPTIMIZELY_CONFIG_UPDATE,
      () => updates.push(client.getOptimizelyConfig()?.revision ?? ""),
    );
    await client.onReady({ timeout: 10_000 });
    expect(client.getOptimizelyConfig()?.revision).toBe("1");
    await vi.waitFor(() => expect(statusesOf("node-open")).toContain(304), visibleWithin);
    await publish("node-open", "2", false);
    await vi.waitFor(() => expect(updates).toContain("2"), visibleWithin);
    const conditional = proxy.exchanges.filter(({ sent }) => sent["if-modified-since"]);
    expect(conditional.length).toBeGreaterThan(0);
  });

  it("works with an access token, and does without the right one not become ready", async () => {
    await publish("node-guarded", "1", true);
    const client = poll("node-guarded", accessToken);
    await client.onReady({ timeout: 10_000 });
    expect(client.getOptimizelyConfig()?.revision).toBe("1");
    await vi.waitFor(() => expect(statusesOf("node-guarded")).toContain(304), visibleWithin);
    const stranger = poll("node-guarded", "token-of-somebody-else");
    await expect(stranger.onReady({ timeout: 2_000 })).rejects.toThrow("onReady timeout");
    expect(statusesOf("node-guarded")).toContain(403);
  });
});

describe("the SDK in Chromium, on a page of another origin", () => {
  let browser: Browser;
  let site: Site;

  beforeAll(async () => {
    const dist = join("node_modules", "@optimizely", "optimizely-sdk", "dist");
    const script = await readFile(join(dist, "optimizely.browser.umd.min.js"), "utf8");
    site = await startSite();
    site.serve("/sdk.js", script);
    site.serve("/", '<!doctype html><script src="/sdk.js"></script>');
    browser = await launchChromium();
  });

  afterAll(async () => {
    await browser?.close();
    await site?.stop();
  });

  async function poll(sdkKey: string, token: string | null): Promise<Page> {
    const page = await browser.newPage();
    await page.goto(site.url);
    await page.evaluate(startPolling, { sdkKey, token, origin: worker.url, updateMs });
    return page;
  }

  it.each([
    ["an open datafile", "browser-open", null],
    ["a datafile behind a token", "browser-guarded", accessToken],
  ])("loads %s, is answered 304, and sees a publish within 10 s", async (_, sdkKey, token) => {
    await publish(sdkKey, "1", token !== null);
    const page = await poll(sdkKey, token);
    const statuses: number[] = [];
    page.on("response", (response) => {
      if (response.request().method() === "GET") statuses.push(response.status());
    });
    await vi.waitFor(async () => expect(await revisions(page)).toEqual(["1"]), visibleWithin);
    await vi.waitFor(() => expect(statuses).toContain(304), visibleWithin);
    await publish(sdkKey, "2", token !== null);
    await vi.waitFor(async () => expect(await revisions(page)).toEqual(["1", "2"]), visibleWithin);
    await page.close();
  });
});

function revisions(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => (self as unknown as { revisions: string[] }).revisions);
}

type Polling = { sdkKey: string; token: string | null; origin: string; updateMs: number };
type Sdk = {
  readonly createInstance: typeof createInstance;
  readonly createPollingProjectConfigManager: typeof createPollingProjectConfigManager;
};

/** Runs in the page: starts the SDK and collects the revisions that it sees. */
function startPolling({ sdkKey, token, origin, updateMs: updateInterval }: Polling): void {
  const page = self as unknown as { optimizelySdk: Sdk; revisions: string[] };
  page.revisions = [];
  const folder = token === null ? "datafiles" : "datafiles/auth";
  const client = page.optimizelySdk.createInstance({
    projectConfigManager: page.optimizelySdk.createPollingProjectConfigManager({
      sdkKey,
      urlTemplate: `${origin}/${folder}/%s.json`,
      autoUpdate: true,
      updateInterval,
      ...(token === null ? {} : { datafileAccessToken: token }),
    }),
  });
  const note = (): void => {
    const revision = client.getOptimizelyConfig()?.revision ?? "";
    if (page.revisions.at(-1) !== revision) page.revisions.push(revision);
  };
  client.notificationCenter.addNotificationListener("OPTIMIZELY_CONFIG_UPDATE", note);
  void client.onReady().then(note);
}
