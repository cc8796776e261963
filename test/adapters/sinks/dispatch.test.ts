import { describe, expect, it } from "vitest";
import type { WideEvent } from "#rum/wide-event.ts";
import { Outbox } from "#rum/window/outbox.ts";
import { budgetMs, Lane, mostPartAttempts, newLane } from "#src/adapters/sinks/dispatch.ts";
import type { SinkBatch, SinkOutcome } from "#src/adapters/sinks/sink.ts";

const taken = { outcome: "taken", retry: [], refused: [] } as const;

type Send = (batch: SinkBatch) => SinkOutcome | Promise<SinkOutcome>;

/** A lane over an outbox of its own, with a clock that stands still until it is moved. */
function laneTo(send: Send, { events = 3, from = newLane(0), most = 100 } = {}) {
  const sent: (readonly number[])[] = [];
  const parked: { readonly seqs: readonly number[]; readonly why: string }[] = [];
  const world = { nowMs: 10_000, isPaused: false, parkFails: false };
  const outbox = new Outbox({ keep() {}, find: () => undefined, drop() {} }, 0, 0);
  const push = (count: number): void => {
    for (let n = 0; n < count; n += 1) {
      const seq = outbox.lastSeq + 1;
      const event: WideEvent = { "event.id": `e${seq}` };
      outbox.push({ seq, event, sealedAtMs: world.nowMs, rows: [] });
    }
  };
  push(events);
  const lane = new Lane(from, {
    sink: {
      name: "test",
      most: { events: most, bytes: 1_000_000, ageMs: 1_000 },
      send: async (batch) => {
        sent.push(batch.events.map(({ seq }) => seq));
        return send(batch);
      },
    },
    shard: "shard",
    outbox,
    park: async (_sink, batch, why) => {
      if (world.parkFails) throw new Error("no room");
      parked.push({ seqs: batch.events.map(({ seq }) => seq), why });
    },
    isPaused: () => world.isPaused,
    now: () => world.nowMs,
    random: () => 1,
    onChange: () => {},
  });
  const after = async (ms: number): Promise<void> => {
    world.nowMs += ms;
    await lane.pump();
  };
  const conserves = (): boolean =>
    lane.state.exported + lane.state.parked + lane.waiting === outbox.lastSeq;
  return { lane, sent, parked, world, push, after, conserves };
}

describe("a sink's lane", () => {
  it("waits for a batch to fill as long as the sink says, and not at all for a full one", async () => {
    const slow = laneTo(() => taken);
    await slow.after(999);
    expect(slow.sent).toEqual([]);
    await slow.after(1);
    expect(slow.sent).toEqual([[1, 2, 3]]);
    const full = laneTo(() => taken, { most: 2 });
    await full.after(0);
    expect(full.sent).toEqual([[1, 2]]);
  });

  it("sends everything again after a failure, later and later, and not before it was asked to", async () => {
    const outcomes: SinkOutcome[] = [
      { outcome: "failed", why: "503" },
      { outcome: "failed", why: "429", retryAfterMs: 30_000 },
      taken,
    ];
    const { lane, sent, after } = laneTo(() => outcomes.shift() ?? taken);
    await after(1_000);
    await after(499);
    expect(sent).toHaveLength(1);
    await after(1);
    expect(sent).toHaveLength(2);
    await after(29_999);
    expect(sent).toHaveLength(2);
    await after(1);
    expect(sent).toEqual([
      [1, 2, 3],
      [1, 2, 3],
      [1, 2, 3],
    ]);
    expect(lane.state).toMatchObject({ cursor: 3, exported: 3, retried: 2 });
    expect(lane.lastFailure).toBe("");
  });

  it("sends again only what was not taken of a batch, and parks what was refused", async () => {
    const outcomes: SinkOutcome[] = [
      { outcome: "taken", retry: [2], refused: [{ seq: 3, why: "too large" }] },
      taken,
    ];
    const { lane, sent, parked, after, conserves } = laneTo(() => outcomes.shift() ?? taken);
    await after(1_000);
    expect(conserves()).toBe(true);
    await after(500);
    expect(sent).toEqual([[1, 2, 3], [2]]);
    expect(parked).toEqual([{ seqs: [3], why: "refused: too large" }]);
    expect(lane.state).toEqual({ since: 0, cursor: 3, exported: 2, parked: 1, retried: 1 });
  });

  it("goes on after a crash with what was left of a batch", async () => {
    const { lane, sent, after } = laneTo(() => taken, {
      from: { since: 0, cursor: 0, part: { to: 3, left: [2] }, exported: 2, parked: 0, retried: 1 },
    });
    await after(0);
    expect(sent).toEqual([[2]]);
    expect(lane.state).toMatchObject({ cursor: 3, exported: 3 });
  });

  it("parks what is refused again and again", async () => {
    const { lane, parked, after, push, conserves } = laneTo(({ events }) => ({
      outcome: "taken",
      retry: events.filter(({ seq }) => seq === 2).map(({ seq }) => seq),
      refused: [],
    }));
    for (let n = 0; n < mostPartAttempts + 1; n += 1) await after(60_000);
    expect(parked.map(({ seqs }) => seqs)).toEqual([[2]]);
    push(1);
    await after(60_000);
    expect(lane.state).toMatchObject({ cursor: 4, exported: 3, parked: 1 });
    expect(conserves()).toBe(true);
  });

  it("tries the rest of a batch as often after an outage as ever", async () => {
    let calls = 0;
    const { sent, parked, after } = laneTo(() => {
      calls += 1;
      if (calls <= mostPartAttempts) return { outcome: "failed", why: "down" };
      const retry = calls < mostPartAttempts + 3 ? [2] : [];
      return { outcome: "taken", retry, refused: [] };
    });
    for (let n = 0; n < mostPartAttempts + 3; n += 1) await after(60_000);
    expect(parked).toEqual([]);
    expect(sent.slice(mostPartAttempts)).toEqual([[1, 2, 3], [2], [2]]);
  });

  it("asks again after an hour, however long it was told to wait", async () => {
    const { sent, after } = laneTo(() => ({
      outcome: "failed",
      why: "503",
      retryAfterMs: 365 * 86_400_000,
    }));
    await after(1_000);
    await after(3_600_000 - 1);
    expect(sent).toHaveLength(1);
    await after(1);
    expect(sent).toHaveLength(2);
  });

  it("asks later and later to park what outlived its budget, and says each time that it could not", async () => {
    const { lane, world, parked, after, conserves } = laneTo(() => taken);
    world.isPaused = true;
    world.parkFails = true;
    await after(budgetMs);
    for (let n = 0; n < 120; n += 1) await after(500);
    expect(lane.lastFailure).toBe("not parked: no room");
    expect(lane.state.retried).toBeLessThan(10);
    expect(conserves()).toBe(true);
    world.parkFails = false;
    await after(60_000);
    expect(parked.map(({ seqs }) => seqs)).toEqual([[1, 2, 3]]);
  });

  it("lives through two hours of outage without losing or parking anything", async () => {
    const outage = { until: 10_000 + 2 * 3_600_000 };
    const { lane, world, parked, after, push, conserves } = laneTo(() =>
      world.nowMs < outage.until ? { outcome: "failed", why: "down" } : taken,
    );
    while (world.nowMs < outage.until + 120_000) {
      push(1);
      await after(10_000);
      expect(conserves()).toBe(true);
    }
    await after(1_000);
    expect(parked).toEqual([]);
    expect(lane.state.cursor).toBe(lane.state.exported);
    expect(lane.waiting).toBe(0);
  });

  it("parks what outlived its budget, and asks a dead sink only now and then", async () => {
    const { lane, world, parked, sent, after, push, conserves } = laneTo(() => ({
      outcome: "failed",
      why: "down",
    }));
    const endMs = world.nowMs + budgetMs + 3_600_000;
    while (world.nowMs < endMs) {
      push(10);
      await after(10_000);
      expect(conserves()).toBe(true);
    }
    expect(parked.length).toBeGreaterThan(0);
    expect(parked[0]?.why).toBe("not taken in time: down");
    const oldestMs = world.nowMs - (lane.waiting / 10) * 10_000;
    expect(world.nowMs - oldestMs).toBeLessThanOrEqual(budgetMs + 20_000);
    expect(sent.length).toBeLessThan((budgetMs + 3_600_000) / 30_000);
  });

  it("keeps what it could not park", async () => {
    const { lane, world, parked, after, conserves } = laneTo(() => ({
      outcome: "taken",
      retry: [],
      refused: [{ seq: 1, why: "no" }],
    }));
    world.parkFails = true;
    await after(1_000);
    expect(lane.lastFailure).toBe("not parked: no room");
    expect(lane.waiting).toBe(1);
    expect(conserves()).toBe(true);
    world.parkFails = false;
    await after(60_000);
    expect(parked.map(({ seqs }) => seqs)).toEqual([[1]]);
    expect(lane.waiting).toBe(0);
  });

  it("sends nothing while it is paused, and everything afterwards", async () => {
    const { lane, world, sent, after } = laneTo(() => taken);
    world.isPaused = true;
    await after(5_000);
    expect(sent).toEqual([]);
    expect(lane.waiting).toBe(3);
    world.isPaused = false;
    await after(0);
    expect(sent).toEqual([[1, 2, 3]]);
  });

  it("takes a sink that throws for one that failed", async () => {
    const { lane, after } = laneTo(() => {
      throw new Error("a bug");
    });
    await after(1_000);
    expect(lane.lastFailure).toBe("a bug");
    expect(lane.waiting).toBe(3);
  });
});
