// Stores that fail, hang or forget, and an isolate that has to go on. Time is
// moved by hand: only the clock is faked, timers and stores are real.
import {
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  it,
  vi,
  type MockInstance,
} from "vitest";
import { env, moodyStores, newIsolate, publish } from "../isolate.ts";
import type { Pointer } from "#src/delivery/pointer.ts";

const start = Date.UTC(2026, 10, 23, 14, 0, 0);
const minute = 60_000;

beforeAll(async () => {
  await publish("/engines/1.0.0", "self.engineRan = true;");
});

let log: MockInstance<typeof console.error>;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: start });
  log = vi.spyOn(console, "error").mockImplementation(() => {});
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const timing = (response: Response): string => response.headers.get("server-timing") ?? "";

/** Every body and copy of a pointer, gone from where `stores` says. */
async function lose(id: string, stores: readonly ("kv" | "r2" | "colo")[]): Promise<void> {
  const pointer = await env.STORE.get<Pointer>(`pointer:snippet:${id}`, "json");
  if (pointer?.kind !== "snippet") throw new Error(`${id} was not published`);
  const colo = await caches.open("aviary");
  for (const { sha256 } of Object.values(pointer.content.composition)) {
    if (stores.includes("kv")) await env.STORE.delete(`artifact:${sha256}`);
    if (stores.includes("r2")) await env.ARCHIVE.delete(`artifact/${sha256}`);
    if (stores.includes("colo")) await colo.delete(`https://colo.invalid/artifact/${sha256}`);
  }
}

describe.each(["failing", "hanging", "empty"] as const)("with stores that are %s", (mood) => {
  it("an isolate goes on serving what it last knew, without waiting, and says that it is stale", async () => {
    await publish("/snippets/steady?account=acme", `{"mood":"${mood}"}`);
    const stores = moodyStores();
    const isolate = newIsolate(stores.overrides);
    const good = await (await isolate.fetch("/js/steady.js")).text();
    stores.mood = mood;
    for (const age of [1, 20, 40, 60 * 24]) {
      vi.setSystemTime(start + age * minute);
      const response = await isolate.fetch("/js/steady.js");
      expect(response.status).toBe(200);
      expect(await response.text()).toBe(good);
      expect(response.headers.has("warning")).toBe(false);
    }
    const last = await isolate.fetch("/js/steady.js");
    expect(timing(last)).toBe(
      mood === "empty" ? "cache;desc=hit, edge;dur=0" : "cache;desc=stale, edge;dur=0",
    );
  });
});

describe("an isolate that knows nothing", () => {
  it("serves from the colo's copies while KV and R2 fail", async () => {
    await publish("/snippets/colo?account=acme", "{}");
    const good = await (await newIsolate().fetch("/js/colo.js")).text();
    const stores = moodyStores();
    stores.mood = "failing";
    const response = await newIsolate(stores.overrides).fetch("/js/colo.js");
    expect(await response.text()).toBe(good);
    expect(timing(response)).toMatch(/^cache;desc=colo/);
  });

  it("answers 503 with Retry-After for what was never loaded: a comment, or a problem", async () => {
    await publish("/snippets/never?account=acme", "{}");
    await publish("/datafiles/never?account=acme", "{}");
    const stores = moodyStores();
    stores.mood = "failing";
    const isolate = newIsolate(stores.overrides);
    const script = await isolate.fetch("/js/never.js");
    expect([script.status, script.headers.get("retry-after")]).toEqual([503, "5"]);
    expect(script.headers.get("cache-control")).toBe("no-store");
    expect(await script.text()).toMatch(/^\/\*.*\*\/\n$/);
    const json = await isolate.fetch("/datafiles/never.json");
    expect(await json.json()).toMatchObject({ status: 503 });
  });

  it("recovers by itself once the stores do", async () => {
    await publish("/snippets/later?account=acme", "{}");
    const stores = moodyStores();
    stores.mood = "failing";
    const isolate = newIsolate(stores.overrides);
    expect((await isolate.fetch("/js/later.js")).status).toBe(503);
    stores.mood = "well";
    expect((await isolate.fetch("/js/later.js")).status).toBe(200);
  });

  it("finds in R2 what KV has lost", async () => {
    await publish("/snippets/r2?account=acme", "{}");
    await lose("r2", ["kv", "colo"]);
    const response = await newIsolate().fetch("/js/r2.js");
    expect(response.status).toBe(200);
    expect(timing(response)).toMatch(/^cache;desc=r2/);
  });

  it("composes again what every store has lost, and has it repaired", async () => {
    await publish("/snippets/lost?account=acme", '{"n":"lost"}');
    const before = await (await newIsolate().fetch("/js/lost.js")).text();
    await lose("lost", ["kv", "r2", "colo"]);
    const response = await newIsolate().fetch("/js/lost.js", {
      headers: { "accept-encoding": "br" },
    });
    expect(timing(response)).toMatch(/^cache;desc=miss/);
    expect(response.headers.get("content-encoding")).toBe("br");
    const repaired = await newIsolate().fetch("/js/lost.js");
    expect(await repaired.text()).toBe(before);
    expect(timing(repaired)).toMatch(/^cache;desc=(kv|colo)/);
  });

  it("never serves bytes that do not have their digest, wherever they stand", async () => {
    await publish("/snippets/torn?account=acme", '{"n":"torn"}');
    const good = await (await newIsolate().fetch("/js/torn.js")).text();
    await lose("torn", ["colo", "r2"]);
    const pointer = await env.STORE.get<Pointer>("pointer:snippet:torn", "json");
    if (pointer?.kind !== "snippet") throw new Error("torn was not published");
    const { sha256 } = pointer.content.composition.identity;
    await env.STORE.put(`artifact:${sha256}`, "self.evil = true;");
    const response = await newIsolate().fetch("/js/torn.js");
    expect(await response.text()).toBe(good);
    expect(log).toHaveBeenCalledWith(expect.stringContaining("artifact_corrupt"));
  });
});

describe("a pointer", () => {
  it("is seen to move within the freshness that the plan allows, first by the one who waits", async () => {
    await publish("/snippets/fresh?account=acme", '{"n":1}');
    const isolate = newIsolate();
    const first = await (await isolate.fetch("/js/fresh.js")).text();
    await publish("/snippets/fresh?account=acme", '{"n":2}');
    vi.setSystemTime(start + 4_000);
    expect(await (await isolate.fetch("/js/fresh.js")).text()).toBe(first);
    vi.setSystemTime(start + 6_000);
    await isolate.fetch("/js/fresh.js");
    expect(await (await isolate.fetch("/js/fresh.js")).text()).toContain('{"n":2}');
  });

  it("is asked for at once by an isolate that slept", async () => {
    await publish("/snippets/slept?account=acme", '{"n":1}');
    const isolate = newIsolate();
    await isolate.fetch("/js/slept.js");
    await publish("/snippets/slept?account=acme", '{"n":2}');
    vi.setSystemTime(start + 60 * minute);
    expect(await (await isolate.fetch("/js/slept.js")).text()).toContain('{"n":2}');
  });

  it("never goes back to an older revision that a store still has", async () => {
    await publish("/snippets/back?account=acme", '{"n":1}');
    const old = await env.STORE.get("pointer:snippet:back");
    await publish("/snippets/back?account=acme", '{"n":2}');
    const isolate = newIsolate();
    await isolate.fetch("/js/back.js");
    await env.STORE.put("pointer:snippet:back", old ?? "");
    vi.setSystemTime(start + minute);
    await isolate.fetch("/js/back.js");
    expect(await (await isolate.fetch("/js/back.js")).text()).toContain('{"n":2}');
  });

  it("that is corrupt in KV does not replace the one in memory", async () => {
    await publish("/snippets/bent?account=acme", '{"n":1}');
    const isolate = newIsolate();
    await isolate.fetch("/js/bent.js");
    await env.STORE.put("pointer:snippet:bent", '{"kind":"snippet","revision":"2"}');
    vi.setSystemTime(start + minute);
    expect((await isolate.fetch("/js/bent.js")).status).toBe(200);
  });

  it("whose new body no store has yet leaves the last good answer in place", async () => {
    await publish("/snippets/ahead?account=acme", '{"n":1}');
    const isolate = newIsolate();
    const good = await (await isolate.fetch("/js/ahead.js")).text();
    const held = await env.STORE.get<Pointer>("pointer:snippet:ahead", "json");
    const missing = "0".repeat(64);
    const ahead = {
      ...held,
      revision: 2,
      content: {
        payload: missing,
        engine: { version: "9", sha256: missing },
        composition: { identity: { sha256: missing, bytes: 1 } },
      },
    };
    await env.STORE.put("pointer:snippet:ahead", JSON.stringify(ahead));
    vi.setSystemTime(start + minute);
    const response = await isolate.fetch("/js/ahead.js");
    expect(await response.text()).toBe(good);
    expect(timing(response)).toMatch(/^cache;desc=stale/);
  });
});

describe("a variable that is unusable", () => {
  it("closes the control API and leaves deliveries alone", async () => {
    await publish("/snippets/open?account=acme", "{}");
    const isolate = newIsolate({ AVIARY_ADMIN_TOKEN: "short" });
    const init = { headers: { authorization: "Bearer short" } };
    expect((await isolate.fetch("/api/v1/status", init)).status).toBe(503);
    expect((await isolate.fetch("/js/open.js")).status).toBe(200);
  });
});
