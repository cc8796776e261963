import { abortAllDurableObjects, runInDurableObject } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import type { Received } from "#rum/stitch.ts";
import { KnownRings } from "#src/adapters/known-rings.ts";
import { createWindows, windowsFrom, type Windows } from "#src/adapters/windows.ts";
import { firstRing, homeOf } from "#rum/window/ring.ts";
import type { ShardView } from "#src/adapters/window-rpc.ts";
import { env } from "../isolate.ts";
import { fullEarly, fullLate, received } from "../rum/beacons.ts";

const stubs = windowsFrom(env.WINDOW);

function newWindows(): Windows {
  return createWindows({ window: stubs, rings: new KnownRings(), report: () => {} });
}

let views = 0;

function newView(): { early: Received; late: Received; id: string } {
  views += 1;
  const id = views.toString(16).padStart(32, "0");
  const early = received({ ...fullEarly, "pv.id": id });
  return { early, late: received({ ...fullLate, "pv.id": id }), id };
}

const now = () => ({ nowMs: Date.now(), region: "EU" });

function viewOf(id: string): Promise<ShardView> {
  const home = homeOf(firstRing, id, "EU");
  return stubs(home).view(home.shard);
}

describe("a Window object", () => {
  it("takes both beacons of a view, knows them again, and makes one event of them", async () => {
    const windows = newWindows();
    const { early, late, id } = newView();
    const before = await viewOf(id);
    expect(await windows.take(early, now())).toEqual({ ok: true, value: "taken" });
    expect(await windows.take(early, now())).toEqual({ ok: true, value: "duplicate" });
    expect(await windows.take(late, now())).toEqual({ ok: true, value: "taken" });
    expect(await windows.take(late, now())).toEqual({ ok: true, value: "duplicate" });
    const { counts } = await viewOf(id);
    expect(counts.taken - before.counts.taken).toBe(4);
    expect(counts.duplicate - before.counts.duplicate).toBe(2);
    expect(counts.both - before.counts.both).toBe(1);
    expect(counts.sealed - before.counts.sealed).toBe(2);
  });

  it("knows all that it answered after a crash", async () => {
    const windows = newWindows();
    const { early, late, id } = newView();
    await windows.take(early, now());
    const before = await viewOf(id);
    await abortAllDurableObjects();
    const after = await viewOf(id);
    for (const field of ["counts", "openViews", "openBeacons"] as const) {
      expect(after[field]).toEqual(before[field]);
    }
    expect(await windows.take(early, now())).toEqual({ ok: true, value: "duplicate" });
    expect(await windows.take(late, now())).toEqual({ ok: true, value: "taken" });
    const { counts } = await viewOf(id);
    expect(counts.both - before.counts.both).toBe(1);
    expect(counts.taken - before.counts.taken).toBe(2);
  });

  it("answers what came at once with one row", async () => {
    const windows = newWindows();
    const all = Array.from({ length: 40 }, newView);
    const rows = (): Promise<number> =>
      runInDurableObject(
        env.WINDOW.get(env.WINDOW.idFromName(homeOf(firstRing, all[0]?.id ?? "", "EU").shard)),
        (_, { storage }) =>
          storage.sql.exec<{ row: number }>("SELECT coalesce(max(row), 0) AS row FROM log").one()
            .row,
      );
    const before = await rows();
    await Promise.all(all.map(({ early }) => windows.take(early, now())));
    expect((await rows()) - before).toBeLessThanOrEqual(2);
  });

  it("says so where nobody answers, and does not throw", async () => {
    const report = vi.fn<() => void>();
    const windows = createWindows({
      window: () => ({ take: () => Promise.reject(new Error("gone")) }),
      rings: new KnownRings(),
      report,
    });
    const { early } = newView();
    const taken = await windows.take(early, now());
    expect(taken).toEqual({ ok: false, error: { reason: "unavailable" } });
    expect(report).toHaveBeenCalledOnce();
  });
});

function shard(): ReturnType<typeof stubs> {
  return stubs({ shard: "deliveries-any-0", region: undefined });
}

describe("a Window object of sampled deliveries", () => {
  it("keeps them through a crash, hands them to its sinks, and counts those that were lost", async () => {
    const events = ["d-1", "d-2", "d-3"].map((id) => ({
      "event.id": id,
      "event.kind": "delivery",
      "event.at": new Date().toISOString(),
    }));
    await shard().deliver({ events: JSON.stringify(events), dropped: 2 });
    await abortAllDurableObjects();
    await shard().deliver({ events: JSON.stringify(events.slice(0, 1)), dropped: 0 });
    const { counts } = await shard().view("deliveries-any-0");
    expect(counts).toMatchObject({ delivery: 4, deliveryDropped: 2, taken: 0, sealed: 0 });
    await vi.waitFor(
      async () => {
        const [evidence] = (await shard().view("deliveries-any-0")).sinks;
        expect(evidence).toMatchObject({ events: 4, exported: 4, waiting: 0, parked: 0 });
      },
      { timeout: 10_000 },
    );
  });
});
