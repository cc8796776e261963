// The Sweeper with the real objects and stores. Time is moved by hand.
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { SweeperStatus } from "#src/adapters/sweeper.ts";
import type { Sweeper } from "#src/objects/sweeper.ts";
import { control, env, newIsolate, publish } from "../isolate.ts";

const start = Date.UTC(2026, 10, 23, 14, 0, 0);
const hour = 3_600_000;
const sweeper = env.SWEEPER.get(env.SWEEPER.idFromName("sweeper"));

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: start });
});

afterEach(() => {
  vi.useRealTimers();
});

async function status(): Promise<SweeperStatus> {
  return runInDurableObject(sweeper, (instance) => (instance as unknown as Sweeper).status());
}

/** Goes through one whole cycle, `hours` after the start. */
async function cycleAt(hours: number): Promise<SweeperStatus> {
  vi.setSystemTime(start + hours * hour);
  for (let steps = 0; steps < 200; steps += 1) {
    await runDurableObjectAlarm(sweeper);
    const { startedAtMs, endedAtMs } = await status();
    if (startedAtMs === null && endedAtMs === start + hours * hour) return status();
  }
  throw new Error("the cycle does not end");
}

async function stored(): Promise<readonly string[]> {
  const { objects } = await env.ARCHIVE.list({ prefix: "artifact/" });
  const digests = objects.map(({ key }) => key.slice("artifact/".length));
  const { keys } = await env.STORE.list({ prefix: "artifact:" });
  expect(keys.map(({ name }) => name.slice("artifact:".length)).toSorted()).toEqual(digests);
  return digests;
}

const put = (path: string, body: string): Promise<Response> =>
  control(path, { method: "PUT", body });

describe("the Sweeper", () => {
  it("removes what nothing names any more once its grace is over, from both stores, and nothing else", async () => {
    await publish("/engines/1.0.0", "self.engineRan = 1;");
    const beacon = { early: "self.early = 1;", collector: "self.collector = 1;" };
    await publish("/beacons/1.0.0", JSON.stringify(beacon));
    const options = "beacon=1.0.0&beaconSampleRate=1";
    await publish(`/snippets/stays?account=acme&${options}`, '{"n":1}');
    await publish(`/snippets/stays?account=acme&${options}`, '{"n":2}');
    await publish("/datafiles/shared1?account=acme", '{"shared":true}');
    await publish("/datafiles/shared2?account=rival", '{"shared":true}');
    await control("/datafiles/shared1", { method: "DELETE" });
    const needed = await stored();
    await publish("/datafiles/goes?account=acme", '{"goes":true}');
    await control("/datafiles/goes", { method: "DELETE" });
    const all = await stored();
    expect(all.length).toBeGreaterThan(needed.length);

    const orphans = all.length - needed.length;
    expect(await cycleAt(1)).toMatchObject({ seen: all.length, removed: 0, condemned: orphans });
    // It was condemned an hour after the start: two days later the grace is not over.
    expect(await cycleAt(48)).toMatchObject({ removed: 0, condemned: orphans });
    expect(await stored()).toEqual(all);
    expect(await cycleAt(73)).toMatchObject({ removed: orphans, condemned: 0 });
    expect(await stored()).toEqual(needed);

    const path = "/snippets/stays/rollback";
    expect((await control(path, { method: "POST", body: '{"revision":1}' })).status).toBe(200);
    const isolate = newIsolate();
    expect((await isolate.fetch("/js/stays.js")).status).toBe(200);
    expect((await isolate.fetch("/datafiles/shared2.json")).status).toBe(200);
  });

  it("takes back a condemnation where the same is published again", async () => {
    await publish("/datafiles/back?account=acme", '{"back":1}');
    await control("/datafiles/back", { method: "DELETE" });
    const { condemned } = await cycleAt(100);
    expect(condemned).toBeGreaterThan(0);
    vi.setSystemTime(start + 148 * hour);
    await publish("/datafiles/back?account=acme", '{"back":1}');
    expect(await cycleAt(149)).toMatchObject({ removed: 0, condemned: 0 });
    expect(await (await newIsolate().fetch("/datafiles/back.json")).text()).toBe('{"back":1}');
  });

  it("lets a composition be published again whose stored forms are gone", async () => {
    await publish("/snippets/phoenix?account=acme", '{"phoenix":1}');
    const script = await (await newIsolate().fetch("/js/phoenix.js")).text();
    await control("/snippets/phoenix", { method: "DELETE" });
    await cycleAt(200);
    const { removed } = await cycleAt(250);
    expect(removed).toBeGreaterThan(0);
    expect((await put("/snippets/phoenix?account=acme", '{"phoenix":1}')).status).toBe(200);
    const again = await newIsolate().fetch("/js/phoenix.js");
    expect(again.headers.get("server-timing")).not.toContain("miss");
    expect(await again.text()).toBe(script);
  });
});
