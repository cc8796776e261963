// What was deleted or withdrawn, seen from the edge: isolates that hold it in memory, that
// come fresh, that slept, and whose stores fail.
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { control, env, moodyStores, newIsolate, publish, type Isolate } from "../isolate.ts";

const start = Date.UTC(2026, 10, 23, 14, 0, 0);
const second = 1_000;

beforeAll(async () => {
  await publish("/engines/1.0.0", "self.engineRan = 1;");
});

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: start });
  vi.spyOn(console, "error").mockImplementation(() => {});
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

type Published = { readonly immutablePath: string; readonly sha256: string };

const snippet = (id: string, n: number): Promise<Published> =>
  publish(`/snippets/${id}?account=acme`, `{"n":${n}}`) as Promise<Published>;

const post = (path: string, body: unknown): Promise<Response> =>
  control(path, { method: "POST", body: JSON.stringify(body) });

const remove = (path: string): Promise<Response> => control(path, { method: "DELETE" });

/** Polls as a busy isolate does: what it refreshes behind a request is there for the next. */
async function statusWithin(isolate: Isolate, path: string, ms: number): Promise<number> {
  let status = 0;
  for (let waited = 0; waited <= ms; waited += second) {
    ({ status } = await isolate.fetch(path));
    vi.setSystemTime(Date.now() + second);
  }
  return status;
}

/** A KV namespace as one data centre sees it: what was read is not read again in its `cacheTtl`. */
function newCache(store: KVNamespace): Pick<typeof env, "STORE"> {
  const kept = new Map<string, { readonly value: unknown; readonly atMs: number }>();
  const get = async (key: string, options: KVNamespaceGetOptions<"json">): Promise<unknown> => {
    const before = kept.get(key);
    const ageMs = Date.now() - (before?.atMs ?? Number.NEGATIVE_INFINITY);
    if (before !== undefined && ageMs < (options.cacheTtl ?? 60) * second) return before.value;
    const value = await store.get(key, options);
    kept.set(key, { value, atMs: Date.now() });
    return value;
  };
  const STORE = new Proxy(store, {
    get: (target, name) => {
      const value: unknown = name === "get" ? get : Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { STORE };
}

describe("a deleted id", () => {
  it("answers 410 within ten seconds to whoever holds it in memory, with its releases", async () => {
    const { immutablePath } = await snippet("dropped", 1);
    await snippet("dropped", 2);
    const isolate = newIsolate();
    expect((await isolate.fetch("/js/dropped.js")).status).toBe(200);
    expect((await isolate.fetch(immutablePath)).status).toBe(200);
    expect((await remove("/snippets/dropped")).status).toBe(200);
    expect(await statusWithin(isolate, "/js/dropped.js", 10 * second)).toBe(410);
    expect((await isolate.fetch(immutablePath)).status).toBe(410);
    const answer = await newIsolate().fetch("/js/dropped.js");
    expect(answer.headers.get("cache-control")).toBe("public, max-age=30");
    expect(await answer.text()).toMatch(/^\/\* aviary: 410 Gone\..*\*\/\n$/);
  });

  it("is gone while KV still says otherwise, also where nobody asked for it before", async () => {
    await snippet("lagging", 1);
    const old = await env.STORE.get("pointer:snippet:lagging");
    const holder = newIsolate();
    await holder.fetch("/js/lagging.js");
    await remove("/snippets/lagging");
    await env.STORE.put("pointer:snippet:lagging", old ?? "");
    expect(await statusWithin(holder, "/js/lagging.js", 10 * second)).toBe(410);
    expect((await newIsolate().fetch("/js/lagging.js")).status).toBe(410);
  });

  it("stays gone for an isolate that slept, and comes back when it is published again", async () => {
    const { immutablePath } = await snippet("again", 1);
    const sleeper = newIsolate();
    await sleeper.fetch("/js/again.js");
    await sleeper.fetch(immutablePath);
    await remove("/snippets/again");
    vi.setSystemTime(start + 3_600 * second);
    expect((await sleeper.fetch("/js/again.js")).status).toBe(410);
    expect((await sleeper.fetch(immutablePath)).status).toBe(410);
    expect(await snippet("again", 2)).toMatchObject({ revision: 3, changed: true });
    expect(await statusWithin(sleeper, "/js/again.js", 10 * second)).toBe(200);
    expect((await sleeper.fetch(immutablePath)).status).toBe(410);
    // The very same again is a release of its own time.
    await snippet("again", 1);
    expect((await newIsolate().fetch(immutablePath)).status).toBe(200);
  });

  it("and is released again is had again where it was held, in every coding", async () => {
    const { immutablePath } = await snippet("same", 1);
    const holder = newIsolate();
    const read = async (coding: string): Promise<number> => {
      const headers = { "accept-encoding": coding };
      const answer = await holder.fetch(immutablePath, { headers });
      await answer.arrayBuffer();
      return answer.status;
    };
    expect(await read("br")).toBe(200);
    await remove("/snippets/same");
    await snippet("same", 1);
    vi.setSystemTime(start + 11 * second);
    await read("gzip");
    expect([await read("br"), await read("gzip")]).toEqual([200, 200]);
    // Also where it is the current one no more.
    await remove("/snippets/same");
    await snippet("same", 1);
    await snippet("same", 2);
    vi.setSystemTime(start + 33 * second);
    await read("gzip");
    expect([await read("br"), await read("gzip")]).toEqual([200, 200]);
  });

  it("and is released again is had again within a minute of KV's caches", async () => {
    const { immutablePath } = await snippet("cached", 1);
    const cached = newCache(env.STORE);
    await newIsolate(cached).fetch(immutablePath);
    await remove("/snippets/cached");
    await snippet("cached", 1);
    vi.setSystemTime(start + 11 * second);
    expect((await newIsolate(cached).fetch(immutablePath)).status).toBe(200);
    await snippet("cached", 2);
    vi.setSystemTime(start + 60 * second);
    expect((await newIsolate(cached).fetch(immutablePath)).status).toBe(200);
  });

  it("leaves no record of its releases behind, and keeps that of what is published again", async () => {
    const { immutablePath } = await snippet("swept", 1);
    const [, prefix = ""] = /([0-9a-f]{16})\.js$/.exec(immutablePath) ?? [];
    expect(await env.STORE.get(`release:swept:${prefix}`)).not.toBeNull();
    await remove("/snippets/swept");
    expect(await env.STORE.get(`release:swept:${prefix}`)).toBeNull();
    await snippet("swept", 1);
    expect(await env.STORE.get(`release:swept:${prefix}`)).not.toBeNull();
  });

  it("that needed a token is unknown to those without one", async () => {
    const headers = { "Aviary-Access-Tokens": "a-token-of-acme-for-sdks" };
    await publish("/datafiles/secret?account=acme", "{}", headers);
    await publish("/datafiles/plain?account=acme", "{}");
    await remove("/datafiles/secret");
    await remove("/datafiles/plain");
    const isolate = newIsolate();
    expect((await isolate.fetch("/datafiles/secret.json")).status).toBe(404);
    const bearer = { headers: { authorization: "Bearer a-token-of-acme-for-sdks" } };
    expect((await isolate.fetch("/datafiles/auth/secret.json", bearer)).status).toBe(410);
    const gone = await isolate.fetch("/datafiles/plain.json");
    expect(await gone.json()).toMatchObject({ status: 410, type: "urn:aviary:problem:deleted" });
  });

  it("takes no beacon", async () => {
    await snippet("silent", 1);
    await remove("/snippets/silent");
    const beacon = await newIsolate().fetch("/t/silent", { method: "POST", body: "{}" });
    expect(beacon.status).toBe(404);
  });
});

describe("a withdrawn release", () => {
  it("answers 410 within ten seconds, also from memory, while the snippet goes on", async () => {
    const { immutablePath, sha256 } = await snippet("recalled", 1);
    const other = await snippet("recalled", 2);
    const isolate = newIsolate();
    for (const path of [immutablePath, other.immutablePath]) await isolate.fetch(path);
    const withdrawn = await post("/snippets/recalled/withdraw", { release: sha256 });
    expect(await withdrawn.json()).toMatchObject({
      revision: 3,
      changed: true,
      withdrawn: [sha256.slice(0, 16)],
    });
    expect(await statusWithin(isolate, immutablePath, 10 * second)).toBe(410);
    expect((await newIsolate().fetch(immutablePath)).status).toBe(410);
    expect((await newIsolate().fetch(`/js/recalled/${sha256}.js`)).status).toBe(410);
    expect((await isolate.fetch(other.immutablePath)).status).toBe(200);
    expect((await isolate.fetch("/js/recalled.js")).status).toBe(200);
  });

  it("comes back when it is restored", async () => {
    const { immutablePath, sha256 } = await snippet("restored", 1);
    await snippet("restored", 2);
    const isolate = newIsolate();
    await post("/snippets/restored/withdraw", { release: sha256 });
    expect((await isolate.fetch(immutablePath)).status).toBe(410);
    await post("/snippets/restored/restore", { release: sha256 });
    expect(await statusWithin(isolate, immutablePath, 10 * second)).toBe(200);
  });

  it("is served as before where no store tells what became of it", async () => {
    const { immutablePath } = await snippet("outage", 1);
    const stores = moodyStores();
    const isolate = newIsolate(stores.overrides);
    expect((await isolate.fetch(immutablePath)).status).toBe(200);
    stores.mood = "failing";
    vi.setSystemTime(start + 60 * second);
    expect((await isolate.fetch(immutablePath)).status).toBe(200);
  });

  it("cannot become current by publishing it again or going back to it", async () => {
    const { sha256 } = await snippet("barred", 1);
    await snippet("barred", 2);
    await post("/snippets/barred/withdraw", { release: sha256 });
    const again = await control("/snippets/barred?account=acme", {
      method: "PUT",
      body: '{"n":1}',
    });
    expect(await again.json()).toMatchObject({
      status: 409,
      type: "urn:aviary:problem:release-withdrawn",
    });
    expect((await post("/snippets/barred/rollback", { revision: 1 })).status).toBe(409);
    const { withdrawn } = (await snippet("barred", 3)) as unknown as { withdrawn: string[] };
    expect(withdrawn).toEqual([sha256.slice(0, 16)]);
  });

  it("must be one that the snippet made, and not the current one", async () => {
    const { sha256 } = await snippet("picky", 1);
    const current = await post("/snippets/picky/withdraw", { release: sha256 });
    expect([current.status, await current.text()]).toEqual([
      409,
      expect.stringContaining("release-current"),
    ]);
    const unknown = await post("/snippets/picky/withdraw", { release: "0".repeat(16) });
    expect(await unknown.json()).toMatchObject({ status: 422, errors: [{ field: "release" }] });
    const short = await post("/snippets/picky/withdraw", { release: "abc" });
    expect(await short.json()).toMatchObject({ status: 400, errors: [{ field: "release" }] });
  });
});
