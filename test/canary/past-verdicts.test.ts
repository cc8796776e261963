// Verdicts of the past, and the evidence of ramps that are under way, as earlier versions
// stored them.
import { describe, expect, it } from "vitest";
import { decodeEvidence } from "#src/canary/evidence-codec.ts";
import { judge, type Verdict } from "#src/canary/judge.ts";
import type { VerdictInput } from "#src/canary/verdict-input.ts";
import { armSums, control } from "#src/canary/tally.ts";
import storedEvidence from "../vectors/evidence-1.json" with { type: "json" };
import storedVerdicts from "../vectors/verdicts-1.json" with { type: "json" };

type Stored = { readonly input: VerdictInput; readonly verdict: Verdict };

describe("what an earlier version stored", () => {
  it.each(storedVerdicts as unknown as readonly Stored[])(
    "gives the same verdict again: $verdict.action",
    ({ input, verdict }) => {
      expect(input.version).toBe(1);
      expect(JSON.stringify(judge(input))).toBe(JSON.stringify(verdict));
    },
  );

  it("is read as the evidence that it was", () => {
    const decoded = decodeEvidence(Buffer.from(storedEvidence.base64, "base64"));
    if (!decoded.ok) throw new Error(decoded.error.reason);
    const { units, tallies } = decoded.value;
    expect(Array.from(units.subarray(0, 2))).toEqual(storedEvidence.units);
    expect([...tallies.keys()].toSorted()).toEqual(storedEvidence.keys.toSorted());
    const bytes = tallies.get("mean|bytes||skip|page_view|control|");
    if (bytes === undefined) throw new Error("bytes were tallied");
    const { n, sum, sumSq, nonZero } = armSums(bytes, 0, control);
    expect([n, sum, sumSq, nonZero]).toEqual(storedEvidence.bytesSums.slice(0, 4));
  });
});
