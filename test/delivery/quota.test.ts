import { describe, expect, it } from "vitest";
import { admit, hourMs, withOpen, type Quotas, type Usage } from "#src/delivery/quota.ts";
import { fc } from "../property.ts";

const nowMs = Date.UTC(2026, 10, 27);
const roomy: Quotas = { ids: 10, bytes: 1_000, publishesPerHour: 10 };
const nothing: Usage = { ids: 0, bytes: 0, publishesAtMs: [] };

describe("a quota", () => {
  it("is full when what it counts has come to its limit, not before", () => {
    const full = { ...nothing, ids: 10 };
    const publish = { isNew: true, bytes: 1 };
    expect(admit({ ...full, ids: 9 }, roomy, publish).ok).toBe(true);
    expect(admit(full, roomy, publish)).toMatchObject({ error: { quota: "ids", limit: 10 } });
    expect(admit(full, roomy, { ...publish, isNew: false }).ok).toBe(true);
    expect(admit({ ...nothing, bytes: 999 }, roomy, publish).ok).toBe(true);
    expect(admit({ ...nothing, bytes: 1_000 }, roomy, publish)).toMatchObject({
      error: { quota: "bytes", retryAtMs: null },
    });
  });

  it("of publishes tells the first moment at which the same is taken", () => {
    const agos = fc.array(fc.integer({ min: 0, max: hourMs - 1 }), { minLength: 1, maxLength: 30 });
    const run = fc.property(agos, fc.integer({ min: 1, max: 30 }), (ago, publishesPerHour) => {
      const all = ago.map((ms) => nowMs - ms).toSorted((a, b) => a - b);
      const quotas = { ...roomy, publishesPerHour };
      const at = (ms: number): ReturnType<typeof admit> => {
        const publishesAtMs = all.filter((each) => each > ms - hourMs);
        return admit({ ...nothing, publishesAtMs }, quotas, { isNew: false, bytes: 1 });
      };
      const now = at(nowMs);
      if (now.ok) return all.length < publishesPerHour;
      const { retryAtMs } = now.error;
      return retryAtMs !== null && at(retryAtMs).ok && !at(retryAtMs - 1).ok;
    });
    expect(() => fc.assert(run)).not.toThrow();
  });

  it("counts what is under way as if it had succeeded, and no publish twice", () => {
    const [first, second, third] = [
      { isNew: true, bytes: 400, atMs: nowMs - 2, isNoted: true },
      { isNew: false, bytes: 30, atMs: nowMs - 4, isNoted: false },
      { isNew: true, bytes: 1, atMs: nowMs - 1, isNoted: false },
    ];
    const usage = { ids: 3, bytes: 5, publishesAtMs: [nowMs - 3, nowMs - 2] };
    expect(withOpen(usage, [first, second, third])).toEqual({
      ids: 5,
      bytes: 436,
      publishesAtMs: [nowMs - 4, nowMs - 3, nowMs - 2, nowMs - 1],
    });
    expect(withOpen(usage, [])).toEqual(usage);
  });

  it("of no publishes at all is never over", () => {
    const closed = { ...roomy, publishesPerHour: 0 };
    const refused = admit(nothing, closed, { isNew: false, bytes: 1 });
    expect(refused).toMatchObject({ error: { quota: "publishesPerHour", retryAtMs: null } });
  });
});
