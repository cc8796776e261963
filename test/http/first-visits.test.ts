// What the judge holds against arrivals cannot be driven up by asking again and again.
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { CountBatch } from "#src/adapters/rollouts.ts";
import { ArmCounts } from "#src/adapters/arm-counts.ts";
import { createFlag, kill, ramp } from "../control-flags.ts";
import { newIsolate, publish } from "../isolate.ts";
import { phone } from "../sampled-delivery.ts";

let clock = Date.UTC(2026, 10, 27, 9, 0, 0);

beforeAll(async () => {
  await publish("/engines/2.1.0", "self.engine = 1;");
  await publish("/snippets/shop?account=acme&engine=2.1.0", "{}");
  await publish("/snippets/other?account=acme&engine=2.1.0", "{}");
});

beforeEach(async () => {
  clock += 3_600_000;
  vi.useFakeTimers({ toFake: ["Date"], now: clock });
  const stages = [{ sharePpm: 1_000_000, minTimeMs: 0, minViews: 0, mode: "manual" }];
  const key = `counted-${(clock / 3_600_000) % 1_000}`;
  const plan = { stages, unit: "account", seed: "not-held-out", patch: { delayMs: 1 } };
  await createFlag(key, plan);
  await ramp(key, 1_000_000);
  vi.setSystemTime((clock += 3_000));
});

afterEach(async () => {
  await kill();
  vi.useRealTimers();
});

type Request = {
  readonly method?: string;
  readonly address?: string;
  readonly userAgent?: string;
  readonly cf?: Record<string, unknown>;
  readonly path?: string;
  /** Ms since the request before. */
  readonly afterMs?: number;
};

/** What one isolate counts of some requests. */
async function counted(requests: readonly Request[]) {
  const batches: CountBatch[] = [];
  const counts = new ArmCounts({
    isolate: "one",
    report: () => {},
    rollout: () => ({ count: async (batch) => void batches.push(batch) }),
  });
  const isolate = newIsolate({}, { counts });
  for (const { method = "GET", path = "/js/shop.js", cf = {}, afterMs = 0, ...from } of requests) {
    vi.setSystemTime((clock += afterMs));
    const headers = {
      "user-agent": from.userAgent ?? phone["user-agent"],
      "cf-connecting-ip": from.address ?? "203.0.113.7",
    };
    const response = await isolate.fetch(path, { method, headers, cf });
    expect(response.status).toBe(200);
    await response.arrayBuffer();
  }
  await counts.flush(clock);
  const all = batches.flatMap((batch) => batch.counts);
  const sum = (of: "requests" | "visits") => all.reduce((total, each) => total + each[of], 0);
  return { requests: sum("requests"), visits: sum("visits") };
}

const times = (count: number, of: (at: number) => Request): readonly Request[] =>
  Array.from({ length: count }, (_, at) => of(at));

describe("assignments that arrivals are held against", () => {
  it("are none of 150 HEADs from one address", async () => {
    const attack = times(150, () => ({ method: "HEAD" }));
    expect(await counted(attack)).toEqual({ requests: 150, visits: 0 });
  });

  it("are two of an uptime probe that asks every second for five minutes", async () => {
    const probe = times(300, () => ({ afterMs: 1_000 }));
    expect(await counted(probe)).toEqual({ requests: 300, visits: 2 });
  });

  it("are none of a probe that says what it is, that Cloudflare knows, or that is rented by the hour", async () => {
    const probes = [
      { userAgent: "Mozilla/5.0 (compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)" },
      { address: "198.51.100.1", cf: { verifiedBotCategory: "Monitoring & Analytics" } },
      { address: "198.51.100.2", cf: { botManagement: { verifiedBot: true } } },
      { address: "198.51.100.3", cf: { asn: 14_061 } },
    ];
    expect(await counted(probes)).toEqual({ requests: 4, visits: 0 });
  });

  it.each([
    ["address", () => "203.0.113.7"],
    ["/24", (at: number) => `203.0.113.${at}`],
    ["/48", (at: number) => `2001:db8:7:${at.toString(16)}::1`],
  ])("are a few of a hundred user agents behind one %s", async (_, address) => {
    const attack = times(100, (at) => ({
      address: address(at),
      userAgent: `${phone["user-agent"]} ${at}`,
    }));
    expect(await counted(attack)).toEqual({ requests: 100, visits: 8 });
  });

  it("are all visitors of different networks, and of one visitor one for each snippet", async () => {
    const visitors = times(40, (at) => ({ address: `203.0.${at}.7` }));
    const elsewhere = [{ address: "203.0.1.7", path: "/js/other.js" }];
    expect(await counted([...visitors, ...elsewhere])).toEqual({ requests: 41, visits: 41 });
  });
});
