import { describe, expect, it } from "vitest";
import { columnTable, type Seen } from "#rum/columns.ts";
import type { Sealed } from "#rum/stitch.ts";
import { sampleRateOf, wideEvent, type WideEvent } from "#rum/wide-event.ts";
import { fullEarly, fullLate, received, type SaidBeacon } from "./beacons.ts";

const earlyAtMs = Date.parse("2026-11-23T12:00:00.000Z");

type Came = readonly [said: SaidBeacon, seen?: Seen];

/** A sealed view whose beacons came a second apart. */
function sealedOf(...came: readonly Came[]): Sealed {
  const arrivals = came.map(([said, seen], at) => ({
    beacon: received(said, seen),
    atMs: earlyAtMs + 1_000 * at,
  }));
  return { kind: "page_view", arrivals, duplicates: 0 };
}

function eventOf(...came: readonly Came[]): ReturnType<typeof wideEvent> {
  return wideEvent(sealedOf(...came));
}

describe("wideEvent", () => {
  const event = eventOf(
    [fullEarly, { "edge.colo": "FRA", "geo.country.iso_code": "DE" }],
    [fullLate, { "edge.colo": "AMS" }],
  );

  it("has every column that the page speaks of, and no name that the table does not have", () => {
    const spoken = Object.entries(columnTable)
      .filter(([, { source }]) => ["early", "late", "both"].includes(source))
      .map(([name]) => name);
    expect(Object.keys(event)).toEqual(expect.arrayContaining(spoken));
    const own = Object.keys(event).filter((name) => !name.startsWith("x."));
    expect(Object.keys(columnTable)).toEqual(expect.arrayContaining(own));
    expect(Object.values(event)).not.toContain(undefined);
  });

  it("says who it is, of what it is made and when that came", () => {
    expect(event).toMatchObject({
      "event.id": "00112233445566778899aabbccddeeff-0-0",
      "event.kind": "page_view",
      "event.at": "2026-11-23T12:00:00.000Z",
      "schema.version": 2,
      "pv.id": "00112233445566778899aabbccddeeff",
      "stitch.state": "both",
      "stitch.early_at": "2026-11-23T12:00:00.000Z",
      "stitch.late_at": "2026-11-23T12:00:01.000Z",
      "stitch.late_seq": 1,
      "stitch.dup_count": 0,
      "stitch.transport": "sb",
      "beacon.unknown_count": 0,
      "beacon.dropped": [],
      "geo.country.iso_code": "DE",
    });
  });

  it("works out the phases of both fetches", () => {
    expect(event).toMatchObject({
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
      "nav.dns_ms": 10,
      "nav.connect_ms": 25,
      "nav.download_ms": 40,
    });
  });

  it("keeps the customer's own under x.", () => {
    expect(event).toMatchObject({
      "x.event.added.count": 2,
      "x.event.added.value": 39.9,
      "x.mark.theme": "dark",
      "x.mark.member": true,
      "x.mark.basket": 3,
    });
  });

  it.each([
    ["early_only", [fullEarly], "0"],
    ["late_only", [fullLate], "1"],
    ["late_only", [fullLate, { ...fullLate, "stitch.late_seq": 2 }], "1"],
  ] as const)("is %s without the other beacon, and has an id of its own", (state, said, number) => {
    const row = eventOf(...said.map((each) => [each] as const));
    expect(row["stitch.state"]).toBe(state);
    expect(row["event.id"]).toBe(`${fullEarly["pv.id"]}-0-${number}`);
    expect(row["stitch.early_at"] === undefined).toBe(state === "late_only");
    expect(row["stitch.late_at"] === undefined).toBe(state === "early_only");
  });

  it("takes a later beacon's word, and an earlier one's for what the later leaves out", () => {
    const { "lcp.value": _, ...update } = { ...fullLate, "stitch.late_seq": 2, "inp.value": 480 };
    const row = eventOf([fullEarly], [fullLate], [update]);
    expect(row).toMatchObject({
      "inp.value": 480,
      "lcp.value": 640,
      "stitch.late_seq": 2,
      "stitch.early_at": "2026-11-23T12:00:00.000Z",
      "stitch.late_at": "2026-11-23T12:00:02.000Z",
    });
  });

  it("takes the least skew, which has the shortest way in it", () => {
    const clock = earlyAtMs - 60_000;
    const early = { ...fullEarly, "client.clock": clock - 250 };
    const late = { ...fullLate, "client.clock": clock + 960 };
    expect(eventOf([early], [late])["stitch.clock_skew_ms"]).toBe(60_040);
    expect(eventOf([early])["stitch.clock_skew_ms"]).toBe(60_250);
    const { "client.clock": _, ...silent } = fullEarly;
    expect(eventOf([silent])).not.toHaveProperty(["stitch.clock_skew_ms"]);
  });

  it("counts what all its beacons lost on the way", () => {
    const sealed = sealedOf([fullEarly], [fullLate]);
    const arrivals = sealed.arrivals.map(({ beacon, atMs }) => ({
      atMs,
      beacon: { ...beacon, unknownCount: 2, dropped: ["pv.sample_rate" as const], chars: 50 },
    }));
    expect(wideEvent({ ...sealed, arrivals, duplicates: 3 })).toMatchObject({
      "beacon.unknown_count": 4,
      "beacon.dropped": ["pv.sample_rate"],
      "beacon.chars": 100,
      "stitch.dup_count": 3,
    });
  });

  it("has 40 names of the customer's at most", () => {
    const names = Array.from({ length: 20 }, (_, at) => `n${at}`);
    const row = eventOf([
      {
        ...fullLate,
        "beacon.events": names.map((name) => [name, 1, 2]),
        "beacon.marks": names.map((name) => [name, "value"]),
      },
    ]);
    const own = Object.keys(row).filter((name) => name.startsWith("x."));
    expect(own).toHaveLength(40);
    expect(own.filter((name) => name.startsWith("x.mark."))).toEqual([]);
  });

  it("lets no name of the customer's reach the row itself", () => {
    const row = eventOf([{ ...fullLate, "beacon.marks": [["__proto__", "a"]] }]);
    expect(row).toMatchObject({ "x.mark.__proto__": "a" });
    expect(Object.getPrototypeOf(row)).toBe(Object.prototype);
  });
});

function armsOf(early: Seen, late: Seen): unknown[] {
  const row = eventOf([fullEarly, early], [fullLate, late]);
  return [row["delivery.token_ok"], row["delivery.epoch"], row["delivery.arms"]];
}

describe("the arms of an event", () => {
  const held: Seen = {
    "delivery.token_ok": true,
    "delivery.epoch": 7,
    "delivery.arms": { br: "canary" },
  };
  const forged: Seen = { "delivery.token_ok": false };

  it("come from one token as a whole, and from one that held if any did", () => {
    const other = { ...held, "delivery.epoch": 8, "delivery.arms": {} };
    expect(armsOf(held, forged)).toEqual([true, 7, { br: "canary" }]);
    expect(armsOf(forged, held)).toEqual([true, 7, { br: "canary" }]);
    expect(armsOf(held, other)).toEqual([true, 7, { br: "canary" }]);
    expect(armsOf({}, held)).toEqual([true, 7, { br: "canary" }]);
    expect(armsOf({ "delivery.token_ok": true }, held)).toEqual([true, undefined, undefined]);
  });

  it("are unknown where no token held", () => {
    expect(armsOf(forged, forged)).toEqual([false, undefined, undefined]);
    expect(armsOf({}, {})).toEqual([undefined, undefined, undefined]);
  });
});

describe("the phases of a fetch", () => {
  type Timing = NonNullable<SaidBeacon["snippet.timing"]>;

  function phasesOf(timing: Timing): Record<string, unknown> {
    const row = eventOf([{ ...fullEarly, "snippet.timing": timing }]);
    const names = ["queue", "dns", "connect", "tls", "ttfb", "download"];
    return Object.fromEntries(
      names
        .map((name) => [name, row[`snippet.${name}_ms` as keyof typeof row]])
        .filter(([, value]) => value !== undefined),
    );
  }

  it("are unknown, not zero, where the host lets nobody see them", () => {
    const row = eventOf([
      { ...fullEarly, "snippet.timing": [100, 0, 0, 0, 0, 0, 0, 0, 0, 0, 200] },
    ]);
    expect(row).toMatchObject({ "snippet.fetch_start": 100, "snippet.response_end": 200 });
    expect(phasesOf([100, 0, 0, 0, 0, 0, 0, 0, 0, 0, 200])).toEqual({});
  });

  it("have no TLS on plain HTTP, and no connection where one was open", () => {
    expect(phasesOf([100, 0, 0, 100, 110, 110, 0, 120, 120, 130, 140])).not.toHaveProperty("tls");
    expect(phasesOf([100, 0, 0, 100, 100, 100, 100, 100, 105, 130, 140])).toEqual({
      queue: 5,
      dns: 0,
      connect: 0,
      tls: 0,
      ttfb: 25,
      download: 10,
    });
  });

  it("are as far as they got while the body is on its way", () => {
    const row = eventOf([{ ...fullEarly, "snippet.timing": [0, 0, 0, 0, 0, 0, 0, 0, 0.5, 0, 0] }]);
    for (const name of ["ttfb_ms", "download_ms", "response_end", "wait_to_exec_ms"]) {
      expect(row).not.toHaveProperty([`snippet.${name}`]);
    }
    expect(phasesOf([100, 0, 0, 100, 100, 100, 100, 100, 105, 0, 0])).toEqual({
      queue: 5,
      dns: 0,
      connect: 0,
      tls: 0,
    });
  });

  it("are never negative: a clock's tick is none, and more is no duration", () => {
    expect(phasesOf([100, 0, 0, 100, 100, 100, 100, 100, 105, 104, 102])).toMatchObject({
      ttfb: 0,
    });
    expect(phasesOf([100, 0, 0, 100, 100, 100, 100, 100, 105, 104, 102])).not.toHaveProperty(
      "download",
    );
  });

  it("have no digits that only the subtraction made", () => {
    const fetched = [0.1, 0, 0, 0.1, 0.3, 0.3, 0, 0.3, 0.3, 0.4, 0.7] as const;
    expect(phasesOf(fetched)).toEqual({ queue: 0, dns: 0.2, connect: 0, ttfb: 0.1, download: 0.3 });
  });
});

describe("sampleRateOf", () => {
  it.each<[number, WideEvent]>([
    [10, { "pv.sample_rate": 10 }],
    [200, { "delivery.sample_rate": 200 }],
    [1, {}],
  ])("is %i where the event stands for that many", (rate, event) => {
    expect(sampleRateOf(event)).toBe(rate);
  });
});
