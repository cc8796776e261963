// What an isolate keeps until it tells of its traffic: never more than is worth telling.
import { describe, expect, it } from "vitest";
import { TrafficCounts } from "#src/adapters/traffic-counts.ts";
import { movePointer, tombstoneOf, type Pointer } from "#src/delivery/pointer.ts";
import type { IdTraffic } from "#flags/traffic.ts";

const nowMs = Date.UTC(2026, 10, 27);
const mostWaiting = 10_000;

function datafile(id: string): Pointer {
  const body = { identity: { sha256: "0".repeat(64), bytes: 1 } };
  const content = { body, accessTokens: [] } as unknown as Pointer["content"];
  const next = { kind: "datafile", id, account: "acme", content } as const;
  const moved = movePointer(undefined, { next, expected: 0, nowMs });
  if (!moved.ok) throw new Error(moved.error.reason);
  return moved.value.pointer;
}

async function begun(): Promise<{ counts: TrafficCounts; told: IdTraffic[] }> {
  const told: IdTraffic[] = [];
  const addTraffic = async (ids: readonly IdTraffic[]): Promise<void> => void told.push(...ids);
  const counts = new TrafficCounts({ sums: () => ({ addTraffic }), report: () => {} });
  await counts.flush(nowMs);
  return { counts, told };
}

describe("the traffic that waits to be told", () => {
  it("keeps nothing of ids that do not exist or are deleted, however many are asked for", async () => {
    const { counts, told } = await begun();
    const pointers = [null, tombstoneOf(datafile("gone"), nowMs)];
    const held = Array.from({ length: 3 * mostWaiting }, (_, at) => ({
      pointer: pointers[at % 2] ?? null,
      requests: 0,
    }));
    for (const each of held) counts.add(each);
    expect(counts.isDue(nowMs)).toBe(false);
    expect(held.filter(({ requests }) => requests > 0).length).toBe(0);
    await counts.flush(nowMs);
    expect(told).toEqual([]);
  });

  it("is told early where many wait, and begins anew", async () => {
    const { counts, told } = await begun();
    const pointer = datafile("busy");
    // Memory dropped the id each time, so that each request is of another entry.
    const ask = (): void => counts.add({ pointer, requests: 0 });
    for (let asked = 1; asked < mostWaiting; asked += 1) ask();
    expect(counts.isDue(nowMs)).toBe(false);
    ask();
    expect(counts.isDue(nowMs)).toBe(true);
    await counts.flush(nowMs);
    expect(told).toMatchObject([{ id: "busy", requests: mostWaiting }]);
    expect(counts.isDue(nowMs)).toBe(false);
  });
});
