// Which beacon a snippet is delivered with. Only the clock is faked: a new isolate some
// seconds later sees what the Registry says then.
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { publishBeacon } from "../beacons.ts";
import { ask, createFlag, kill, ramp } from "../control-flags.ts";
import { newIsolate, publish } from "../isolate.ts";

let clock = Date.UTC(2026, 10, 24, 14, 0, 0);

beforeAll(async () => {
  await publish("/engines/1.0.0", "self.engine = 1;");
  await publishBeacon("1.0.0");
  await publishBeacon("2.0.0");
  await publish("/snippets/measured?account=acme&beacon=1.0.0&beaconSampleRate=4", "{}");
  await publish("/snippets/silent?account=acme&beacon=off", "{}");
  await publish("/snippets/plain?account=acme", "{}");
  await publish("/snippets/other?account=bolt&beacon=1.0.0", "{}");
});

beforeEach(() => {
  clock += 60_000;
  vi.useFakeTimers({ toFake: ["Date"], now: clock });
});

afterEach(async () => {
  await kill();
  vi.useRealTimers();
});

const manual = [{ sharePpm: 1_000_000, minTimeMs: 0, minViews: 0, mode: "manual" }];

async function everybody(key: string, patch: object): Promise<void> {
  await createFlag(key, { stages: manual, unit: "account", seed: "not-held-out", patch });
  await ramp(key, 1_000_000);
  clock += 3_000;
  vi.setSystemTime(clock);
}

async function script(id: string, isolate = newIsolate()): Promise<string> {
  const headers = { "accept-encoding": "identity" };
  return (await isolate.fetch(`/js/${id}.js`, { headers })).text();
}

/** Version of the early part in a script, and what it is told of itself. */
function beaconIn(text: string): [string | undefined, Record<string, unknown> | undefined] {
  const config = /a\.beacon=(\{.*?\});a\.payload/.exec(text)?.[1];
  const told = config === undefined ? undefined : (JSON.parse(config) as Record<string, unknown>);
  return [/self\.early = "([^"]+)"/.exec(text)?.[1], told];
}

describe("a snippet's beacon", () => {
  it("is the one that its publisher named, told of itself, and the same for all visitors", async () => {
    const text = await script("measured");
    expect(beaconIn(text)).toEqual([
      "1.0.0",
      {
        collector: expect.stringMatching(/^\/b\/[0-9a-f]{16}\.js$/),
        to: "/t/measured",
        sampleRate: 4,
        revision: expect.stringMatching(/^[0-9a-f]{12}$/),
        build: "1.0.0",
        variant: "1.0.0",
      },
    ]);
    expect(await script("measured")).toBe(text);
    expect(text.indexOf("self.early")).toBeLessThan(text.indexOf("self.engine"));
  });

  it("is none where nobody chose one, or its publisher said off", async () => {
    expect(beaconIn(await script("plain"))).toEqual([undefined, undefined]);
    expect(beaconIn(await script("silent"))).toEqual([undefined, undefined]);
  });

  it("stays as it is when only the payload changes", async () => {
    const [before] = [beaconIn(await script("other"))];
    await publish("/snippets/other?account=bolt", '{"a":1}');
    const after = beaconIn(await script("other"));
    expect(after).toEqual([before[0], { ...before[1], revision: expect.any(String) }]);
    expect(after[1]?.["revision"]).not.toBe(before[1]?.["revision"]);
  });

  it("brings its collector along where it is inlined, in a fence of its own", async () => {
    const query = "account=acme&beacon=1.0.0&inlineCollector=true&marks=theme,plan&templates=/p/*";
    await publish(`/snippets/inlined?${query}&session=true&beaconSampleRate=1`, "{}");
    const text = await script("inlined");
    expect(text).toContain('try{self.collector = "1.0.0";');
    expect(beaconIn(text)[1]).toMatchObject({
      collector: { inline: true },
      marks: ["theme", "plan"],
      templates: ["/p/*"],
      session: true,
    });
  });

  it("is another under a flag, but for those who said off", async () => {
    await everybody("beacon-2", { beacon: "2.0.0" });
    expect(beaconIn(await script("measured"))[1]).toMatchObject({
      variant: "2.0.0",
      sampleRate: 4,
    });
    expect(beaconIn(await script("plain"))[1]).toMatchObject({ variant: "2.0.0", sampleRate: 10 });
    expect(beaconIn(await script("silent"))).toEqual([undefined, undefined]);
  });

  it("is measured at another rate under a flag, and not at all at 0 or off", async () => {
    await everybody("rate", { beaconSampleRate: 1 });
    expect(beaconIn(await script("measured"))[1]).toMatchObject({ sampleRate: 1 });
    await kill();
    await everybody("none", { beaconSampleRate: 0 });
    expect(beaconIn(await script("measured"))).toEqual([undefined, undefined]);
    await kill();
    await everybody("off", { beacon: "off" });
    expect(beaconIn(await script("measured"))).toEqual([undefined, undefined]);
  });

  it("cannot be a version that was never published", async () => {
    const body = JSON.stringify({ patch: { beacon: "9.9.9" } });
    expect((await ask("/flags/unknown", { method: "PUT", body })).status).toBe(422);
    const path = "/snippets/plain?account=acme&beacon=9.9.9";
    expect((await ask(path, { method: "PUT", body: "{}" })).status).toBe(422);
  });

  it("is the one in use for a snippet whose publisher does not say", async () => {
    const policy = { current: "2.0.0", sampleRate: 7, mutedAccounts: [] };
    await ask("/beacon-policy", { method: "PUT", body: JSON.stringify(policy) });
    await publish("/snippets/fresh?account=acme", "{}");
    expect(beaconIn(await script("fresh"))[1]).toMatchObject({ variant: "2.0.0", sampleRate: 7 });
    expect(beaconIn(await script("plain"))).toEqual([undefined, undefined]);
    await publish("/snippets/silent?account=acme", '{"b":1}');
    expect(beaconIn(await script("silent"))).toEqual([undefined, undefined]);
  });
});

describe("a muted account", () => {
  it("has no beacon within ten seconds, whatever flags say, and has it back afterwards", async () => {
    await everybody("louder", { beacon: "2.0.0" });
    const isolate = newIsolate();
    expect(beaconIn(await script("other", isolate))[0]).toBe("2.0.0");
    const policy = { current: null, sampleRate: 10, mutedAccounts: ["bolt"] };
    await ask("/beacon-policy", { method: "PUT", body: JSON.stringify(policy) });
    vi.setSystemTime((clock += 10_000));
    await script("other", isolate);
    expect(beaconIn(await script("other", isolate))).toEqual([undefined, undefined]);
    expect(beaconIn(await script("measured", isolate))[0]).toBe("2.0.0");
    const heard = { ...policy, mutedAccounts: [] };
    await ask("/beacon-policy", { method: "PUT", body: JSON.stringify(heard) });
    vi.setSystemTime((clock += 10_000));
    await script("other", isolate);
    expect(beaconIn(await script("other", isolate))[0]).toBe("2.0.0");
  });
});

describe("a collector", () => {
  it.each(["br", "zstd", "gzip", "identity"])("is there for ever, in %s", async (coding) => {
    const path = String(beaconIn(await script("measured"))[1]?.["collector"]);
    const headers = { "accept-encoding": coding };
    const isolate = newIsolate();
    const first = await isolate.fetch(path, { headers });
    expect(first.status).toBe(200);
    expect(first.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect(first.headers.get("timing-allow-origin")).toBe("*");
    expect(first.headers.get("access-control-allow-origin")).toBe("*");
    expect(first.headers.get("content-encoding")).toBe(coding === "identity" ? null : coding);
    const again = await isolate.fetch(path, { headers });
    expect(again.headers.get("server-timing")).toContain("cache;desc=hit");
  });

  it("is a comment where there is none of that digest, and nothing else is served there", async () => {
    const missing = await newIsolate().fetch("/b/0123456789abcdef.js");
    expect([missing.status, await missing.text()]).toEqual([404, expect.stringMatching(/^\/\*/)]);
  });
});
