// What flags do to deliveries. Only the clock is faked: a new isolate some seconds
// later sees what the Registry says then.
import { registryFrom } from "#src/adapters/registry.ts";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { murmur3 } from "#base/murmur3.ts";
import { armOfHash, armPlaces } from "#flags/arms.ts";
import { unbound, readArmsToken, signingKeyFrom } from "#flags/signature.ts";
import { hourOf } from "#flags/token.ts";
import { env, newIsolate, publish, type Isolate } from "../isolate.ts";
import { ask, createFlag, kill, ramp } from "../control-flags.ts";

const start = Date.UTC(2026, 10, 23, 14, 0, 0);

beforeAll(async () => {
  await publish("/engines/1.0.0", "self.engine = 1;");
  await publish("/engines/2.0.0", "self.engine = 2;");
  await publish("/snippets/shop?account=acme&engine=1.0.0", "{}");
  await publish("/datafiles/key?account=acme", '{"revision":"1"}');
});

let clock = start;

beforeEach(() => {
  clock += 60_000;
  vi.useFakeTimers({ toFake: ["Date"], now: clock });
});

afterEach(async () => {
  await kill();
  vi.useRealTimers();
});

const manual = [{ sharePpm: 1_000_000, minTimeMs: 0, minViews: 0, mode: "manual" }];
const plain = { "accept-encoding": "identity" };

/** A flag that is on for everybody, seen by isolates that start from now on. */
async function everybody(key: string, plan: object): Promise<void> {
  // Under this seed neither id is in the hold-out, which stays in control.
  await createFlag(key, { stages: manual, unit: "snippet", seed: "not-held-out", ...plan });
  await ramp(key, 1_000_000);
  later(3_000);
}

function later(ms: number): void {
  clock += ms;
  vi.setSystemTime(clock);
}

async function get(isolate: Isolate, path: string, headers: HeadersInit = plain) {
  return isolate.fetch(path, { headers });
}

function armsIn(response: Response): string | undefined {
  return /av;desc="([^"]+)"/.exec(response.headers.get("server-timing") ?? "")?.[1];
}

function withoutTiming(response: Response): Record<string, string> {
  const { "server-timing": _timing, ...rest } = Object.fromEntries(response.headers);
  return rest;
}

describe("a flag", () => {
  it("changes what its patch says, for the arm that has it, and caps how long browsers keep it", async () => {
    const headers = { "x-aviary-experiment": "hello" };
    await everybody("fields", { patch: { staleIfErrorS: 77, browserMaxAgeS: 300, headers } });
    const response = await get(newIsolate(), "/js/shop.js");
    expect(response.headers.get("x-aviary-experiment")).toBe("hello");
    expect(response.headers.get("cache-control")).toBe(
      "public, max-age=60, stale-while-revalidate=0, stale-if-error=0",
    );
    const etag = response.headers.get("etag") ?? "";
    const again = await get(newIsolate(), "/js/shop.js", { ...plain, "if-none-match": etag });
    expect([again.status, again.headers.get("x-aviary-experiment")]).toEqual([304, "hello"]);
  });

  it("gives its canary another engine, and takes it back within ten seconds of a kill", async () => {
    await everybody("engine-2", { patch: { engine: "2.0.0" } });
    const isolate = newIsolate();
    expect(await (await get(isolate, "/js/shop.js")).text()).toContain("self.engine = 2;");
    await kill("/flags/engine-2/kill");
    later(10_000);
    await get(isolate, "/js/shop.js");
    expect(await (await get(isolate, "/js/shop.js")).text()).toContain("self.engine = 1;");
  });

  it("gives its canary the candidate of a datafile, whose dates a client can tell apart", async () => {
    await publish("/datafiles/key?account=acme&candidate=true", '{"revision":"2"}');
    await everybody("candidate", { unit: "sdkKey", patch: { datafile: "candidate" } });
    const canary = await get(newIsolate(), "/datafiles/key.json");
    expect(await canary.text()).toBe('{"revision":"2"}');
    await kill();
    later(6_000);
    const since = { ...plain, "if-modified-since": canary.headers.get("last-modified") ?? "" };
    const stable = await get(newIsolate(), "/datafiles/key.json", since);
    expect([stable.status, await stable.text()]).toEqual([200, '{"revision":"1"}']);
    const date = { ...plain, "if-modified-since": stable.headers.get("last-modified") ?? "" };
    expect((await get(newIsolate(), "/datafiles/key.json", date)).status).toBe(304);
  });

  it.each([{ compressionLevel: 1 }, { coloTtlS: 60 }, { encodings: ["gzip", "identity"] }])(
    "delivers the same script under %j",
    async (patch) => {
      const key = `same-${Object.keys(patch)[0]?.toLowerCase()}`;
      const before = await (await get(newIsolate(), "/js/shop.js")).text();
      await everybody(key, { patch });
      const response = await newIsolate().fetch("/js/shop.js", {
        headers: { "accept-encoding": "gzip" },
      });
      expect(response.headers.get("content-encoding")).toBe("gzip");
      const plainText = response.body?.pipeThrough(new DecompressionStream("gzip"));
      expect(await new Response(plainText).text()).toBe(before);
    },
  );

  it("leaves everybody else exactly as they were", async () => {
    const before = await get(newIsolate(), "/js/shop.js");
    const audience = { "==": [{ var: "site" }, "other.example"] };
    await everybody("elsewhere", { patch: { browserMaxAgeS: 1 }, audience });
    const after = await get(newIsolate(), "/js/shop.js", {
      ...plain,
      referer: "https://shop.example/",
    });
    expect(withoutTiming(after)).toEqual(withoutTiming(before));
    const meant = await get(newIsolate(), "/js/shop.js", {
      ...plain,
      referer: "https://other.example/page",
    });
    expect(meant.headers.get("cache-control")).toContain("max-age=1,");
  });
});

describe("the arms token", () => {
  it("tells a page's arms under a key of the snapshot, and is not there while nothing is on trial", async () => {
    expect(armsIn(await get(newIsolate(), "/js/shop.js"))).toBeUndefined();
    await everybody("trial", { patch: { browserMaxAgeS: 30 } });
    const response = await get(newIsolate(), "/js/shop.js");
    const token = armsIn(response) ?? "";
    const { text: stored } = await registryFrom(env.REGISTRY)().snapshot(-1);
    const { signingKeys } = JSON.parse(stored ?? "{}") as { signingKeys: string[] };
    const { epoch } = (await ask("/flags")).body;
    const policy = { nowMs: clock, maxAgeHours: 1, leastEpoch: 0 };
    const read = readArmsToken(unbound(token), signingKeys.map(signingKeyFrom), policy);
    expect(read.ok && read.value).toMatchObject({ epoch, hour: hourOf(clock) });
    expect(read.ok && read.value.arms).toHaveLength(1);
  });

  it("is not given to SDKs, which send nothing back", async () => {
    await everybody("polled", { unit: "sdkKey", patch: { browserMaxAgeS: 30 } });
    expect(armsIn(await get(newIsolate(), "/datafiles/key.json"))).toBeUndefined();
  });
});

describe("control", () => {
  it("gets the same bytes as everybody from a copy of its own, which starts as cold as the canary's", async () => {
    const before = await (await get(newIsolate(), "/js/shop.js")).text();
    const warm = await get(newIsolate(), "/js/shop.js");
    expect(warm.headers.get("server-timing")).toContain("cache;desc=colo");
    // Half canary, half control: whichever arm the snippet is in, its copy is new.
    await createFlag("cold", { unit: "snippet", stages: manual, patch: { engine: "1.0.0" } });
    await ramp("cold", 500_000);
    later(3_000);
    const cold = await get(newIsolate(), "/js/shop.js");
    expect(cold.headers.get("server-timing")).toContain("cache;desc=miss");
    expect(await cold.text()).toBe(before);
    const next = await get(newIsolate(), "/js/shop.js");
    expect(next.headers.get("server-timing")).toMatch(/cache;desc=(?:colo|kv)/);
  });
});

/** How whoever has an answer is told of it: by its tag, and by its date alone. */
async function returning(path: string, before: Response): Promise<readonly number[]> {
  const tag = { "if-none-match": before.headers.get("etag") ?? "" };
  const date = { "if-modified-since": before.headers.get("last-modified") ?? "" };
  const asked = [tag, date].map((own) => get(newIsolate(), path, { ...plain, ...own }));
  return (await Promise.all(asked)).map(({ status }) => status);
}

/** A seed under which a unit is in an arm at one half. */
function seedFor(arm: "canary" | "control", unit: string): string {
  const at = armPlaces({ sharePpm: 500_000, holdoutPpm: 10_000 });
  let seed = 0;
  while (armOfHash(murmur3(`back-seed-${seed}${unit}`), at) !== arm) seed += 1;
  return `back-seed-${seed}`;
}

describe("a visitor who comes back", () => {
  it.each([
    ["canary", "/js/shop.js", { engine: "1.0.0" }],
    ["control", "/js/shop.js", { engine: "1.0.0" }],
    ["canary", "/js/shop.js", { encodings: ["gzip", "identity"] }],
    ["canary", "/datafiles/key.json", { compressionLevel: 9 }],
    ["control", "/datafiles/key.json", { compressionLevel: 9 }],
  ] as const)(
    "and is now %s at %s under %j fetches once, then no more, and once when the flag ends",
    async (arm, path, patch) => {
      const before = await get(newIsolate(), path);
      const key = `back-${(clock / 1_000).toString(36)}`;
      await createFlag(key, { stages: manual, unit: "account", patch, seed: seedFor(arm, "acme") });
      await ramp(key, 500_000);
      later(3_000);
      expect(await returning(path, before)).toEqual([200, 200]);
      const own = await get(newIsolate(), path);
      // A snippet's date could stand for another flag's copy.
      expect(await returning(path, own)).toEqual([304, path.endsWith(".json") ? 304 : 200]);
      await kill();
      later(12_000);
      expect(await returning(path, own)).toEqual([200, 200]);
    },
  );
});

describe("counts", () => {
  it("hold every request of every arm, once, though batches are sent again", async () => {
    await everybody("counted", { patch: { browserMaxAgeS: 30 } });
    const isolate = newIsolate();
    for (let request = 0; request < 20; request += 1) await get(isolate, "/js/shop.js");
    later(21_000);
    await get(isolate, "/js/shop.js");
    const { body } = await ask("/flags/counted");
    const counts = body["counts"] as readonly { requests: number; kind: string }[];
    expect(counts.map(({ kind, requests }) => [kind, requests])).toEqual([["snippet", 21]]);
  });
});

describe("a preview", () => {
  it("shows a draft to whoever has its header, and is neither kept nor counted", async () => {
    await createFlag("draft", { patch: { engine: "2.0.0" } });
    later(3_000);
    const { body } = await ask("/preview", {
      method: "POST",
      body: JSON.stringify({ arms: { draft: "canary" }, minutes: 5 }),
    });
    const preview = { ...plain, "aviary-preview": String(body["value"]) };
    const shown = await get(newIsolate(), "/js/shop.js", preview);
    expect(await shown.text()).toContain("self.engine = 2;");
    expect(shown.headers.get("cache-control")).toBe("private, no-store");
    expect(armsIn(shown)).toBeUndefined();
    const forged = { ...plain, "aviary-preview": `${String(body["value"])}x` };
    expect(await (await get(newIsolate(), "/js/shop.js", forged)).text()).toContain("engine = 1;");
    later(301_000);
    const over = await get(newIsolate(), "/js/shop.js", preview);
    expect(await over.text()).toContain("self.engine = 1;");
  });
});
