import { describe, expect, it } from "vitest";
import { ok } from "#base/result.ts";
import type { Rollout } from "#flags/rollout.ts";
import { evidenceSink } from "#src/adapters/sinks/evidence.ts";
import type { SinkBatch } from "#src/adapters/sinks/sink.ts";
import type { Batch, FoldError } from "#src/canary/evidence.ts";
import type { WideEvent } from "#rum/wide-event.ts";
import { draft, live } from "../../flags/rollouts.ts";

const row: WideEvent = {
  "event.id": "one",
  "event.kind": "page_view",
  "event.at": "2026-11-25T08:00:00.000Z",
  "delivery.token_ok": true,
  "delivery.epoch": 7,
  "delivery.bucket": 12,
  "delivery.arms": { fast: "canary" },
  "account.id": "acme",
  "snippet.eval_ms": 21,
  "url.domain": "shop.test",
};

const batchOf = (...events: readonly WideEvent[]): SinkBatch => ({
  shard: "eu-1",
  events: events.map((event, at) => ({ seq: at + 1, event })),
});

type Object = { taken: Batch[]; answer: () => ReturnType<typeof ok> | FoldAnswer };
type FoldAnswer = { readonly ok: false; readonly error: FoldError };

/** A sink over objects that remember what they took. */
function harness(rollouts: readonly Rollout[]) {
  const objects = new Map<string, Object>();
  const objectOf = (name: string): Object => {
    const known = objects.get(name) ?? { taken: [], answer: () => ok("taken") };
    objects.set(name, known);
    return known;
  };
  const time = { nowMs: 0, asked: 0 };
  const sink = evidenceSink({
    registry: () => ({
      rollouts: async () => {
        time.asked += 1;
        return { epoch: 1, rollouts };
      },
    }),
    rollout: (name) => ({
      take: async (batch) => {
        const { taken, answer } = objectOf(name);
        const answered = answer();
        if (answered.ok) taken.push(batch);
        return answered as never;
      },
    }),
    now: () => time.nowMs,
  });
  return { sink, objects, objectOf, time };
}

const fast = live("fast", 1_000, { code: "f", unit: "visitor" });
const slow = live("slow", 1_000, { code: "s", unit: "account" });

describe("the evidence sink", () => {
  it("gives every live flag every event, with its arms, its time and what guardrails read", async () => {
    const { sink, objects } = harness([fast, slow, draft("later", { code: "l" })]);
    const outcome = await sink.send(batchOf(row));
    expect(outcome).toEqual({ outcome: "taken", retry: [], refused: [] });
    expect([...objects.keys()].toSorted()).toEqual(["fast:f", "slow:s"]);
    expect(objects.get("fast:f")?.taken).toEqual([
      {
        shard: "eu-1",
        events: [
          {
            seq: 1,
            kind: "page_view",
            atMs: Date.UTC(2026, 10, 25, 8),
            epoch: 7,
            bucket: 12,
            arms: { fast: "canary" },
            columns: { "snippet.eval_ms": 21 },
          },
        ],
      },
    ]);
    expect(objects.get("slow:s")?.taken[0]?.events[0]?.columns).toEqual({
      "account.id": "acme",
      "snippet.eval_ms": 21,
    });
  });

  it("believes no arms that a token did not hold for, and those of the edge's own requests", async () => {
    const { sink, objects } = harness([fast]);
    const { "delivery.token_ok": _, ...unsaid } = row;
    const forged = { ...row, "delivery.token_ok": false };
    await sink.send(batchOf(forged, unsaid, { ...unsaid, "event.kind": "delivery" }));
    const arms = objects.get("fast:f")?.taken[0]?.events.map((each) => each.arms);
    expect(arms).toEqual([undefined, undefined, { fast: "canary" }]);
  });

  it("is to be sent the batch again, whole, where an object does not answer", async () => {
    const { sink, objects, objectOf } = harness([fast, slow]);
    objectOf("slow:s").answer = () => {
      throw new Error("the object is being moved");
    };
    const failed = await sink.send(batchOf(row));
    expect(failed).toMatchObject({ outcome: "failed", why: "the object is being moved" });
    objectOf("slow:s").answer = () => ok("taken");
    expect(await sink.send(batchOf(row))).toMatchObject({ outcome: "taken", refused: [] });
    expect(objects.get("slow:s")?.taken).toHaveLength(1);
  });

  it("names what a flag will never take", async () => {
    const { sink, objectOf } = harness([fast]);
    const error = { reason: "too_many_shards", most: 512 } as const;
    objectOf("fast:f").answer = () => ({ ok: false, error });
    const refused = [{ seq: 1, why: "too_many_shards" }];
    expect(await sink.send(batchOf(row))).toEqual({ outcome: "taken", retry: [], refused });
  });

  it("asks which flags are live every two seconds, and not for every batch", async () => {
    const { sink, time } = harness([fast]);
    for (const nowMs of [0, 500, 1_999, 2_000]) {
      time.nowMs = nowMs;
      await sink.send(batchOf(row));
    }
    expect(time.asked).toBe(2);
  });

  it("takes everything where nothing is on trial", async () => {
    const { sink, objects } = harness([]);
    expect(await sink.send(batchOf(row))).toMatchObject({ outcome: "taken", refused: [] });
    expect(objects.size).toBe(0);
  });
});
