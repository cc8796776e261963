import { describe, expect, it } from "vitest";
import * as v from "valibot";
import { pipelineView, type PipelineView } from "#src/admin/pipeline-contract.ts";
import { KnownRings } from "#src/adapters/known-rings.ts";
import { createWindows, windowsFrom } from "#src/adapters/windows.ts";
import { control, env } from "../isolate.ts";
import { fullEarly, fullLate, received } from "../rum/beacons.ts";

const stubs = windowsFrom(env.WINDOW);
const windows = createWindows({ window: stubs, rings: new KnownRings(), report: () => {} });

async function pipeline(): Promise<PipelineView> {
  const response = await control("/pipeline");
  expect(response.status).toBe(200);
  return v.parse(pipelineView, await response.json());
}

function take(view: number, sequence: number, region?: string): Promise<unknown> {
  const full = sequence === 0 ? fullEarly : fullLate;
  const id = view.toString(16).padStart(32, "0");
  const said = { ...full, "pv.id": id, "stitch.late_seq": sequence };
  return windows.take(received(said), { nowMs: Date.now(), region });
}

describe("the pipeline's counters", () => {
  it("account for every beacon, wherever its shard is", async () => {
    expect(await pipeline()).toMatchObject({ taken: 0, unaccounted: 0, shards: [] });
    await Promise.all([
      take(1, 0, "EU"),
      take(1, 1, "EU"),
      take(2, 0, "NA"),
      take(2, 0, "NA"),
      take(3, 1),
      take(4, 0, "EU"),
    ]);
    const seen = await pipeline();
    expect(seen).toMatchObject({ taken: 6, duplicate: 1, open: 3, sealed: 2, unaccounted: 0 });
    expect(seen).toMatchObject({ openViews: 3, events: { both: 1, earlyOnly: 0, lateOnly: 0 } });
    const regions = new Set(seen.shards.map(({ shard }) => shard.split("-")[0]));
    expect(regions).toEqual(new Set(["weur", "enam", "any"]));
    for (const sink of seen.sinks) {
      expect(sink.events).toBe(1);
      expect(sink.unaccounted).toBe(0);
    }
  });

  it("add up what isolates tell, however often they tell it", async () => {
    const shard = stubs({ shard: "any-0", region: undefined });
    await shard.tell("one", { taken: 3, not_json: 1 });
    await shard.tell("one", { taken: 5, not_json: 1 });
    await shard.tell("one", { taken: 5, not_json: 1 });
    await shard.tell("two", { taken: 1 });
    expect((await pipeline()).edge).toEqual({ taken: 6, not_json: 1 });
  });

  it("count sampled deliveries, and those that were lost", async () => {
    const deliveries = stubs({ shard: "deliveries-weur-0", region: undefined });
    const event = { "event.id": "d-1", "event.kind": "delivery" };
    await deliveries.deliver({ events: JSON.stringify([event]), dropped: 3 });
    const seen = await pipeline();
    expect(seen).toMatchObject({ deliveryDropped: 3, events: { delivery: 1, both: 1 } });
    for (const sink of seen.sinks) expect(sink).toMatchObject({ events: 2, unaccounted: 0 });
  });
});
