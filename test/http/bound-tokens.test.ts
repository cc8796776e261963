// A token is worth something to the page that it was made for, and to nobody who collected it.
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { encodeBeacon } from "#rum/wire.ts";
import { publishBeacon, recorder } from "../beacons.ts";
import { createFlag, kill, ramp } from "../control-flags.ts";
import { newIsolate, publish, type Isolate } from "../isolate.ts";
import { fullEarly } from "../rum/beacons.ts";
import { cf, phone } from "../sampled-delivery.ts";

const hourMs = 3_600_000;
let clock = Date.UTC(2026, 10, 27, 9, 0, 0);

beforeAll(async () => {
  await publish("/engines/2.1.0", "self.engine = 1;");
  await publishBeacon("1.4.0");
  for (const id of ["shop", "other"]) {
    await publish(`/snippets/${id}?account=acme&engine=2.1.0&beacon=1.4.0`, "{}");
  }
});

beforeEach(() => {
  clock += 25 * hourMs;
  vi.useFakeTimers({ toFake: ["Date"], now: clock });
});

afterEach(async () => {
  await kill();
  vi.useRealTimers();
});

/** A flag that gives everybody, or nobody who asks for the snippet, an arm. */
async function flag(of: "everybody" | "nobody"): Promise<void> {
  const stages = [{ sharePpm: 1_000_000, minTimeMs: 0, minViews: 0, mode: "manual" }];
  const audience = { "==": [{ var: "account" }, "somebody-else"] };
  const plan = { stages, unit: "account", seed: "not-held-out", patch: { delayMs: 1 } };
  const key = `${of}-${(clock / hourMs) % 10_000}`;
  await createFlag(key, of === "everybody" ? plan : { ...plan, audience });
  await ramp(key, 1_000_000);
  vi.setSystemTime((clock += 3_000));
}

const mine = { ...phone, "cf-connecting-ip": "203.0.113.7" };

async function tokenOf(headers: Record<string, string> = mine): Promise<string> {
  const response = await newIsolate().fetch("/js/shop.js", { headers });
  await response.arrayBuffer();
  return /av;desc="([^"]+)"/.exec(response.headers.get("server-timing") ?? "")?.[1] ?? "";
}

/** Whether a beacon with that token counts, and how it is marked. */
async function sent(token: string, headers: Record<string, string> = mine, path = "/t/shop") {
  const { windows, received } = recorder();
  const body = encodeBeacon({ ...fullEarly, "beacon.token": token });
  const init = { method: "POST", body, headers, cf };
  expect((await newIsolate({}, { windows }).fetch(path, init)).status).toBe(204);
  const seen = received[0]?.seen;
  return { counts: seen?.["delivery.token_ok"], fits: seen?.["delivery.token_bound"] };
}

/** How many of some beacons count in one isolate. */
async function many(
  { services, fetch }: Isolate,
  all: readonly (readonly [string, Record<string, string>])[],
) {
  const { windows, received } = recorder();
  Object.assign(services, { windows });
  for (const [token, headers] of all) {
    const body = encodeBeacon({ ...fullEarly, "beacon.token": token });
    expect((await fetch("/t/shop", { method: "POST", body, headers, cf })).status).toBe(204);
  }
  return received.filter(({ seen }) => seen["delivery.token_ok"] === true).length;
}

const counted = { counts: true, fits: true };
const marked = { counts: false, fits: false };

describe("a token", () => {
  it.each([
    ["another user agent", { ...mine, "user-agent": `${phone["user-agent"]} 2` }, "/t/shop"],
    ["another network", { ...mine, "cf-connecting-ip": "203.0.114.7" }, "/t/shop"],
    ["another snippet", mine, "/t/other"],
  ])("does not count from %s, and its event is marked", async (_, headers, path) => {
    await flag("everybody");
    const token = await tokenOf();
    expect(await sent(token)).toEqual(counted);
    expect(await sent(token, headers, path)).toEqual(marked);
  });

  it("of no arm does not count on another snippet", async () => {
    await flag("nobody");
    const token = await tokenOf();
    expect(await sent(token)).toEqual(counted);
    expect(await sent(token, mine, "/t/other")).toEqual(marked);
  });

  it("counts from a neighbour's address, which a phone may be given meanwhile", async () => {
    await flag("everybody");
    const v6 = { ...mine, "cf-connecting-ip": "2001:db8:7:1::1" };
    const moved = { ...v6, "cf-connecting-ip": "2001:db8:7:2::9" };
    expect(await sent(await tokenOf(v6), moved)).toEqual(counted);
    expect(await sent(await tokenOf(), { ...mine, "cf-connecting-ip": "203.0.113.9" })).toEqual(
      counted,
    );
  });

  it("counts a few times a minute, and again in the next one", async () => {
    await flag("everybody");
    const token = await tokenOf();
    const isolate = newIsolate();
    expect(
      await many(
        isolate,
        Array.from({ length: 20 }, () => [token, mine] as const),
      ),
    ).toBe(12);
    vi.setSystemTime((clock += 60_000));
    expect(await many(isolate, [[token, mine]])).toBe(1);
  });

  it("counts of one network sixty times a minute, however many user agents it invents", async () => {
    await flag("everybody");
    const all: [string, Record<string, string>][] = [];
    for (let at = 0; at < 80; at += 1) {
      const headers = { ...mine, "user-agent": `${phone["user-agent"]} ${at}` };
      all.push([await tokenOf(headers), headers]);
    }
    expect(await many(newIsolate(), all)).toBe(60);
  });

  it("counts under yesterday's key", async () => {
    vi.setSystemTime((clock = Math.ceil(clock / (24 * hourMs)) * 24 * hourMs - 600_000));
    await flag("everybody");
    const token = await tokenOf();
    vi.setSystemTime((clock += 20 * 60_000));
    expect(await sent(token)).toEqual(counted);
  });
});
