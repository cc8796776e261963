// Evidence that begins anew: what it bets, what it keeps, and what is stored of it.
import { describe, expect, it } from "vitest";
import { decodeRestarts, encodeRestarts } from "#src/canary/evidence-codec.ts";
import { judge } from "#src/canary/judge.ts";
import { sharpened } from "#src/canary/judge-guardrail.ts";
import { initialPart, mostNumbered, mostRestarts, partOf } from "#src/canary/restarts.ts";
import {
  fold,
  fourKinds,
  harmed,
  inputOf,
  nothing,
  numbersOf,
  trialFor,
  usual,
  view,
} from "./trials.ts";

const trial = trialFor(fourKinds);

/** Clean views of either arm, and then some in which the canary takes half as long again. */
function lateHarm(clean: number, slow: number) {
  let evidence = nothing;
  let seq = 0;
  for (let done = 0; done < clean + slow; done += 250) {
    const events = Array.from({ length: 250 }, (_, at) => {
      const columns = usual(done + at) as { ms: number };
      const slower = { ...columns, ms: columns.ms * (done >= clean ? 1.5 : 1) };
      seq += 2;
      return [
        view(seq - 1, "control", { columns: usual(done + at + 17), bucket: at % 64 }),
        view(seq, "canary", { columns: slower, bucket: (at + 9) % 64 }),
      ];
    }).flat();
    evidence = fold(evidence, trial, events);
  }
  return evidence;
}

const late = lateHarm(20_000, 1_000);

describe("restarts", () => {
  it("bet no more than there is: all parts together are one", () => {
    let sum = initialPart;
    for (let number = 1; number <= mostNumbered + 1; number += 1) sum += partOf(number);
    expect(sum).toBeLessThanOrEqual(1);
    expect(sum).toBeGreaterThan(0.999);
  });

  it("kept are few, and each about twice as old as the next", () => {
    const { kept, count } = late.restarts;
    expect(count).toBeGreaterThan(70);
    expect(kept.length).toBeLessThanOrEqual(mostRestarts);
    const ages = kept.map(({ units }) => 21_000 - units);
    expect(ages.at(-1)).toBeLessThanOrEqual(512);
    const gaps = ages.slice(1).filter((age, at) => (ages[at] ?? 0) > 3 * age + 512);
    expect(gaps).toEqual([]);
  });

  it("show harm that old evidence outweighs", () => {
    const input = inputOf(late);
    expect(harmed(judge(input))).toContain("time_p75");
    expect(numbersOf(judge(input), "time_p75")?.sinceUnits).toBeGreaterThan(18_000);
    const evidence = input.evidence.map((each) => Object.assign({}, each, { since: [] }));
    expect(harmed(judge({ ...input, evidence }))).toEqual([]);
  });

  it("are stored with a verdict as far as it depends on them, and it stays the same", () => {
    const input = inputOf(late);
    const stored = sharpened(input);
    expect(judge(stored)).toEqual(judge(input));
    const kept = stored.evidence.map(({ since = [] }) => since.length);
    expect(Math.max(...kept)).toBe(1);
    expect(JSON.stringify(stored).length).toBeLessThan(JSON.stringify(input).length / 2);
  });

  it("are read back exactly; what is torn is refused", () => {
    const bytes = encodeRestarts(late.restarts);
    expect(decodeRestarts(bytes)).toEqual({ ok: true, value: late.restarts });
    expect(decodeRestarts(bytes.slice(0, -1))).toMatchObject({ ok: false });
    expect(decodeRestarts(Uint8Array.of(9))).toMatchObject({
      error: { reason: "unknown_evidence_version", version: 9 },
    });
    expect(bytes.length).toBeLessThan(1_000_000);
  });
});
