// The red button, with several isolates under load: while everything is well,
// while the Registry answers nothing but the kill, and after a restart.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { control, startAviary, type Started } from "../harness.ts";
import { workplace, type Workplace } from "../cli/run-aviary.ts";

const edges = 4;
const visibleWithinMs = 10_000;
const path = "/js/shop.js";
const mark = "x-aviary-experiment";

let persist = "";
let worker: Started;
let place: Workplace;

beforeEach(async () => {
  persist = await mkdtemp(join(tmpdir(), "aviary-kill-"));
  worker = await start();
  place = await workplace(worker.url);
  await put("/engines/1", "self.engine = 1;");
  await put("/snippets/shop?account=acme", "{}");
});

afterEach(async () => {
  await place.remove();
  await worker.stop();
  await rm(persist, { recursive: true });
});

function start(): Promise<Started> {
  return startAviary({ persist, edges, entry: "test/e2e/moody-worker.ts" });
}

async function put(at: string, body: string): Promise<void> {
  const response = await control(worker, at, { method: "PUT", body });
  expect(response.status).toBeLessThan(300);
}

async function rampToHalf(flag: string): Promise<void> {
  const stages = [{ sharePpm: 500_000, minTimeMs: 0, minViews: 0, mode: "manual" }];
  await put(
    `/flags/${flag}`,
    JSON.stringify({ unit: "request", stages, patch: { headers: { [mark]: flag } } }),
  );
  const ramped = await control(worker, `/flags/${flag}/ramp`, {
    method: "POST",
    headers: { "if-match": '"1"' },
    body: JSON.stringify({ sharePpm: 500_000 }),
  });
  expect(ramped.status).toBe(200);
}

/** Asks every isolate, over and over, and notes when each last showed the flag's arm. */
function watch() {
  const seen = worker.edgeUrls.map((url) => ({ url, requests: 0, lastArmAtMs: 0, failures: 0 }));
  const over = new AbortController();
  const loops = seen.map(async (isolate) => {
    while (!over.signal.aborted) {
      const response = await fetch(isolate.url + path);
      await response.arrayBuffer();
      isolate.requests += 1;
      if (response.headers.has(mark)) isolate.lastArmAtMs = Date.now();
      if (response.status !== 200) isolate.failures += 1;
    }
  });
  return {
    seen,
    stop: async () => {
      over.abort();
      await Promise.all(loops);
    },
  };
}

type Watch = ReturnType<typeof watch>;

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
}

const everywhere = ({ seen }: Watch): boolean => seen.every(({ lastArmAtMs }) => lastArmAtMs > 0);

async function kill(flag: string): Promise<number> {
  const killed = await place.aviary(["kill", flag]);
  expect(killed).toMatchObject({ code: 0, stderr: "" });
  return Date.now();
}

/** How long after the kill the last isolate still showed the arm, in ms. */
async function lastArmAfter(killedAtMs: number, load: Watch): Promise<number> {
  await until(() => Date.now() - killedAtMs > visibleWithinMs + 2_000);
  await load.stop();
  expect(load.seen.map(({ failures }) => failures)).toEqual(load.seen.map(() => 0));
  return Math.max(...load.seen.map(({ lastArmAtMs }) => lastArmAtMs)) - killedAtMs;
}

async function setMood(mood: "hanging" | "well"): Promise<void> {
  const objects = await worker.miniflare.getDurableObjectNamespace("REGISTRY", "aviary");
  const registry = objects.get(objects.idFromName("registry"));
  await registry.fetch(`http://registry.invalid/mood/${mood}`);
}

describe("a kill", () => {
  it("is seen by every isolate within ten seconds, and holds after a restart", async () => {
    await rampToHalf("loud");
    const load = watch();
    await until(() => everywhere(load));
    const ms = await lastArmAfter(await kill("loud"), load);
    console.info(`the killed arm was last seen ${ms} ms after the kill`);
    expect(ms).toBeLessThanOrEqual(visibleWithinMs);

    await worker.stop();
    worker = await start();
    const again = watch();
    await until(() => again.seen.every(({ requests }) => requests >= 50));
    await again.stop();
    expect(again.seen.map(({ lastArmAtMs }) => lastArmAtMs)).toEqual(again.seen.map(() => 0));
  });

  it("is seen as soon while the Registry answers nothing else", async () => {
    await rampToHalf("deaf");
    const load = watch();
    await until(() => everywhere(load));
    await setMood("hanging");
    const ms = await lastArmAfter(await kill("deaf"), load);
    console.info(`with a Registry that hangs: ${ms} ms`);
    expect(ms).toBeLessThanOrEqual(visibleWithinMs);
  });
});
