import { describe, expect, it } from "vitest";
import {
  movePointer,
  releaseGone,
  tombstoneOf,
  type Pointer,
  type SnippetPointer,
} from "#src/delivery/pointer.ts";
import type { Digest } from "#src/delivery/representation.ts";
import { fc } from "../property.ts";

const nowMs = Date.UTC(2026, 10, 23, 14, 0, 7, 250);
const digest = (letter: string): Digest => letter.repeat(64) as Digest;

function snippet(payload: string): Pick<SnippetPointer, "kind" | "id" | "account" | "content"> {
  const content = {
    payload: digest(payload),
    engine: { version: "1.0.0", sha256: digest("e") },
    composition: { identity: { sha256: digest(payload), bytes: 1 } },
  };
  return { kind: "snippet", id: "demo", account: "demo", content };
}

function published(payload: string, revision = 1): SnippetPointer {
  return { ...snippet(payload), revision, movedAtMs: nowMs };
}

describe("movePointer", () => {
  it("starts at revision 1, at a whole second", () => {
    const moved = movePointer(undefined, { next: snippet("a"), expected: 0, nowMs });
    expect(moved).toMatchObject({
      ok: true,
      value: { moved: true, pointer: { revision: 1, movedAtMs: nowMs - 250 } },
    });
  });

  it("refuses a move made against another revision, and names the current one", () => {
    const moved = movePointer(published("a", 3), { next: snippet("b"), expected: 2, nowMs });
    expect(moved).toEqual({ ok: false, error: { reason: "stale_revision", current: 3 } });
  });

  it("takes a retried publish for done, whatever revision it expected", () => {
    const current = published("a", 3);
    const moved = movePointer(current, { next: snippet("a"), expected: 2, nowMs });
    expect(moved).toEqual({ ok: true, value: { pointer: current, moved: false } });
  });

  it("grows by one and moves time by at least a second, however fast and backwards the clock", () => {
    const step = fc.record({
      payload: fc.constantFrom("a", "b", "c"),
      drift: fc.integer({ min: -5_000, max: 5_000 }),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 20 }), (steps) => {
        let current: Pointer | undefined;
        for (const { payload, drift } of steps) {
          const before: Pointer | undefined = current;
          const expected = before?.revision ?? 0;
          const next = snippet(payload);
          const moved = movePointer(before, { next, expected, nowMs: nowMs + drift });
          if (!moved.ok) throw new Error("a move against the current revision must succeed");
          current = moved.value.pointer;
          expect(current.movedAtMs % 1_000).toBe(0);
          if (before === undefined || !moved.value.moved) continue;
          expect(current.revision).toBe(before.revision + 1);
          expect(current.movedAtMs).toBeGreaterThanOrEqual(before.movedAtMs + 4_000);
        }
      }),
    );
  });
});

describe("an id that was deleted", () => {
  const live = published("a", 3);
  const tombstone = tombstoneOf(live, nowMs);

  it("goes on counting, and is published again by who expects nothing there", () => {
    expect(tombstone).toMatchObject({ revision: 4, movedAtMs: live.movedAtMs + 4_000 });
    const again = movePointer(tombstone, { next: snippet("a"), expected: 0, nowMs });
    expect(again).toMatchObject({ ok: true, value: { moved: true, pointer: { revision: 5 } } });
    const stale = movePointer(tombstone, { next: snippet("a"), expected: 3, nowMs });
    expect(stale).toMatchObject({ ok: false, error: { current: 0 } });
  });

  it("lets no release of its former life be had, and all of its next", () => {
    const again = movePointer(tombstone, { next: snippet("b"), expected: 0, nowMs });
    const pointer = again.ok ? again.value.pointer : live;
    const prefix = "c".repeat(16);
    expect(releaseGone(live, { prefix, madeAtMs: live.movedAtMs })).toBeUndefined();
    expect(releaseGone(tombstone, { prefix, madeAtMs: live.movedAtMs })).toBe("deleted");
    expect(releaseGone(pointer, { prefix, madeAtMs: live.movedAtMs })).toBe("deleted");
    expect(releaseGone(pointer, { prefix, madeAtMs: pointer.movedAtMs })).toBeUndefined();
    const next = movePointer(pointer, { next: snippet("c"), expected: 5, nowMs });
    expect(next).toMatchObject({ value: { pointer: { bornAtMs: pointer.movedAtMs } } });
  });

  it("begins, with another account, above what edges may still hold of the last one", () => {
    const floor = { revision: 9, movedAtMs: nowMs + 60_000 };
    const first = movePointer(undefined, { next: snippet("a"), expected: 0, nowMs, floor });
    expect(first).toMatchObject({
      value: { pointer: { revision: 10, movedAtMs: floor.movedAtMs + 4_000 } },
    });
  });
});
