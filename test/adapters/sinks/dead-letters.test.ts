import { describe, expect, it } from "vitest";
import { deadLettersIn, type DeadLetters } from "#src/adapters/sinks/dead-letters.ts";
import { replay, type Replayed } from "#src/adapters/sinks/replay.ts";
import type { Sink, SinkBatch, SinkOutcome } from "#src/adapters/sinks/sink.ts";
import { useBucket } from "./bucket.ts";
import { batchOf } from "./events.ts";

const newBucket = useBucket();

async function parked(...batches: readonly SinkBatch[]): Promise<DeadLetters> {
  const letters = deadLettersIn(await newBucket());
  for (const batch of batches) await letters.park("hook", batch, "refused: no\u00a0such thing");
  return letters;
}

type Recording = { readonly sink: Sink; readonly batches: SinkBatch[] };

/** A sink that takes what `answer` says, and remembers what it was sent. */
function recording(
  answer: (batch: SinkBatch) => SinkOutcome = () => ({ outcome: "taken", retry: [], refused: [] }),
  most: Sink["most"] = { events: 1_000, bytes: 1_000_000, ageMs: 0 },
): Recording {
  const batches: SinkBatch[] = [];
  const send = (batch: SinkBatch): Promise<SinkOutcome> => {
    batches.push(batch);
    return Promise.resolve(answer(batch));
  };
  return { sink: { name: "hook", most, send }, batches };
}

async function keysOf(letters: DeadLetters): Promise<readonly string[]> {
  return (await letters.list("hook", { most: 100 })).letters.map(({ key }) => key);
}

describe("dead letters", () => {
  it("are told by name, number and reason, each sink's apart", async () => {
    const letters = await parked(batchOf(3), batchOf(2, 4));
    await letters.park("other", batchOf(1), "refused");
    const listed = await letters.list("hook", { most: 100 });
    expect(listed).toMatchObject({
      more: false,
      letters: [
        { key: "dead-letters/hook/s7-1-3.ndjson.gz", events: 3, why: "refused: no?such thing" },
        { key: "dead-letters/hook/s7-4-5.ndjson.gz", events: 2 },
      ],
    });
    expect(listed.letters[0]?.parkedAtMs).toBeGreaterThan(Date.parse("2026-01-01"));
  });

  it("give back the batch as it was", async () => {
    const letters = await parked(batchOf(3));
    const [key = ""] = await keysOf(letters);
    expect(await letters.open(key)).toEqual(batchOf(3));
    expect(await letters.open("dead-letters/hook/none")).toBeUndefined();
  });

  it("write over themselves when a batch is parked again", async () => {
    const letters = await parked(batchOf(3), batchOf(3));
    expect(await keysOf(letters)).toHaveLength(1);
  });

  it("are told a page at a time", async () => {
    const letters = await parked(batchOf(1), batchOf(1, 2), batchOf(1, 3));
    const first = await letters.list("hook", { most: 2 });
    expect(first.more).toBe(true);
    const rest = await letters.list("hook", { most: 2, after: first.letters.at(-1)?.key });
    expect(rest).toMatchObject({
      more: false,
      letters: [{ key: expect.stringMatching(/-3-3/) as string }],
    });
  });
});

describe("replay", () => {
  const all = { most: 10 };

  it("delivers every letter and leaves none", async () => {
    const deadLetters = await parked(batchOf(3), batchOf(2, 4));
    const { sink, batches } = recording();
    const done: Replayed = { letters: 2, delivered: 5, kept: 0, next: null, failure: null };
    expect(await replay({ sink, deadLetters }, all)).toEqual(done);
    expect(batches).toEqual([batchOf(3), batchOf(2, 4)]);
    expect(await keysOf(deadLetters)).toEqual([]);
    expect(await replay({ sink, deadLetters }, all)).toEqual({ ...done, letters: 0, delivered: 0 });
  });

  it("keeps of a letter what is refused again, and nothing else", async () => {
    const deadLetters = await parked(batchOf(4));
    const { sink } = recording(() => ({
      outcome: "taken",
      retry: [2],
      refused: [{ seq: 3, why: "still wrong" }],
    }));
    const outcome = await replay({ sink, deadLetters }, all);
    expect(outcome).toMatchObject({ delivered: 2, kept: 2, next: null, failure: null });
    const { letters } = await deadLetters.list("hook", { most: 10 });
    expect(letters).toMatchObject([
      { key: "dead-letters/hook/s7-2-3.ndjson.gz", events: 2, why: "still wrong" },
    ]);
    const left = await deadLetters.open(letters[0]?.key ?? "");
    expect(left?.events.map(({ seq }) => seq)).toEqual([2, 3]);
  });

  it("stops at the first failure, and loses nothing", async () => {
    const deadLetters = await parked(batchOf(3), batchOf(2, 4), batchOf(1, 6));
    const { sink } = recording(({ events }) =>
      events[0]?.seq === 4
        ? { outcome: "failed", why: "answers 503" }
        : { outcome: "taken", retry: [], refused: [] },
    );
    const outcome = await replay({ sink, deadLetters }, all);
    expect(outcome).toMatchObject({ letters: 2, delivered: 3, kept: 2, failure: "answers 503" });
    expect(await keysOf(deadLetters)).toHaveLength(2);
  });

  it("sends no batch that is larger than the sink takes", async () => {
    const deadLetters = await parked(batchOf(7));
    const { sink, batches } = recording(undefined, { events: 3, bytes: 1_000_000, ageMs: 0 });
    await replay({ sink, deadLetters }, all);
    expect(batches.map(({ events }) => events.length)).toEqual([3, 3, 1]);
    await deadLetters.park("hook", batchOf(4), "");
    const narrow = recording(undefined, { events: 100, bytes: 13_000, ageMs: 0 });
    await replay({ sink: narrow.sink, deadLetters }, all);
    expect(narrow.batches.map(({ events }) => events.length)).toEqual([2, 2]);
  });

  it("goes on where it was, a few letters at a time", async () => {
    const deadLetters = await parked(batchOf(1), batchOf(1, 2), batchOf(1, 3));
    const { sink } = recording();
    const first = await replay({ sink, deadLetters }, { most: 2 });
    expect(first).toMatchObject({ letters: 2, next: "dead-letters/hook/s7-2-2.ndjson.gz" });
    const rest = await replay({ sink, deadLetters }, { most: 2, after: first.next ?? undefined });
    expect(rest).toMatchObject({ letters: 1, next: null });
  });
});
