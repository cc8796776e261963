// The number of shards changes while views are in flight, and edges hear of it at
// different times.
import { describe, expect, it } from "vitest";
import { KnownRings } from "#src/adapters/known-rings.ts";
import { createWindows, windowsFrom, type Windows } from "#src/adapters/windows.ts";
import { changeRings, firstRing, homeOf, homesOf, type Rings } from "#rum/window/ring.ts";
import { control, env } from "../isolate.ts";
import { fullEarly, fullLate, received } from "../rum/beacons.ts";

const stubs = windowsFrom(env.WINDOW);

function edge(): { readonly windows: Windows; readonly rings: KnownRings } {
  const rings = new KnownRings();
  return { rings, windows: createWindows({ window: stubs, rings, report: () => {} }) };
}

function changed(shards: number): Rings {
  const rings = changeRings([firstRing], shards, Date.now());
  if (rings === undefined) throw new Error("a change is under way");
  return rings;
}

let made = 0;

/** The id of a view that moves with a change. */
function movingId([present, former]: Rings): string {
  for (;;) {
    made += 1;
    const id = made.toString(16).padStart(32, "0");
    const before = homeOf(former ?? firstRing, id, "EU").shard;
    if (homeOf(present, id, "EU").shard !== before) return id;
  }
}

function take(
  windows: Windows,
  { id, region, sequence }: { id: string; region: string; sequence: 0 | 1 },
) {
  const beacon = received({ ...(sequence === 0 ? fullEarly : fullLate), "pv.id": id });
  return windows.take(beacon, { nowMs: Date.now(), region });
}

/** Views with both beacons, and beacons that are in open views, over all shards that there may be. */
async function totals() {
  const views = await Promise.all(
    homesOf({ ...firstRing, most: 5 }).map((home) => stubs(home).view(home.shard)),
  );
  const sum = (of: (view: (typeof views)[number]) => number): number =>
    views.reduce((total, view) => total + of(view), 0);
  return {
    both: sum(({ counts }) => counts.both),
    open: sum(({ openBeacons }) => openBeacons),
    taken: sum(({ counts }) => counts.taken),
  };
}

const orders = [
  { title: "the early beacon was there before", early: "old", late: "new", first: 0 },
  { title: "the late beacon was there before", early: "new", late: "old", first: 1 },
  { title: "both come by the new ring", early: "new", late: "new", first: 0 },
  { title: "the second comes by an edge that has not heard", early: "new", late: "old", first: 0 },
  { title: "the first comes by an edge that has not heard", early: "old", late: "new", first: 1 },
] as const;

// Each in a region of its own: shards remember the newest ring.
describe.each([
  { shards: 5, region: "EU" },
  { shards: 1, region: "NA" },
])("a change from two shards to $shards", ({ shards, region }) => {
  it.each(orders)("puts both beacons together where $title", async ({ early, late, first }) => {
    const rings = changed(shards);
    const edges = { old: edge(), new: edge() };
    edges.new.rings.learn(rings);
    const id = movingId(rings);
    const before = await totals();
    const shots = [
      () => take(edges[early].windows, { id, region, sequence: 0 }),
      () => take(edges[late].windows, { id, region, sequence: 1 }),
    ];
    const order = first === 0 ? shots : shots.toReversed();
    for (const shoot of order) expect(await shoot()).toEqual({ ok: true, value: "taken" });
    // A copy is known again, wherever it comes from.
    for (const each of [edges.old, edges.new]) {
      expect(await take(each.windows, { id, region, sequence: 1 })).toEqual({
        ok: true,
        value: "duplicate",
      });
    }
    const after = await totals();
    expect(after.both - before.both).toBe(1);
    expect(after.open - before.open).toBe(0);
    expect(after.taken - before.taken).toBe(4);
  });
});

function put(shards: number): Promise<Response> {
  return control("/pipeline/shards", { method: "PUT", body: JSON.stringify({ shards }) });
}

describe("the number of shards", () => {
  it("is set by an operator, and not again before the last change is over", async () => {
    expect((await put(0)).status).toBe(400);
    const answer = await put(4);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ epoch: 1, shards: 4 });
    expect((await put(4)).status).toBe(200);
    const refused = await put(6);
    expect(refused.status).toBe(409);
    expect(await refused.json()).toMatchObject({ type: "urn:aviary:problem:ring-changing" });
  });
});
