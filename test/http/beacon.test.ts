// POST /t/<snippetId>: what a page sends, and what is made of it.
import { registryFrom } from "#src/adapters/registry.ts";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { sign, signingKeyFrom, agentKeyFrom, bindToken, unbound } from "#flags/signature.ts";
import { hourOf } from "#flags/token.ts";
import { encodeBeacon } from "#rum/wire.ts";
import { publishBeacon, recorder } from "../beacons.ts";
import { ask, createFlag, kill, ramp } from "../control-flags.ts";
import { env, newIsolate, publish } from "../isolate.ts";
import { fullEarly, fullLate, type SaidBeacon } from "../rum/beacons.ts";

let clock = Date.UTC(2026, 10, 25, 14, 0, 0);

beforeAll(async () => {
  await publish("/engines/1.0.0", "self.engine = 1;");
  await publishBeacon("1.0.0");
  await publish("/snippets/shop?account=acme&beacon=1.0.0", "{}");
  await publish("/snippets/silent?account=acme&beacon=off", "{}");
});

beforeEach(() => {
  clock += 60_000;
  vi.useFakeTimers({ toFake: ["Date"], now: clock });
});

afterEach(async () => {
  await kill();
  vi.useRealTimers();
});

const cf = { colo: "ZRH", country: "CH", asn: 13_030, continent: "EU", httpProtocol: "HTTP/3" };
const phone =
  "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0 Mobile Safari/537.36";

function post(body: BodyInit, headers: HeadersInit = {}): RequestInit {
  return { method: "POST", body, headers, cf };
}

const text = (said: Partial<SaidBeacon> = {}): string => encodeBeacon({ ...fullEarly, ...said });

/** Who asks for the snippet here: nobody in particular. */
const holder = { snippet: "shop", account: "acme", network: "" };

const manual = [{ sharePpm: 1_000_000, minTimeMs: 0, minViews: 0, mode: "manual" }];

/** A flag that is on for everybody; the token that a page of its canary is given. */
async function tokenUnder(key: string, patch: object = { browserMaxAgeS: 30 }): Promise<string> {
  await createFlag(key, { stages: manual, unit: "snippet", seed: "not-held-out", patch });
  await ramp(key, 1_000_000);
  vi.setSystemTime((clock += 3_000));
  const response = await newIsolate().fetch("/js/shop.js");
  return /av;desc="([^"]+)"/.exec(response.headers.get("server-timing") ?? "")?.[1] ?? "";
}

/** The columns that the server adds to a beacon. */
async function seen(said: Partial<SaidBeacon>, headers: HeadersInit = {}) {
  const { windows, received } = recorder();
  const response = await newIsolate({}, { windows }).fetch("/t/shop", post(text(said), headers));
  expect(response.status).toBe(204);
  return received[0]?.seen ?? {};
}

describe("an isolate's counts", () => {
  it("reach the pipeline, refusals by their reason, and count once however often they are told", async () => {
    const { windows } = recorder();
    const isolate = newIsolate({}, { windows });
    const before = (await isolate.services.pipeline()).edge;
    for (const body of [text(), "{}", "no beacon", text({ "pv.index": 3 })]) {
      await isolate.fetch("/t/shop", post(body));
      vi.setSystemTime((clock += 11_000));
    }
    const { edge } = await isolate.services.pipeline();
    const told = (outcome: string): number => (edge[outcome] ?? 0) - (before[outcome] ?? 0);
    expect({ taken: told("taken"), other: told("not_a_beacon"), torn: told("not_json") }).toEqual({
      taken: 2,
      other: 1,
      torn: 1,
    });
  });
});

describe("a beacon", () => {
  it("is taken, early and late, with all that it says", async () => {
    const { windows, received } = recorder();
    const isolate = newIsolate({}, { windows });
    for (const said of [fullEarly, fullLate]) {
      const response = await isolate.fetch("/t/shop", post(encodeBeacon(said)));
      expect([response.status, await response.text()]).toEqual([204, ""]);
      expect(response.headers.get("access-control-allow-origin")).toBe("*");
    }
    expect(received.map(({ said }) => said)).toEqual([fullEarly, fullLate]);
    expect(isolate.services.beacons.counts.totals()).toMatchObject({ taken: 2, duplicate: 0 });
  });

  it("is given the columns that its sender has no say in", async () => {
    const headers = { "user-agent": phone, "accept-language": "de-CH, de;q=0.9" };
    expect(await seen({ "beacon.token": null as never }, headers)).toEqual({
      "account.id": "acme",
      "snippet.id": "shop",
      "service.name": "acme/shop",
      "edge.colo": "ZRH",
      "geo.country.iso_code": "CH",
      "client.as.number": 13_030,
      "beacon.protocol": "h3",
      "user_agent.name": "Chrome",
      "user_agent.version": "148.0.0.0",
      "os.name": "Android",
      "browser.mobile": true,
      "browser.language": "de-CH",
    });
  });

  it("says who is no visitor, by the page's word or by the user agent", async () => {
    const driven = await seen({ "beacon.webdriver": true }, { "user-agent": phone });
    expect(driven["user_agent.synthetic.type"]).toBe("test");
    const bot = await seen({}, { "user-agent": "Googlebot/2.1 (+http://www.google.com/bot.html)" });
    expect(bot["user_agent.synthetic.type"]).toBe("bot");
  });

  it("names the third parties behind the hosts that it lists", async () => {
    const { windows, received } = recorder();
    const late = encodeBeacon({
      ...fullLate,
      "beacon.neighbours": [
        ["www.google-analytics.com", 2, 900, 10],
        ["ssl.google-analytics.com", 1, 100, 5],
        ["nobody-knows.example", 1, 50, 0],
      ],
    });
    await newIsolate({}, { windows }).fetch("/t/shop", post(late));
    expect(received[0]?.seen).toMatchObject({
      "tp.entities": ["google-analytics", "nobody-knows.example"],
      "tp.entity_count": 2,
      "tp.block.1.entity": "google-analytics",
      "tp.block.1.ms": 15,
      "tp.size.1.bytes": 1_000,
      "tp.size.2.entity": "nobody-knows.example",
    });
    expect(received[0]?.seen).not.toHaveProperty("tp.block.2.entity");
  });

  it("goes through the windows that there are", async () => {
    const isolate = newIsolate();
    expect((await isolate.fetch("/t/shop", post(text()))).status).toBe(204);
    expect((await isolate.fetch("/t/shop", post(text()))).status).toBe(204);
    expect(isolate.services.beacons.counts.totals()).toMatchObject({ taken: 1, duplicate: 1 });
  });
});

describe("the arms of a beacon", () => {
  it("count by their flags' names, with what a slowdown added", async () => {
    const token = await tokenUnder("slow", { delayMs: 5 });
    expect(await seen({ "beacon.token": token })).toMatchObject({
      "delivery.token_ok": true,
      "delivery.epoch": (await ask("/flags")).body["epoch"],
      "delivery.arms": { slow: "canary" },
      "delivery.bucket": expect.any(Number),
      "delivery.delay_ms": 5,
    });
  });

  it("never count where the token was forged or changed", async () => {
    const token = await tokenUnder("trial");
    const signed = unbound(token);
    const body = signed.slice(0, signed.lastIndexOf("."));
    const stranger = signingKeyFrom("0".repeat(64));
    const swapped = token.replace("_c", "_k");
    const forged = [
      sign(body, stranger),
      bindToken(sign(body, stranger), agentKeyFrom("", stranger), holder),
      signed,
      swapped,
      `${token}x`,
      body,
      "1.1.1.1.1_c",
      "x".repeat(512),
    ];
    for (const each of forged) {
      expect(each).not.toBe(token);
      const columns = await seen({ "beacon.token": each });
      expect(columns["delivery.token_ok"]).toBe(false);
      expect(columns).not.toHaveProperty("delivery.arms");
    }
  });

  it("never count a day later, or once the flag is forgotten", async () => {
    const token = await tokenUnder("passing");
    const stored = JSON.parse((await registryFrom(env.REGISTRY)().snapshot(-1)).text ?? "{}") as {
      epoch: number;
      signingKeys: string[];
    };
    const key = signingKeyFrom(stored.signingKeys[0] ?? "");
    const hour = (hourOf(clock) - 25).toString(36);
    const signed = unbound(token);
    const unsigned = sign(
      signed
        .slice(0, signed.lastIndexOf("."))
        .replace(/\.[^.]+/, `.${stored.epoch.toString(36)}`)
        .replace(/^(1\.[^.]+)\.[^.]+/, `$1.${hour}`),
      key,
    );
    const old = bindToken(unsigned, agentKeyFrom("", key), holder);
    expect((await seen({ "beacon.token": old }))["delivery.token_ok"]).toBe(false);
    await kill();
    const { revision } = (await ask("/flags/passing")).body as { revision: number };
    await ask("/flags/passing", { method: "DELETE", headers: { "if-match": `"${revision}"` } });
    vi.setSystemTime((clock += 6_000));
    expect((await seen({ "beacon.token": token }))["delivery.token_ok"]).toBe(false);
  });
});

describe("what is no beacon", () => {
  it.each<[string, BodyInit, number]>([
    ["nothing", "", 400],
    ["no JSON", "hello", 400],
    ["no array", "{}", 400],
    ["no UTF-8", new Uint8Array([0xff, 0xfe, 0x00]), 400],
    ["of another version", `[2,0,"${"a".repeat(32)}",0]`, 400],
    ["without a head", "[1,0]", 400],
    ["too long", " ".repeat(65_537), 413],
  ])("is refused with a problem document: %s", async (_, body, status) => {
    const { windows, received } = recorder();
    const isolate = newIsolate({}, { windows });
    const response = await isolate.fetch("/t/shop", post(body));
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(received).toEqual([]);
    const totals = Object.values(isolate.services.beacons.counts.totals());
    expect(totals.reduce((sum, each) => sum + each)).toBe(1);
  });

  it("is read no further than a beacon may be long, whatever is announced", async () => {
    let pulled = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled += 1;
        controller.enqueue(new Uint8Array(16_384));
      },
    });
    const { windows } = recorder();
    const response = await newIsolate({}, { windows }).fetch("/t/shop", post(body));
    expect(response.status).toBe(413);
    expect(pulled).toBeLessThan(10);
  });

  it("is refused where nothing is published, or by another method", async () => {
    const isolate = newIsolate();
    expect((await isolate.fetch("/t/nobody", post(text()))).status).toBe(404);
    const get = await isolate.fetch("/t/shop");
    expect([get.status, get.headers.get("allow")]).toEqual([405, "POST, OPTIONS"]);
    const preflight = await isolate.fetch("/t/shop", { method: "OPTIONS" });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-methods")).toBe("POST, OPTIONS");
  });
});

describe("a beacon that cannot be had", () => {
  it("is dropped with thanks where its publisher said off, or its account is muted", async () => {
    const { windows, received } = recorder();
    const isolate = newIsolate({}, { windows });
    expect((await isolate.fetch("/t/silent", post(text()))).status).toBe(204);
    expect(received).toEqual([]);
    const policy = { current: null, sampleRate: 10, mutedAccounts: ["acme"] };
    await ask("/beacon-policy", { method: "PUT", body: JSON.stringify(policy) });
    vi.setSystemTime((clock += 6_000));
    const muted = newIsolate({}, { windows });
    expect((await muted.fetch("/t/shop", post(text()))).status).toBe(204);
    expect(received).toEqual([]);
    expect(muted.services.beacons.counts.totals().unwanted).toBe(1);
    const heard = { ...policy, mutedAccounts: [] };
    await ask("/beacon-policy", { method: "PUT", body: JSON.stringify(heard) });
    vi.setSystemTime((clock += 6_000));
  });

  it("is refused with 429 past the snippet's share, and taken again when that has filled", async () => {
    const { windows } = recorder();
    const isolate = newIsolate({ BEACONS_PER_SECOND: "1" }, { windows });
    const statuses = async (): Promise<number[]> => {
      const all: number[] = [];
      for (let at = 0; at < 6; at += 1) {
        all.push((await isolate.fetch("/t/shop", post(text()))).status);
      }
      return all;
    };
    expect(await statuses()).toEqual([204, 204, 204, 204, 429, 429]);
    vi.setSystemTime((clock += 2_000));
    expect(await statuses()).toEqual([204, 204, 429, 429, 429, 429]);
  });

  it("asks the data centre's count as well, and is believed where that fails", async () => {
    const { windows } = recorder();
    const full = { limit: async () => ({ success: false }) };
    const broken = { limit: async () => Promise.reject(new Error("down")) };
    const refused = await newIsolate({ BEACONS: full }, { windows }).fetch("/t/shop", post(text()));
    expect(refused.status).toBe(429);
    const taken = await newIsolate({ BEACONS: broken }, { windows }).fetch("/t/shop", post(text()));
    expect(taken.status).toBe(204);
  });

  it("is refused with 503 and when to come again, where the windows are full", async () => {
    const error = { reason: "overloaded", retryAfterS: 7 } as const;
    const { windows } = recorder({ ok: false, error });
    const response = await newIsolate({}, { windows }).fetch("/t/shop", post(text()));
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "7"]);
  });
});

describe("the path of beacons", () => {
  it("is another where the operator says so, and earlier ones are answered still", async () => {
    const { windows } = recorder();
    const isolate = newIsolate({ BEACON_PATHS: "/x/, /t/" }, { windows });
    expect((await isolate.fetch("/x/shop", post(text()))).status).toBe(204);
    expect((await isolate.fetch("/t/shop", post(text()))).status).toBe(204);
    const usual = newIsolate({ BEACON_PATHS: "/js/" }, { windows });
    expect((await usual.fetch("/t/shop", post(text()))).status).toBe(204);
  });
});
