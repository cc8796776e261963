import { describe, expect, it } from "vitest";
import type { WideEvent } from "#rum/wide-event.ts";
import { chunkSize, mostInMemory, Outbox, type Chunk, type Chunks } from "#rum/window/outbox.ts";

function chunksInMemory(): Chunks & { readonly kept: Map<number, Chunk> } {
  const kept = new Map<number, Chunk>();
  return {
    kept,
    keep: (chunk) => void kept.set(chunk.firstSeq, chunk),
    find: (seq) =>
      [...kept.values()].find(({ firstSeq, lastSeq }) => firstSeq <= seq && seq <= lastSeq),
    drop: (seq) => {
      for (const [first, { lastSeq }] of kept) if (lastSeq <= seq) kept.delete(first);
    },
  };
}

const eventOf = (seq: number): WideEvent => ({ "event.id": `e${seq}` });

function filled(count: number) {
  const chunks = chunksInMemory();
  const outbox = new Outbox(chunks, 0, 0);
  for (let seq = 1; seq <= count; seq += 1) {
    outbox.push({ seq, event: eventOf(seq), sealedAtMs: 1_000 + seq, rows: [seq] });
  }
  return { chunks, outbox };
}

function readAll(outbox: Outbox, from: number, most: number): readonly number[] {
  const read: number[] = [];
  for (let seq = from; seq < outbox.lastSeq;) {
    const events = outbox.read(seq, most);
    if (events.length === 0) throw new Error(`nothing after ${seq}`);
    for (const each of events) {
      expect(each.event).toEqual(eventOf(each.seq));
      read.push(each.seq);
    }
    seq = events.at(-1)?.seq ?? Infinity;
  }
  return read;
}

const count = mostInMemory + 3 * chunkSize + 7;
const all = Array.from({ length: count }, (_, at) => at + 1);

describe("the outbox", () => {
  it("gives every event once and in order, from memory and from what was laid down", () => {
    const { outbox, chunks } = filled(count);
    const rows = outbox.layDown();
    expect(chunks.kept.size).toBe(4);
    expect(rows).toEqual(all.slice(0, 4 * chunkSize));
    for (const most of [1, 77, 10_000]) expect(readAll(outbox, 0, most)).toEqual(all);
    expect(readAll(outbox, 300, 100)).toEqual(all.slice(300));
  });

  it("keeps no more in memory than it may, and nothing that all are done with", () => {
    const { outbox, chunks } = filled(count);
    const laidDown = outbox.layDown();
    const rest = outbox.release(count);
    expect(laidDown.length + rest.length).toBe(count);
    expect(rest.length).toBeLessThanOrEqual(mostInMemory);
    // Not before the cursors are written down, which say that nobody reads them any more.
    expect(chunks.kept.size).toBe(4);
    outbox.drop();
    expect(chunks.kept.size).toBe(0);
    expect(outbox.waitingSinceMs(count)).toBeUndefined();
  });

  it("says since when the next event waits", () => {
    const { outbox } = filled(count);
    expect(outbox.waitingSinceMs(4)).toBe(1_005);
    outbox.layDown();
    // Of a chunk, it knows when the first was sealed.
    expect(outbox.waitingSinceMs(4)).toBe(1_001);
  });

  it("goes on where another left off", () => {
    const { chunks, outbox } = filled(count);
    outbox.layDown();
    const laidDown = 4 * chunkSize;
    const next = new Outbox(chunks, laidDown, laidDown);
    for (const seq of all.slice(laidDown)) {
      next.push({ seq, event: eventOf(seq), sealedAtMs: seq, rows: [] });
    }
    expect(readAll(next, 0, 100)).toEqual(all);
  });

  it("takes events that no row holds behind all others, laid down at once", () => {
    const { outbox, chunks } = filled(3);
    const rows = outbox.append([eventOf(4), eventOf(5)], 9_000);
    expect(rows).toEqual([1, 2, 3]);
    outbox.push({ seq: 6, event: eventOf(6), sealedAtMs: 9_001, rows: [6] });
    expect(readAll(outbox, 0, 10)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(outbox.waitingSinceMs(3)).toBe(9_000);
    expect(outbox.release(5)).toEqual([]);
    outbox.drop();
    expect(chunks.kept.size).toBe(0);
    expect(readAll(outbox, 5, 10)).toEqual([6]);
  });
});
