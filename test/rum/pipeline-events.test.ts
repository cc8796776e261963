import { describe, expect, it } from "vitest";
import { hasWorked, pipelineEvents, type Reading } from "#rum/pipeline-events.ts";

const atMs = Date.UTC(2026, 10, 25, 12);

function reading(over: Partial<Reading> = {}): Reading {
  return {
    atMs,
    counts: {
      taken: 10,
      duplicate: 1,
      shed: 0,
      sealed: 7,
      both: 3,
      earlyOnly: 1,
      lateOnly: 0,
      update: 0,
      delivery: 2,
      deliveryDropped: 0,
    },
    edge: { taken: 9, rate_limited: 4 },
    openViews: 2,
    storedBytes: 4_096,
    sinks: [
      {
        name: "lake",
        exported: 5,
        parked: 0,
        retried: 1,
        waiting: 1,
        oldestUnsentMs: 900,
        lastFailure: "answered 500",
      },
    ],
    ...over,
  };
}

describe("what a shard tells of itself", () => {
  it("counts from its beginning the first time, and afterwards from the time before", () => {
    const [first] = pipelineEvents("s1", undefined, reading());
    expect(first).toMatchObject({ "pipeline.taken": 10, "pipeline.deliveries": 2 });
    expect(first).not.toHaveProperty(["pipeline.since"]);
    const before = reading();
    const later = reading({
      atMs: atMs + 60_000,
      counts: { ...before.counts, taken: 25 },
      edge: { ...before.edge, rate_limited: 6 },
    });
    const [second, , third] = pipelineEvents("s1", before, later);
    expect(second).toMatchObject({
      "event.kind": "pipeline",
      "pipeline.since": "2026-11-25T12:00:00.000Z",
      "pipeline.taken": 15,
      "pipeline.deliveries": 0,
      "pipeline.open_views": 2,
    });
    expect(third).toMatchObject({ "pipeline.outcome": "rate_limited", "pipeline.beacons": 2 });
  });

  it("has a row for each sink, which says how it fares, and for each outcome at edges", () => {
    const [, sink, ...rest] = pipelineEvents("s1", undefined, reading());
    expect(rest.map((event) => event["pipeline.scope"])).toEqual(["edge", "edge"]);
    expect(sink).toMatchObject({
      "pipeline.scope": "sink",
      "pipeline.sink": "lake",
      "pipeline.exported": 5,
      "pipeline.waiting": 1,
      "pipeline.oldest_unsent_ms": 900,
      "pipeline.failure": "answered 500",
    });
  });

  it("names every row apart from all others, and the same row alike", () => {
    const ids = [
      ...pipelineEvents("s1", undefined, reading()),
      ...pipelineEvents("s2", undefined, reading()),
      ...pipelineEvents("s1", reading(), reading({ atMs: atMs + 1 })),
    ].map((event) => event["event.id"]);
    expect(new Set(ids).size).toBe(10);
    const again = pipelineEvents("s1", undefined, reading()).map((event) => event["event.id"]);
    expect(again).toEqual(ids.slice(0, 4));
  });

  it("is work where beacons came or edges refused some, and not where sinks took what waited", () => {
    const before = reading();
    const [sink] = before.sinks;
    const sent = reading({ sinks: sink === undefined ? [] : [{ ...sink, exported: 6 }] });
    expect(hasWorked(before, sent)).toBe(false);
    expect(hasWorked(before, reading({ edge: { ...before.edge, too_large: 1 } }))).toBe(true);
    expect(hasWorked(before, reading({ counts: { ...before.counts, shed: 1 } }))).toBe(true);
    expect(hasWorked(undefined, before)).toBe(true);
  });
});
