// Units that break by themselves, looked at for a week: what is chance at one look is none at
// two thousand. And a canary that does break, in its first hours.
import { describe, expect, it } from "vitest";
import { brokenReasons } from "#src/canary/outright.ts";
import type { Cluster, Window } from "#src/canary/recent.ts";
import { seeded } from "../stats/seeded.ts";
import { inputOf, nothing } from "./trials.ts";

const hourSlots = 12;
const slotMs = 300_000;
const weekSlots = 7 * 24 * hourSlots;
const pagesASlot = 2;

type Arms = { readonly canary: number; readonly control: number };
/** Whether the pages of a unit fail in a slot. */
type Fails = (unit: number, slot: number) => boolean;

const quiet = inputOf(nothing);

/** The first look, of one every five minutes, at which the canary is called broken. */
function firstCry({ canary, control }: Arms, fails: Fails, slots = weekSlots): number | undefined {
  const units = canary + control;
  const marks = Array.from({ length: slots }, (_, slot) =>
    Array.from({ length: units }, (__, unit) => Number(fails(unit, slot))),
  );
  for (let slot = hourSlots; slot < slots; slot += 1) {
    const recent = [3, hourSlots].map((length): Window => {
      const clusters = Array.from({ length: units }, (_, unit): Cluster => {
        let failing = 0;
        for (let back = 0; back < length; back += 1) failing += marks[slot - back]?.[unit] ?? 0;
        const pages = pagesASlot * length;
        return [pages, pages, pagesASlot * failing];
      });
      return { canary: clusters.slice(0, canary), control: clusters.slice(canary), rest: [] };
    });
    const rollout = { ...quiet.rollout, unit: "account" as const, shareSetAtMs: 0 };
    const input = { ...quiet, rollout, recent, nowMs: (slot + 1) * slotMs };
    if (brokenReasons(input).shown.length > 0) return slot;
  }
  return undefined;
}

/** Each unit fails by itself for whole hours, so often. */
function byThemselves(often: number, seed: number): Fails {
  const random = seeded(seed);
  const hours = new Map<string, boolean>();
  return (unit, slot) => {
    const key = `${unit}:${Math.floor(slot / hourSlots)}`;
    const known = hours.get(key) ?? random() < often;
    hours.set(key, known);
    return known;
  };
}

describe("units that break by themselves for an hour each", () => {
  it.each([
    { canary: 32, control: 32, often: 0.2 },
    { canary: 20, control: 20, often: 0.2 },
    { canary: 12, control: 12, often: 0.35 },
    { canary: 6, control: 6, often: 0.35 },
  ])(
    "are no broken canary in any of forty weeks: %j",
    ({ often, ...arms }) => {
      const cries = Array.from({ length: 40 }, (_, week) =>
        firstCry(arms, byThemselves(often, 1 + week)),
      );
      expect(cries.filter((cry) => cry !== undefined)).toEqual([]);
    },
    60_000,
  );
});

describe("a canary that breaks outright", () => {
  it.each([
    { canary: 8, control: 8 },
    { canary: 5, control: 11 },
    { canary: 4, control: 12 },
    { canary: 32, control: 32 },
  ])("is seen within its first hours: %j", (arms) => {
    const fails: Fails = (unit, slot) => unit < arms.canary && slot >= hourSlots;
    expect(firstCry(arms, fails, 3 * hourSlots)).toBeLessThan(2 * hourSlots);
  });

  it("is seen among units a fifth of which break by themselves", () => {
    const others = byThemselves(0.2, 1);
    const fails: Fails = (unit, slot) => (unit < 32 && slot >= hourSlots) || others(unit, slot);
    expect(firstCry({ canary: 32, control: 32 }, fails, 3 * hourSlots)).toBeLessThan(2 * hourSlots);
  });

  it("is seen after a day too, of accounts enough", () => {
    const fails: Fails = (unit, slot) => unit < 16 && slot >= 24 * hourSlots;
    const cry = firstCry({ canary: 16, control: 16 }, fails, 27 * hourSlots);
    expect(cry).toBeGreaterThanOrEqual(24 * hourSlots);
    expect(cry).toBeLessThan(26 * hourSlots);
  });
});
