import { describe, expect, it } from "vitest";
import type { ColumnValues } from "#rum/columns.ts";
import type { Timing } from "#rum/columns/carried.ts";
import { derivedColumns } from "#rum/derive.ts";
import { fc } from "../property.ts";

const moment = fc.oneof(fc.constant(0), fc.double({ min: 0, max: 5_000, noNaN: true }));
const anyTiming = fc.array(moment, { minLength: 11, maxLength: 11 }) as fc.Arbitrary<unknown>;

const load: ColumnValues = {
  "pv.index": 0,
  "browser.web_vital.navigation_type": "navigate",
  "fcp.value": 200,
  "snippet.first_change": 250,
};

function changesOf(said: ColumnValues): readonly (number | undefined)[] {
  const row = derivedColumns(said, {});
  return [row["snippet.change_after_fcp_ms"], row["snippet.flicker_ms"]];
}

describe("the phases of a fetch", () => {
  const reused: Timing = [10, 0, 0, 20, 20, 20, 0, 20, 21, 30, 40];

  it("took no time where the browser says when they began and ended", () => {
    const row = derivedColumns({}, { "snippet.timing": reused });
    expect(row).toMatchObject({ "snippet.dns_ms": 0, "snippet.connect_ms": 0 });
    expect(row["snippet.queue_ms"]).toBe(11);
  });

  it("began at zero where they began with the view, as coarse clocks have it", () => {
    const navigation: Timing = [0, 0, 9, 0, 3, 3, 0, 9, 9, 16, 16];
    const row = derivedColumns({}, { "nav.timing": navigation });
    expect(row).toMatchObject({ "nav.redirect_ms": 9, "nav.dns_ms": 3, "nav.connect_ms": 6 });
  });

  it("are absent where it does not, and so is what is left without them", () => {
    const untold: Timing = [10, 0, 0, 0, 0, 0, 0, 0, 21, 30, 40];
    const row = derivedColumns({}, { "snippet.timing": untold, "nav.timing": untold });
    for (const name of ["queue_ms", "dns_ms", "connect_ms", "tls_ms"]) {
      expect(row).not.toHaveProperty([`snippet.${name}`]);
    }
    for (const name of ["redirect_ms", "dns_ms", "connect_ms"]) {
      expect(row).not.toHaveProperty([`nav.${name}`]);
    }
    expect(row["snippet.ttfb_ms"]).toBe(9);
  });

  it("are never negative, and never made of a zero that stands for nothing", () => {
    const law = fc.property(anyTiming, (timing) => {
      const told = timing as Timing;
      const row = derivedColumns({}, { "snippet.timing": told, "nav.timing": told });
      for (const value of Object.values(row)) expect(value).toBeGreaterThanOrEqual(0);
      const [, , redirect, , dns] = told;
      expect(redirect === 0 && "nav.redirect_ms" in row).toBe(false);
      expect(dns === 0 && "nav.dns_ms" in row).toBe(false);
    });
    fc.assert(law);
  });
});

describe("when the snippet changed the page", () => {
  it("is told from the first paint on, and before it nobody saw anything flicker", () => {
    expect(changesOf(load)).toEqual([50, 50]);
    expect(changesOf({ ...load, "snippet.first_change": 120 })).toEqual([-80, 0]);
  });

  it("is counted since the activation of a prerendered page, as its paint is", () => {
    const said = { ...load, "nav.activation_start": 1_000, "snippet.first_change": 1_250 };
    expect(changesOf(said)).toEqual([50, 50]);
    expect(changesOf({ ...said, "snippet.first_change": 500 })).toEqual([-700, 0]);
  });

  it("is not known of a view that began without a load, or whose beginning was not told", () => {
    const { "browser.web_vital.navigation_type": _, ...late } = load;
    expect(changesOf({ ...load, "pv.index": 1 })).toEqual([undefined, undefined]);
    expect(changesOf(late)).toEqual([undefined, undefined]);
  });
});
