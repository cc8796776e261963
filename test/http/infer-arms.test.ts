// The arms of pages whose browser keeps Server-Timing to itself: what the edge works out
// from their early beacon, beside the token that their snippet came with.
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { unbound, readArmsToken } from "#flags/signature.ts";
import type { Seen } from "#rum/columns.ts";
import { encodeBeacon } from "#rum/wire.ts";
import { publishBeacon, recorder } from "../beacons.ts";
import { createFlag, kill, move, ramp } from "../control-flags.ts";
import { newIsolate, publish, type Isolate } from "../isolate.ts";
import { fullEarly, fullLate, type SaidBeacon } from "../rum/beacons.ts";
import { cf, phone } from "../sampled-delivery.ts";
import { seeded } from "../stats/seeded.ts";

// Ahead of the clock by which the snippet is published.
let clock = Math.ceil(Date.now() / 3_600_000 + 1) * 3_600_000;

beforeAll(async () => {
  await publish("/engines/2.1.0", "self.engine = 1;");
  await publishBeacon("1.4.0");
  await publish("/snippets/shop?account=acme&engine=2.1.0&beacon=1.4.0", "{}");
});

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: clock });
});

afterEach(async () => {
  await kill();
  later(3_600_000);
  vi.useRealTimers();
});

function later(ms: number): void {
  vi.setSystemTime((clock += ms));
}

const stages = [{ sharePpm: 500_000, minTimeMs: 0, minViews: 0, mode: "manual" }];

/** A flag whose arms are half of all each, and when its isolates know of it. */
async function half(key: string, plan: object = {}): Promise<void> {
  await createFlag(key, { stages, unit: "visitor", patch: { delayMs: 1 }, ...plan });
  await ramp(key, 500_000);
  later(3_000);
}

/** Longer than a browser keeps what it got before. */
const settledMs = 200_000;

type Sending = {
  readonly said?: { readonly [K in keyof SaidBeacon]?: SaidBeacon[K] | null | undefined };
  readonly headers?: Record<string, string>;
  readonly properties?: object;
};

const untold = { "beacon.token": null, "edge.cache_status": null, "edge.dur_ms": null };

/** What the edge makes of a page's early beacon, which could read nothing of Server-Timing. */
async function inferred({ said = {}, headers = {}, properties = cf }: Sending = {}): Promise<Seen> {
  const { windows, received } = recorder();
  const body = encodeBeacon({ ...fullEarly, ...untold, ...said } as SaidBeacon);
  const init = { method: "POST", body, headers: { ...phone, ...headers }, cf: properties };
  await newIsolate({}, { windows }).fetch("/t/shop", init as RequestInit);
  return received[0]?.seen ?? {};
}

type Given = { readonly arms: Record<string, string>; readonly bucket: number };

/** What an isolate's answer says of its arms, by the snapshot that the isolate holds. */
async function givenBy({ services }: Isolate, response: Response): Promise<Given | undefined> {
  const background = { waitUntil: () => {} };
  const { keys, snapshot } = await services.snapshots.current({ nowMs: clock, background });
  const [, text] = /av;desc="([^"]+)"/.exec(response.headers.get("server-timing") ?? "") ?? [];
  if (text === undefined) return undefined;
  const token = readArmsToken(unbound(text), keys, {
    nowMs: clock,
    maxAgeHours: 24,
    leastEpoch: 0,
  });
  if (!token.ok) throw new Error(token.error.reason);
  const arms = token.value.arms.map(({ code, arm }) => {
    const rollout = snapshot.rollouts.find((each) => each.code === code);
    return [rollout?.flag ?? code, arm] as const;
  });
  return { arms: Object.fromEntries(arms), bucket: token.value.bucket };
}

describe("the arms of a page that could not read them", () => {
  it("are those that its snippet was delivered with, and say that they were worked out", async () => {
    await half("plain");
    later(settledMs);
    const seen: unknown[] = [];
    for (let visitor = 0; visitor < 20; visitor += 1) {
      const headers = { "cf-connecting-ip": `198.51.100.${visitor}` };
      const isolate = newIsolate();
      const init = { headers: { ...phone, ...headers }, cf };
      const given = await givenBy(isolate, await isolate.fetch("/js/shop.js", init));
      later(2_000);
      const columns = await inferred({ headers });
      expect(columns["delivery.arms"]).toEqual(given?.arms);
      expect(columns["delivery.arms_source"]).toBe("inferred");
      expect(columns).not.toHaveProperty(["delivery.token_ok"]);
      const isInArm = given?.arms["plain"] !== undefined;
      expect(columns["delivery.bucket"]).toBe(isInArm ? given.bucket : undefined);
      seen.push(given?.arms["plain"]);
    }
    expect(new Set(seen)).toContain("canary");
    expect(new Set(seen)).toContain("control");
  });

  it("are unknown for a while after a flag has moved, and of flags that hang on it", async () => {
    await half("first");
    await half("second", { prerequisites: ["first"], patch: { coloTtlS: 9 } });
    await half("third", { patch: { pointerFreshMs: 4_000 } });
    const moving = { first: "unknown", second: "unknown", third: "unknown" };
    expect((await inferred())["delivery.arms"]).toEqual(moving);
    later(settledMs);
    expect(Object.values((await inferred())["delivery.arms"] ?? {})).not.toContain("unknown");
    await move("first", "hold");
    later(3_000);
    const { third: _, ...others } = (await inferred())["delivery.arms"] ?? {};
    expect(others).toEqual({ first: "unknown", second: "unknown" });
  });

  it.each([
    ["chance", { unit: "request" }],
    ["the protocol", { audience: { "!=": [{ var: "httpProtocol" }, "HTTP/1.0"] } }],
    ["the time", { audience: { ">": [{ var: "$flagd.timestamp" }, 0] } }],
    ["what cannot be read from it", { audience: { "!!": [{ var: { cat: ["col", "o"] } }] } }],
  ])("are unknown where %s decides", async (why, plan) => {
    const key = `by-${why.replaceAll(" ", "-")}`;
    await half(key, plan);
    later(settledMs);
    expect((await inferred())["delivery.arms"]).toEqual({ [key]: "unknown" });
  });

  it("are unknown of visitors on the hour that they are named anew, and not of scripts", async () => {
    await half("named");
    await half("whole", { unit: "snippet", seed: "not-held-out", patch: { coloTtlS: 9 } });
    later(24 * 3_600_000);
    await newIsolate().fetch("/js/shop.js");
    later(3_000);
    const arms = (await inferred())["delivery.arms"] ?? {};
    expect(arms["named"]).toBe("unknown");
    expect(arms["whole"]).toBe("control");
  });

  it.each<[string, Sending]>([
    ["read that there was no token", { said: { "edge.cache_status": "hit" } }],
    ["is late", { said: { ...fullLate, ...untold } }],
    ["is a view after the load", { said: { "pv.index": 1 } }],
    ["went back", { said: { "browser.web_vital.navigation_type": "back-forward" } }],
    ["has been there for long", { said: { "client.sent_at": 120_001 } }],
    ["does not say for how long", { said: { "client.sent_at": null } }],
    ["is shown an arm", { headers: { "aviary-preview": "whatever" } }],
  ])("are not worked out where the page %s", async (why, sending) => {
    await half(`not-${why.replaceAll(/[^a-z]/g, "-")}`);
    later(settledMs);
    expect(await inferred(sending)).not.toHaveProperty(["delivery.arms"]);
  });

  it("are not believed of a token that does not hold", async () => {
    await half("forged");
    later(settledMs);
    const columns = await inferred({ said: { "beacon.token": "1.1.1.1.a_c.forged" } });
    expect(columns["delivery.token_ok"]).toBe(false);
    expect(columns).not.toHaveProperty(["delivery.arms"]);
  });
});

type Copy = { readonly arms: Record<string, string> | undefined; readonly untilMs: number };
/** Arms of views, by whether the visitor's address was still the same. */
type Tally = { right: number; unknown: number; wrong: number };

/**
 * Visitors with caches of their own, over hours in which flags move: what their snippet
 * came with, and what is made of it when the page sends its beacon some seconds later.
 */
async function traffic({ views, movesAddress }: { views: number; movesAddress: number }) {
  const random = seeded(8);
  const keys = ["steady", "growing", "short"];
  const isolates = Array.from({ length: 3 }, () => recorder()).map(({ windows, received }) => ({
    received,
    isolate: newIsolate({}, { windows }),
  }));
  const any = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const caches = new Map<string, Copy>();
  const kept: Tally = { right: 0, unknown: 0, wrong: 0 };
  const moved: Tally = { right: 0, unknown: 0, wrong: 0 };
  let share = 10_000;
  for (let view = 0; view < views; view += 1) {
    later(1_000 + Math.floor(random() * 9_000));
    if (view % 80 === 79) {
      share = Math.min(share * 2, 500_000);
      await ramp("growing", share);
    }
    const visitor = Math.floor(random() * 200);
    const agent = `Mozilla/5.0 (iPhone; CPU iPhone OS 18_${visitor % 7} like Mac OS X) Safari/604.1`;
    const address = visitor % 3 === 0 ? `2001:db8::${visitor}` : `198.51.100.${visitor}`;
    const headers = { ...phone, "user-agent": agent, "cf-connecting-ip": address };
    let copy = caches.get(agent + address);
    if (copy === undefined || copy.untilMs < clock) {
      const { isolate: near } = any(isolates);
      const got = await near.fetch("/js/shop.js", { headers, cf });
      const [, freshS = 0, staleS = 0] =
        /max-age=(\d+), stale-while-revalidate=(\d+)/
          .exec(got.headers.get("cache-control") ?? "")
          ?.map(Number) ?? [];
      const given = await givenBy(near, got);
      copy = { arms: given?.arms, untilMs: clock + (freshS + staleS) * 1_000 };
      caches.set(agent + address, copy);
    }
    const pageMs = Math.floor(-Math.log(1 - random()) * 3_000);
    later(pageMs);
    const isElsewhere = random() < movesAddress;
    const from = isElsewhere ? `192.0.2.${visitor}` : address;
    const said = { ...fullEarly, ...untold, "client.sent_at": pageMs } as unknown as SaidBeacon;
    const { isolate, received } = any(isolates);
    const body = encodeBeacon(said);
    const init = { method: "POST", body, headers: { ...headers, "cf-connecting-ip": from }, cf };
    await isolate.fetch("/t/shop", init);
    const arms = received.at(-1)?.seen["delivery.arms"] ?? {};
    const tally = isElsewhere ? moved : kept;
    for (const key of keys) {
      const [told, inferredArm] = [copy.arms?.[key] ?? "rest", arms[key] ?? "rest"];
      if (inferredArm === "unknown") tally.unknown += 1;
      else if (inferredArm === told) tally.right += 1;
      else tally.wrong += 1;
    }
  }
  return { kept, moved };
}

async function threeFlags(): Promise<void> {
  const long = [1, 2, 5, 10, 20, 25, 30, 40, 50].map((percent) => ({
    sharePpm: percent * 10_000,
    minTimeMs: 0,
    minViews: 0,
    mode: "manual",
  }));
  const plan = { unit: "visitor", stages: long };
  await createFlag("steady", { ...plan, patch: { delayMs: 1 } });
  await createFlag("growing", { ...plan, patch: { coloTtlS: 9 } });
  await createFlag("short", { ...plan, unit: "colo", patch: { pointerFreshMs: 4_000 } });
  for (const key of ["steady", "short"]) await ramp(key, 500_000);
  await ramp("growing", 10_000);
  later(3_000);
}

describe("over hours of traffic in which a flag moves", () => {
  it(
    "no arm is taken for another but where a visitor's address has changed",
    { timeout: 180_000 },
    async () => {
      await threeFlags();
      const { kept, moved } = await traffic({ views: 400, movesAddress: 0.1 });
      console.log(`arms worked out: ${JSON.stringify({ kept, moved })}`);
      expect(kept.wrong).toBe(0);
      expect(kept.right).toBeGreaterThan(4 * kept.unknown);
      expect(moved.wrong).toBeGreaterThan(0);
    },
  );
});
