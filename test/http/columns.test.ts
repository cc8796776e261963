// Every column that the page does not measure itself, filled by the real path: a delivery,
// beacons over HTTP, stitching, and a shard that tells of itself. One without a line here
// fails the test; those that pages measure are filled in the browsers.
import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { Column } from "#rum/column.ts";
import { columnTable, schemaVersion, type ColumnValues } from "#rum/columns.ts";
import { stitch, type Received, type View } from "#rum/stitch.ts";
import { wideEvent, type WideEvent } from "#rum/wide-event.ts";
import { encodeBeacon } from "#rum/wire.ts";
import { firstRing, homeOf } from "#rum/window/ring.ts";
import { windowsFrom } from "#src/adapters/windows.ts";
import { Registry } from "#src/objects/registry.ts";
import { SelfReport } from "#src/objects/self-report.ts";
import type { Window } from "#src/objects/window.ts";
import { publishBeacon, recorder } from "../beacons.ts";
import { createFlag, kill, ramp } from "../control-flags.ts";
import { env, newIsolate, publish } from "../isolate.ts";
import { fullEarly, fullLate, type SaidBeacon } from "../rum/beacons.ts";
import { cf, phone, sampledDelivery } from "../sampled-delivery.ts";

let clock = Date.UTC(2026, 10, 27, 14, 0, 0);
const payload = '{"shop":1}';

beforeAll(async () => {
  await publish("/engines/2.1.0", "self.engine = 1;");
  await publishBeacon("1.4.0");
  await publish("/snippets/shop?account=acme&engine=2.1.0&beacon=1.4.0", payload);
});

beforeEach(() => {
  clock += 60_000;
  vi.useFakeTimers({ toFake: ["Date"], now: clock });
});

afterEach(async () => {
  await kill();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** A flag of this test alone. */
const slower = (): string => `slower-${((clock % 3_600_000) / 60_000) >>> 0}`;

/** A flag of that patch, on for everybody. */
async function everybody(key: string, patch: object): Promise<void> {
  const stages = [{ sharePpm: 1_000_000, minTimeMs: 0, minViews: 0, mode: "manual" }];
  await createFlag(key, { stages, unit: "snippet", seed: "not-held-out", patch });
  await ramp(key, 1_000_000);
  vi.setSystemTime((clock += 3_000));
}

/** A delivery of the snippet: its text, and what its page can read of it. */
async function deliver() {
  const { services, fetch } = newIsolate();
  const response = await fetch("/js/shop.js", {
    headers: { ...phone, "accept-encoding": "identity" },
    cf,
  });
  const text = await response.text();
  const timing = response.headers.get("server-timing") ?? "";
  const config = JSON.parse(/a\.beacon=(\{.*?\});a\.payload/.exec(text)?.[1] ?? "{}") as {
    revision: string;
    build: string;
    variant: string;
  };
  return { services, timing, config };
}

async function send(...beacons: readonly SaidBeacon[]): Promise<readonly Received[]> {
  const { windows, received } = recorder();
  const isolate = newIsolate({}, { windows });
  for (const said of beacons) {
    const init = { method: "POST", body: encodeBeacon(said), headers: phone, cf };
    expect((await isolate.fetch("/t/shop", init)).status).toBe(204);
  }
  return received;
}

/** The event of beacons that came a second apart, as a window stitches them. */
function eventOf(all: readonly Received[]): WideEvent {
  let view: View | undefined;
  const events: WideEvent[] = [];
  for (const [at, beacon] of all.entries()) {
    const step = stitch(view, beacon, clock + 1_000 * at);
    ({ view } = step);
    events.push(...step.sealed.map(wideEvent));
  }
  const [event] = events;
  if (event === undefined) throw new Error("nothing was sealed");
  return event;
}

/** A page view whose page says what the snippet told it, and of the rest what fixtures say. */
async function pageView(): Promise<WideEvent> {
  await everybody(slower(), { delayMs: 40 });
  const { timing, config } = await deliver();
  const read = (pattern: RegExp): string => pattern.exec(timing)?.[1] ?? "";
  const head = { "beacon.token": read(/av;desc="([^"]+)"/) };
  const early: SaidBeacon = {
    ...fullEarly,
    ...head,
    "snippet.payload_digest": config.revision,
    "snippet.build": config.build,
    "beacon.version": config.variant,
    "edge.cache_status": read(/cache;desc=(\w+)/) as "miss",
    "edge.dur_ms": Number(read(/edge;dur=([\d.]+)/)),
    "beacon.webdriver": true,
  };
  const neighbours = [
    ["www.google-analytics.com", 2, 900, 30],
    ["one.example", 1, 500, 20],
    ["two.example", 1, 100, 10],
  ] as const;
  // Sent on from another page of its own in the first four milliseconds.
  const redirected = [0, 1, 4, 5, 15, 15, 20, 40, 40.5, 80.5, 120.5] as const;
  const page = { "nav.timing": redirected, "beacon.neighbours": neighbours };
  const late = { ...fullLate, ...head, ...page };
  return eventOf(await send(early, early, late));
}

const digestOf = async (text: string): Promise<string> => {
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(bytes)].map((each) => each.toString(16).padStart(2, "0")).join("");
};

/** A value, or what is true of it. */
type Promised = { readonly [name: string]: unknown };

const whereItWas = expect.stringMatching(/^(?:colo|kv|r2|miss)$/) as string;
const instant = expect.stringMatching(/^2026-11-27T14:\d\d:\d\d\.\d{3}Z$/) as string;

async function ofPageViews(): Promise<Promised> {
  return {
    "event.id": `${fullEarly["pv.id"]}-0-0`,
    "event.kind": "page_view",
    "event.at": new Date(clock).toISOString(),
    "schema.version": schemaVersion,
    "account.id": "acme",
    "snippet.id": "shop",
    "service.name": "acme/shop",
    "snippet.payload_digest": (await digestOf(payload)).slice(0, 12),
    "snippet.build": "2.1.0",
    "beacon.version": "1.4.0",
    "edge.colo": "ZRH",
    "edge.cache_status": whereItWas,
    "edge.dur_ms": expect.any(Number) as number,
    "geo.country.iso_code": "CH",
    "client.as.number": 13_030,
    "user_agent.name": "Chrome",
    "user_agent.version": "148.0.0.0",
    "os.name": "Android",
    "browser.mobile": true,
    "browser.language": "de-CH",
    "user_agent.synthetic.type": "test",
    "delivery.epoch": expect.toSatisfy((epoch: number) => epoch > 0) as number,
    "delivery.arms": { [slower()]: "canary" },
    "delivery.arms_source": "token",
    "delivery.token_ok": true,
    "delivery.token_bound": true,
    "delivery.bucket": expect.toSatisfy((bucket: number) => bucket >= 0 && bucket < 64) as number,
    "delivery.delay_ms": 40,
    "snippet.fetch_start": 100,
    "snippet.queue_ms": 1.5,
    "snippet.dns_ms": 10,
    "snippet.connect_ms": 40.5,
    "snippet.tls_ms": 30.5,
    "snippet.ttfb_ms": 28.25,
    "snippet.download_ms": 19.75,
    "snippet.response_end": 200,
    "snippet.wait_to_exec_ms": 12.5,
    "snippet.change_after_fcp_ms": 5.5,
    "snippet.flicker_ms": 5.5,
    "nav.redirect_ms": 3,
    "nav.dns_ms": 10,
    "nav.connect_ms": 25,
    "nav.download_ms": 40,
    "tp.entities": ["google-analytics", "one.example", "two.example"],
    "tp.entity_count": 3,
    "tp.block.1.entity": "google-analytics",
    "tp.block.1.ms": 30,
    "tp.block.2.entity": "one.example",
    "tp.block.2.ms": 20,
    "tp.block.3.entity": "two.example",
    "tp.block.3.ms": 10,
    "tp.size.1.entity": "google-analytics",
    "tp.size.1.bytes": 900,
    "tp.size.2.entity": "one.example",
    "tp.size.2.bytes": 500,
    "tp.size.3.entity": "two.example",
    "tp.size.3.bytes": 100,
    "stitch.state": "both",
    "stitch.early_at": new Date(clock).toISOString(),
    "stitch.late_at": new Date(clock + 2_000).toISOString(),
    "stitch.dup_count": 1,
    "stitch.clock_skew_ms": clock + 2_000 - (fullLate["client.clock"] ?? 0),
    "beacon.chars": expect.toSatisfy((chars: number) => chars > 500) as number,
    "beacon.protocol": "h3",
    "beacon.unknown_count": 0,
    "beacon.dropped": [],
  };
}

const ofDeliveries: Promised = {
  "delivery.sample_rate": 20,
  "delivery.route": "snippet",
  "delivery.status": 200,
  "delivery.cache": whereItWas,
  "delivery.edge_ms": 0,
  "delivery.bytes": expect.toSatisfy((bytes: number) => bytes > 100) as number,
  "delivery.encoding": "br",
  "delivery.client_kind": "browser",
};

const ofPipeline: Promised = {
  "pipeline.scope": expect.stringMatching(/^(?:shard|sink|edge)$/) as string,
  "pipeline.shard": expect.stringMatching(/^[0-9a-f]{16}$/) as string,
  "pipeline.since": instant,
  "pipeline.taken": 3,
  "pipeline.duplicate": 1,
  "pipeline.shed": 0,
  "pipeline.sealed": 3,
  "pipeline.both": 1,
  "pipeline.early_only": 1,
  "pipeline.late_only": 0,
  "pipeline.updates": 0,
  "pipeline.deliveries": 1,
  "pipeline.deliveries_dropped": 2,
  "pipeline.open_views": 0,
  "pipeline.stored_bytes": expect.toSatisfy((bytes: number) => bytes > 1_000) as number,
  "pipeline.sink": "evidence",
  "pipeline.exported": expect.any(Number) as number,
  "pipeline.parked": 0,
  "pipeline.retried": expect.any(Number) as number,
  "pipeline.waiting": expect.toSatisfy((events: number) => events > 0) as number,
  "pipeline.oldest_unsent_ms": expect.toSatisfy((age: number) => age > 0) as number,
  "pipeline.failure": "the registry is gone",
  "pipeline.outcome": "taken",
  "pipeline.beacons": 5,
};

/** What a page says and nobody works out: the browsers' tests fill it. */
function isPages([, { source }]: [string, Column]): boolean {
  return source === "early" || source === "late" || source === "both";
}

/** What the edge tells the page, which hands it back. */
const handedBack = [
  "snippet.payload_digest",
  "snippet.build",
  "beacon.version",
  "edge.cache_status",
  "edge.dur_ms",
];

describe("every column that no page measures", () => {
  it("has a value here that it is to have", async () => {
    const columns = Object.entries<Column>(columnTable).filter((each) => !isPages(each));
    const owed = [...columns.map(([name]) => name), ...handedBack];
    const filled = { ...(await ofPageViews()), ...ofDeliveries, ...ofPipeline };
    expect(new Set(Object.keys(filled))).toEqual(new Set(owed));
  });

  it("is filled in a page view by what the edge, the token and stitching know", async () => {
    const event = await pageView();
    expect(event).toMatchObject(await ofPageViews());
  });

  it("is filled in a sampled delivery, in the words of its visitor's page view", async () => {
    await everybody(slower(), { delayMs: 40 });
    const event = await sampledDelivery("/js/shop.js", phone);
    expect(event).toMatchObject(ofDeliveries);
    const promised = await ofPageViews();
    for (const name of sharedWithPageViews) {
      expect([name, event?.[name]]).toEqual([name, promised[name]]);
    }
  });

  it("is filled in what a shard tells of itself", async () => {
    const events = await toldOfItself();
    const together = Object.assign({}, ...events) as Promised;
    expect(together).toMatchObject(ofPipeline);
    expect(new Set(events.map((event) => event["pipeline.scope"]))).toEqual(
      new Set(["shard", "sink", "edge"]),
    );
    expect(events.map((event) => event["event.kind"])).toEqual(events.map(() => "pipeline"));
  });
});

const sharedWithPageViews = [
  "schema.version",
  "account.id",
  "snippet.id",
  "service.name",
  "edge.colo",
  "geo.country.iso_code",
  "client.as.number",
  "user_agent.name",
  "user_agent.version",
  "os.name",
  "browser.mobile",
  "delivery.epoch",
  "delivery.arms",
  "delivery.bucket",
  "delivery.delay_ms",
] as const satisfies readonly (keyof ColumnValues)[];

/** A shard's second report: its sink had failed since the first. */
async function toldOfItself(): Promise<readonly WideEvent[]> {
  const take = vi.spyOn(SelfReport.prototype, "take");
  const told = (): readonly WideEvent[] =>
    take.mock.results.flatMap(({ value }) => value as readonly WideEvent[]);
  const { shard } = homeOf(firstRing, fullEarly["pv.id"], "EU");
  const stub = env.WINDOW.get(env.WINDOW.idFromName(shard));
  const window = windowsFrom(env.WINDOW)(homeOf(firstRing, fullEarly["pv.id"], "EU"));
  const tick = (): Promise<void> =>
    runInDurableObject(stub, (object) => (object as unknown as Window).alarm());
  const isolate = newIsolate();
  const post = (said: SaidBeacon) => {
    const init = { method: "POST", body: encodeBeacon(said), headers: phone, cf };
    return isolate.fetch("/t/shop", init);
  };
  await post({ ...fullEarly, "pv.index": 7 });
  vi.setSystemTime((clock += 61_000));
  await tick();
  const before = told().length;
  vi.spyOn(Registry.prototype, "rollouts").mockRejectedValue(new Error("the registry is gone"));
  for (const said of [fullEarly, fullEarly, fullLate]) await post(said);
  await window.deliver({ events: JSON.stringify([{ "event.kind": "delivery" }]), dropped: 2 });
  await window.tell("isolate-1", { taken: 5 });
  vi.setSystemTime((clock += 5_000));
  await vi.waitUntil(async () => {
    await tick();
    return (await window.view(shard)).sinks.some(({ lastFailure }) => lastFailure !== "");
  });
  vi.setSystemTime((clock += 61_000));
  await tick();
  return told().slice(before);
}
