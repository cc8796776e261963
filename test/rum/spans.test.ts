import { describe, expect, it } from "vitest";
import { spansOf } from "#rum/spans.ts";
import { wideEvent, type WideEvent } from "#rum/wide-event.ts";
import { fc } from "../property.ts";
import { anySaid, fullEarly, fullLate, received, type SaidBeacon } from "./beacons.ts";

const takenMs = Date.parse("2026-11-23T12:00:00.000Z");

function eventOf(...said: readonly SaidBeacon[]): WideEvent {
  const seen = { "tp.block.1.entity": "Tags", "tp.block.1.ms": 41 };
  const arrivals = said.map((each, at) => ({
    beacon: received(each, seen),
    atMs: takenMs + 1_000 * at,
  }));
  return wideEvent({ kind: "page_view", arrivals, duplicates: 0 });
}

describe("spansOf", () => {
  it("makes a tree of the view, its fetch, its evaluation and its neighbours", () => {
    const tree = spansOf(eventOf(fullEarly, fullLate)).map(({ name, parent, placement }) => [
      name,
      parent,
      placement,
    ]);
    expect(tree).toEqual([
      ["pageview", undefined, "seen"],
      ["snippet.fetch", "pageview", "seen"],
      ["snippet.evaluate", "pageview", "seen"],
      ["snippet.config", "snippet.evaluate", "in_order"],
      ["snippet.targeting", "snippet.evaluate", "in_order"],
      ["snippet.bucketing", "snippet.evaluate", "in_order"],
      ["snippet.apply", "snippet.evaluate", "in_order"],
      ["third_party.1", "pageview", "unknown"],
    ]);
  });

  it("puts moments on the server's clock", () => {
    const clock = takenMs - 3_600_000;
    const early = { ...fullEarly, "client.time_origin": clock - 341, "client.clock": clock };
    const [root, fetched] = spansOf(eventOf(early));
    expect(root).toMatchObject({ startMs: takenMs - 341, endMs: takenMs - 341 + 341.2 });
    expect(fetched).toMatchObject({ startMs: takenMs - 241, endMs: takenMs - 141 });
  });

  it.each([
    ["begins after the server took the beacon", 4_000_000_000_000],
    ["began before any tab that is open", 0],
  ])("does not believe a clock by which the view %s", (_, origin) => {
    const early = { ...fullEarly, "client.time_origin": origin, "client.clock": takenMs };
    expect(spansOf(eventOf(early))[0]?.startMs).toBe(takenMs);
  });

  it("leaves out what has no beginning or no end", () => {
    expect(spansOf(eventOf(fullLate)).map(({ name }) => name)).toEqual([
      "pageview",
      "third_party.1",
    ]);
  });

  it("makes of a delivery one span as long as the edge took", () => {
    const event: WideEvent = {
      "event.kind": "delivery",
      "event.at": "2026-11-23T12:00:00.000Z",
      "delivery.edge_ms": 3,
    };
    expect(spansOf(event)).toEqual([
      {
        name: "delivery",
        parent: undefined,
        kind: "server",
        placement: "seen",
        startMs: takenMs,
        endMs: takenMs + 3,
        columns: event,
      },
    ]);
  });

  it("begins and ends every span within its parent, under a name of its own: any beacons", () => {
    fc.assert(
      fc.property(anySaid("early"), anySaid("late"), (early, late) => {
        const spans = spansOf(eventOf(early, late));
        const byName = new Map(spans.map((span) => [span.name, span]));
        expect(byName.size).toBe(spans.length);
        for (const { startMs, endMs, parent } of spans) {
          expect(endMs).toBeGreaterThanOrEqual(startMs);
          if (parent === undefined) continue;
          const around = byName.get(parent);
          expect(startMs).toBeGreaterThanOrEqual(around?.startMs ?? Number.NaN);
          // Sums of fractions in another order may differ in their last digit.
          expect(endMs).toBeLessThanOrEqual((around?.endMs ?? Number.NaN) + 0.001);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
