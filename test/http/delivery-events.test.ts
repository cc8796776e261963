// Sampled deliveries as wide events, from the request to the shard. Chance is made
// certain where a test needs an event.
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { columnTable } from "#rum/columns.ts";
import type { WideEvent } from "#rum/wide-event.ts";
import type { DeliverCall } from "#src/adapters/window-rpc.ts";
import type { Env } from "#src/services.ts";
import { createFlag, kill, ramp } from "../control-flags.ts";
import { newIsolate, publish, type Isolate } from "../isolate.ts";

const start = Date.UTC(2026, 10, 23, 14, 0, 0);
let clock = start;

beforeAll(async () => {
  await publish("/engines/1.0.0", "self.engine = 1;");
  await publish("/snippets/shop?account=acme&engine=1.0.0", "{}");
  await publish("/datafiles/key?account=acme", '{"revision":"1"}');
});

beforeEach(() => {
  clock += 60_000;
  vi.useFakeTimers({ toFake: ["Date"], now: clock });
  vi.spyOn(Math, "random").mockReturnValue(0);
});

afterEach(async () => {
  await kill();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

type Shard = { readonly name: string; readonly hint: unknown; readonly calls: DeliverCall[] };

/** An isolate whose shards write down what they are handed, or fail. */
function newEdge(isWell = true): { readonly isolate: Isolate; readonly shards: Shard[] } {
  const shards: Shard[] = [];
  const namespace = {
    idFromName: (name: string) => name,
    get: (name: string, { locationHint: hint }: { locationHint?: string }) => {
      const shard: Shard = { name, hint, calls: [] };
      shards.push(shard);
      const deliver = async (call: DeliverCall): Promise<void> => {
        shard.calls.push(call);
        if (!isWell) throw new Error("the object is gone");
      };
      return { deliver };
    },
  };
  return { isolate: newIsolate({ WINDOW: namespace as unknown as Env["WINDOW"] }), shards };
}

const cf = { colo: "FRA", country: "DE", continent: "EU", asn: 3_320, httpProtocol: "HTTP/2" };
const sdk = { "user-agent": "node-fetch/1.0", "accept-encoding": "gzip" };
const chrome = { "user-agent": "Mozilla/5.0 Chrome/156", "accept-encoding": "br" };

function get(isolate: Isolate, path: string, headers: Record<string, string>): Promise<Response> {
  return isolate.fetch(path, { headers, cf });
}

function later(ms: number): void {
  clock += ms;
  vi.setSystemTime(clock);
}

function eventsOf(shards: readonly Shard[]): readonly WideEvent[] {
  return shards.flatMap(({ calls }) =>
    calls.flatMap(({ events }) => JSON.parse(events) as WideEvent[]),
  );
}

describe("a sampled delivery", () => {
  it("is an event of columns alone that says how it was answered, to whom and where", async () => {
    const { isolate, shards } = newEdge();
    const first = await get(isolate, "/datafiles/key.json", sdk);
    later(10_000);
    const etag = first.headers.get("etag") ?? "";
    await get(isolate, "/datafiles/key.json", { ...sdk, "if-none-match": etag });
    const [loaded, unchanged] = eventsOf(shards);
    expect(loaded).toMatchObject({
      "event.kind": "delivery",
      "event.at": new Date(clock - 10_000).toISOString(),
      "account.id": "acme",
      "snippet.id": "key",
      "edge.colo": "FRA",
      "geo.country.iso_code": "DE",
      "client.as.number": 3_320,
      "network.protocol.version": "h2",
      "delivery.route": "datafile",
      "delivery.status": 200,
      "delivery.cache": expect.stringMatching(/^(?:colo|kv|r2)$/) as string,
      "delivery.edge_ms": 0,
      "delivery.encoding": "gzip",
      "delivery.client_kind": "sdk",
      "delivery.sample_rate": 1_000,
      "delivery.arms": {},
    });
    const length = (await first.arrayBuffer()).byteLength;
    expect(loaded?.["delivery.bytes"]).toBeGreaterThan(0);
    expect(length).toBeGreaterThan(0);
    expect(unchanged).toMatchObject({
      "delivery.status": 304,
      "delivery.cache": "hit",
      "delivery.bytes": 0,
    });
    expect(unchanged?.["event.id"]).not.toBe(loaded?.["event.id"]);
    expect(Object.keys(columnTable)).toEqual(expect.arrayContaining(Object.keys(loaded ?? {})));
  });

  it("says which arms the request was in, and is drawn alike in both of them", async () => {
    const manual = [{ sharePpm: 1_000_000, minTimeMs: 0, minViews: 0, mode: "manual" }];
    const plan = { unit: "snippet", seed: "not-held-out", stages: manual };
    await createFlag("shorter", { ...plan, patch: { browserMaxAgeS: 30, deliverySampleRate: 7 } });
    await ramp("shorter", 1_000_000);
    later(3_000);
    const { isolate, shards } = newEdge();
    await get(isolate, "/js/shop.js", chrome);
    const [event] = eventsOf(shards);
    expect(event).toMatchObject({
      "delivery.route": "snippet",
      "delivery.arms": { shorter: "canary" },
      "delivery.sample_rate": 20,
      "delivery.client_kind": "browser",
      "delivery.bucket": expect.any(Number) as number,
    });
    expect(event?.["delivery.epoch"]).toBeGreaterThan(0);
  });

  it("is one of a 404 too", async () => {
    const { isolate, shards } = newEdge();
    await get(isolate, "/datafiles/nobody.json", sdk);
    const [event] = eventsOf(shards);
    expect(event).toMatchObject({ "delivery.status": 404, "delivery.bytes": 0 });
    expect(event).not.toHaveProperty("account.id");
    expect(event).not.toHaveProperty("delivery.cache");
  });

  it("is drawn one in so many times, and none of the others leaves a trace", async () => {
    const { isolate, shards } = newEdge();
    vi.spyOn(Math, "random").mockReturnValue(0.001);
    for (let request = 0; request < 50; request += 1) await get(isolate, "/js/shop.js", chrome);
    expect(shards).toEqual([]);
    vi.spyOn(Math, "random").mockReturnValue(0.000_999);
    await get(isolate, "/js/shop.js", chrome);
    expect(eventsOf(shards)).toHaveLength(1);
  });

  it("goes to a shard near it, with those of ten seconds, and no request waits", async () => {
    const { isolate, shards } = newEdge();
    for (let request = 0; request < 5; request += 1) await get(isolate, "/js/shop.js", chrome);
    expect(eventsOf(shards)).toHaveLength(1);
    later(10_000);
    await get(isolate, "/js/shop.js", chrome);
    expect(shards.map(({ name, hint }) => [name.replace(/\d$/, ""), hint])).toEqual([
      ["deliveries-weur-", "weur"],
      ["deliveries-weur-", "weur"],
    ]);
    expect(eventsOf(shards)).toHaveLength(6);
  });

  it("is counted where it does not fit or does not arrive, and is never sent twice", async () => {
    const failing = newEdge(false);
    await get(failing.isolate, "/js/shop.js", chrome);
    for (let request = 0; request < 520; request += 1) {
      await get(failing.isolate, "/js/shop.js", chrome);
    }
    const handed = failing.shards.flatMap(({ calls }) => calls);
    const sizes = handed.map(({ events, dropped }) => [
      (JSON.parse(events) as WideEvent[]).length,
      dropped,
    ]);
    expect(sizes).toEqual([
      [1, 0],
      [500, 1],
    ]);
    later(10_000);
    await get(failing.isolate, "/js/shop.js", chrome);
    const [last] = failing.shards.at(-1)?.calls ?? [];
    expect(last?.dropped).toBe(501);
    const ids = eventsOf(failing.shards).map((event) => event["event.id"]);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
