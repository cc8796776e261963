// The demo as a visitor sees it, and npm start as a new user does.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { createInstance, createStaticProjectConfigManager } from "@optimizely/optimizely-sdk";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { launchChromium } from "../chromium.ts";
import { datafileText, flagKey } from "../demo/publish.ts";

const root = join(import.meta.dirname, "..", "..");
const untilUp = { timeout: 60_000, interval: 100 };

type Running = { readonly child: ChildProcess; readonly output: () => string };

function npmStart(ports: { readonly PORT: number; readonly SHOP_PORT: number }): Running {
  const env = { ...process.env, PORT: String(ports.PORT), SHOP_PORT: String(ports.SHOP_PORT) };
  const child = spawn(process.execPath, ["test/demo/start.ts"], { cwd: root, env });
  let output = "";
  child.stdout.on("data", (chunk) => (output += String(chunk)));
  child.stderr.on("data", (chunk) => (output += String(chunk)));
  return { child, output: () => output };
}

function up({ output }: Running): Promise<boolean> {
  return vi.waitUntil(() => output().includes("Aviary is up"), untilUp);
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}

/** Processes that `pid` started and that still run. */
async function childrenOf(pid: number): Promise<string> {
  return readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "");
}

async function variationInNode(visitorId: string): Promise<string | null> {
  const client = createInstance({
    projectConfigManager: createStaticProjectConfigManager({ datafile: datafileText }),
  });
  await client.onReady();
  return client.createUserContext(visitorId).decide(flagKey).variationKey;
}

describe("npm start", () => {
  let browser: Browser;
  let ports: { PORT: number; SHOP_PORT: number };
  let first: Running;

  beforeAll(async () => {
    browser = await launchChromium();
    ports = { PORT: await freePort(), SHOP_PORT: await freePort() };
    first = npmStart(ports);
    await up(first);
  });

  afterAll(async () => {
    first?.child.kill("SIGKILL");
    await browser?.close();
  });

  it("shows every visitor the variation that the SDK computes in Node", async () => {
    const page = await browser.newPage();
    const seen = new Set<string | null>();
    for (const visitorId of ["ada", "grace", "edsger", "barbara", "donald", "客 zürich"]) {
      const query = `?visitor=${encodeURIComponent(visitorId)}`;
      await page.goto(`http://localhost:${ports.SHOP_PORT}/${query}`);
      const expected = await variationInNode(visitorId);
      seen.add(expected);
      await vi.waitFor(
        async () => expect(await page.textContent("#variation")).toBe(expected),
        untilUp,
      );
    }
    expect(seen.size).toBeGreaterThan(1);
    expect(await page.textContent("#edge")).toMatch(/^cache \w+ · edge/);
    await page.close();
  });

  it("shows what the last page view became, by who said it", async () => {
    const visit = await browser.newPage();
    await visit.goto(`http://localhost:${ports.SHOP_PORT}/`);
    await visit.waitForTimeout(1_000);
    await visit.close({ runBeforeUnload: true });
    const page = await browser.newPage();
    const whole = async (): Promise<boolean> => {
      await page.goto(`http://localhost:${ports.SHOP_PORT}/event`);
      return (await page.textContent("body"))?.includes("stitch.state") === true;
    };
    await vi.waitUntil(whole, untilUp);
    const text = (await page.textContent("body")) ?? "";
    for (const each of [
      "Early beacon",
      "Late beacon",
      "Server",
      "snippet.eval_start",
      "account.id",
    ]) {
      expect(text).toContain(each);
    }
    await page.close();
  });

  it("says where things are and never shows the token", async () => {
    const vars = await readFile(join(root, ".dev.vars"), "utf8");
    const token = /^AVIARY_ADMIN_TOKEN=(.+)$/m.exec(vars)?.[1] ?? "";
    expect(token.length).toBeGreaterThan(24);
    expect(first.output()).toContain(`http://localhost:${ports.PORT}/js/demo.js`);
    expect(first.output()).toContain(".dev.vars");
    expect(first.output()).not.toContain(token);
  });

  it("is one clear line where a port is taken", async () => {
    const second = npmStart(ports);
    const [code] = (await once(second.child, "exit")) as [number];
    expect(code).toBe(1);
    expect(second.output().trim()).toBe(`Port ${ports.PORT} is taken. Set PORT to another one.`);
  });

  it("ends everything it started on Ctrl-C, and starts again where it left off", async () => {
    const { pid = 0 } = first.child;
    const children = (await childrenOf(pid)).trim().split(" ");
    expect(children.length).toBeGreaterThan(0);
    first.child.kill("SIGINT");
    const [code] = (await once(first.child, "exit")) as [number];
    expect(code).toBe(130);
    const left = (): string[] => children.filter((child) => existsSync(`/proc/${child}`));
    await vi.waitFor(() => expect(left()).toEqual([]), untilUp);
    const again = npmStart(ports);
    await up(again);
    const snippet = await fetch(`http://localhost:${ports.PORT}/js/demo.js`);
    expect(snippet.status).toBe(200);
    again.child.kill("SIGTERM");
    await once(again.child, "exit");
  });
});
