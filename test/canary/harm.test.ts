// What counts as evidence of harm, and what does not.
import { describe, expect, it } from "vitest";
import { judge, type Verdict } from "#src/canary/judge.ts";
import { BIN_RATIO } from "#src/stats/histogram.ts";
import {
  allBroken,
  fold,
  fourKinds,
  harmed,
  inputOf,
  nothing,
  numbersOf,
  policyOf,
  scene,
  startMs,
  trialFor,
  usual,
  view,
  type Columns,
} from "./trials.ts";

const sameArms = inputOf(scene({ units: 6_000, control: usual, canary: usual }));

function lnEs(columns: { control: Columns; canary: Columns }): Record<string, number> {
  const { guardrails } = judge(inputOf(scene(columns)));
  return Object.fromEntries(guardrails.map(({ name, lnE }) => [name, lnE]));
}

/** Pages with other units: `bytes` times as many bytes, times `bins` bins longer. */
function scaled({ bytes, bins, worse }: Record<"bytes" | "bins" | "worse", number>): Columns {
  return (at) => {
    const page = usual(at) as { ms: number; bytes: number };
    const ms = page.ms * worse * BIN_RATIO ** (bins + 1e-9);
    return { ...page, ms, bytes: page.bytes * worse * bytes };
  };
}

/** One bad page of the canary in twenty, in the buckets given. */
function errorsIn(bucket: (at: number) => number): Verdict {
  const events = Array.from({ length: 2_000 }, (_, at) => {
    const isCanary = at % 2 === 0;
    const isBad = isCanary && at % 40 === 0;
    const columns = { errors: isBad ? 1 : 0 };
    const place = { columns, bucket: isBad ? bucket(at / 40) % 64 : (at >> 1) % 64 };
    return view(at + 1, isCanary ? "canary" : "control", place);
  });
  return judge(inputOf(fold(nothing, trialFor(fourKinds), events)));
}

/** A canary whose every page fails, seen by visitors of as many buckets. */
function brokenInBuckets(count: number): Verdict {
  const events = Array.from({ length: 400 }, (_, at) => {
    const arm = at % 2 === 0 ? "canary" : "control";
    const columns = { errors: arm === "canary" ? 1 : 0 };
    return view(at + 1, arm, { columns, bucket: (at >> 1) % count });
  });
  return judge(inputOf(fold(nothing, trialFor(fourKinds), events)));
}

/** Two arms in which every page is as large as the next. */
function constants(control: number, canary: number, negligible = 0): Verdict["action"] {
  const measure = { kind: "mean", column: "b" };
  const policy = policyOf({ guardrails: [{ name: "bytes", measure, negligible }] });
  const arms = { control: () => ({ b: control }), canary: () => ({ b: canary }) };
  return judge(inputOf(scene({ policy, ...arms }), { policy })).action;
}

const flickering: Columns = (at) => ({ f: at % 10 === 0 ? 100 + at : 0 });
const erring: Columns = (at) => ({ ...usual(at), errors: 1 });
const clean: Columns = (at) => ({ ...usual(at), errors: 0 });

describe("evidence of harm", () => {
  it("does not depend on the unit of a mean, nor on the scale of a duration", () => {
    const small = lnEs({
      control: scaled({ bytes: 1, bins: 0, worse: 1 }),
      canary: scaled({ bytes: 1, bins: 0, worse: 1.02 }),
    });
    const large = lnEs({
      control: scaled({ bytes: 1024, bins: 100, worse: 1 }),
      canary: scaled({ bytes: 1024, bins: 100, worse: 1.02 }),
    });
    expect(large["bytes"]).toBeCloseTo(small["bytes"] ?? 0, 8);
    expect(large["time_p75"]).toBeCloseTo(small["time_p75"] ?? 0, 8);
    expect(Math.abs(small["bytes"] ?? 0)).toBeGreaterThan(0.1);
  });

  it("of one visitor is an anecdote: the same errors of many are not", () => {
    expect(harmed(errorsIn((at) => at))).toEqual(["errors"]);
    expect(harmed(errorsIn(() => 7))).toEqual([]);
  });

  it("of fewer than eight buckets is none", () => {
    expect(numbersOf(brokenInBuckets(7), "errors")?.lnE).toBe(0);
    expect(brokenInBuckets(7).action).toBe("hold");
    expect(brokenInBuckets(8).action).toBe("rollback");
  });

  it("of two constants that differ is certain; of two that agree there is none either way", () => {
    expect(constants(1_000, 1_100)).toBe("rollback");
    expect(constants(0, 1)).toBe("rollback");
    expect(constants(1_000, 1_000)).toBe("hold");
    expect(constants(1_000, 900)).toBe("hold");
    expect(constants(0, 0)).toBe("hold");
  });

  it("of constants that differ by nothing worth the name is none, where the author says so", () => {
    expect(constants(1_000, 1_001, 1)).toBe("advance");
    expect(constants(1_000, 1_002, 1)).toBe("rollback");
  });

  it("where there was nothing before is seen: flicker on a site that never flickered", () => {
    const policy = policyOf({
      guardrails: [{ name: "flicker", measure: { kind: "mean", column: "f" }, negligible: 1 }],
    });
    const evidence = scene({ policy, control: () => ({ f: 0 }), canary: flickering });
    expect(judge(inputOf(evidence, { policy })).action).toBe("rollback");
  });

  it("costs its part of one budget: the parts add up to alpha", () => {
    const guardrails = fourKinds.guardrails.map((each, at) =>
      Object.assign({}, each, { weight: at + 1 }),
    );
    const policy = policyOf({ alpha: 0.04, guardrails });
    const verdict = judge({ ...sameArms, policy });
    const parts = verdict.guardrails.map(({ lnThreshold }) => Math.exp(-lnThreshold));
    expect(parts.reduce((sum, part) => sum + part, 0)).toBeCloseTo(0.04, 12);
    expect(parts[3]).toBeCloseTo(0.016, 12);
  });

  it("of a guardrail that is only watched takes nothing back", () => {
    const [errors, ...others] = fourKinds.guardrails;
    const policy = policyOf({ guardrails: [{ ...errors, role: "watch" }, ...others] });
    const verdict = judge(
      inputOf(scene({ units: 6_000, control: usual, canary: erring }), { policy }),
    );
    expect(verdict.action).toBe("advance");
    expect(numbersOf(verdict, "errors")?.isHarmed).toBe(true);
  });

  it("is not needed to go on where there are no errors at all, only enough units", () => {
    const [some, enough] = [20, 1_000]
      .map((units) => judge(inputOf(scene({ units, control: clean, canary: clean }))))
      .map((verdict) => numbersOf(verdict, "errors")?.isUnharmed);
    expect([some, enough]).toEqual([false, true]);
  });
});

function silentFor(controlSinceCanary: number, over: Partial<typeof sameArms> = {}): Verdict {
  return judge({ ...sameArms, controlSinceCanary, ...over });
}

function controlAlone(atMs: number): Verdict {
  const events = Array.from({ length: 60 }, (_, at) => view(at + 1, "control", { atMs }));
  return judge(inputOf(fold(nothing, trialFor(fourKinds), events)));
}

describe("silence", () => {
  it("is a run of the control that chance does not explain", () => {
    expect(silentFor(20).action).toBe("advance");
    expect(silentFor(200)).toMatchObject({ action: "rollback", needsPerson: true });
    expect(silentFor(200).reasons).toMatchObject([{ reason: "silent", controlUnits: 200 }]);
  });

  it("is not called where a hold-out is all that is left of the control", () => {
    const allocation = { control: 10_000, canary: 990_000 };
    const [first] = sameArms.strata;
    const strata = first === undefined ? [] : [{ ...first, allocation }];
    expect(silentFor(2, { strata }).reasons).not.toMatchObject([{ reason: "silent" }]);
  });

  it("takes longer to believe where few visitors make many views", () => {
    expect(silentFor(200, { crowding: 10 }).reasons).not.toMatchObject([{ reason: "silent" }]);
  });

  it("of a canary that never spoke is found", () => {
    expect(controlAlone(startMs).reasons).toMatchObject([{ reason: "silent", controlUnits: 60 }]);
  });

  it("of the last minute proves nothing: views may still be under way", () => {
    const lately = controlAlone(startMs + 630_000);
    expect(lately.action).toBe("hold");
  });
});

describe("arrivals", () => {
  const policy = policyOf({
    guardrails: [{ name: "arrivals", measure: { kind: "arrivals" }, worse: "lower" }],
  });
  const arrived = (
    canary: number,
    control: number,
    assigned = { canary: 10_000, control: 10_000 },
  ) => {
    const arms = [
      ...Array<"control">(control).fill("control"),
      ...Array<"canary">(canary).fill("canary"),
    ];
    const events = arms.map((arm, at) => view(at + 1, arm, { atMs: startMs + 600_000 }));
    const assignments = [assigned];
    return judge(inputOf(fold(nothing, trialFor(policy), events), { policy, assignments }));
  };

  it("that stay away from one arm are harm, from both they are not", () => {
    expect(harmed(arrived(6_500, 9_500))).toEqual(["arrivals"]);
    expect(arrived(6_500, 6_500).action).toBe("advance");
    expect(arrived(9_500, 9_500).guardrails[0]?.levels).toEqual({ control: 0.95, canary: 0.95 });
  });

  it("are no harm while the edge has counted few of the requests that they came of", () => {
    // The first that thirty isolates tell is one request each.
    const early = arrived(300, 300, { canary: 20, control: 10 });
    expect(early.action).toBe("hold");
    expect(early.guardrails[0]).toMatchObject({ units: { control: 0, canary: 0 }, change: null });
    expect(harmed(arrived(200, 400, { canary: 300, control: 300 }))).toEqual(["arrivals"]);
  });
});

describe("the split of assignments", () => {
  const [first] = sameArms.strata;
  const counted = (canary: number, control: number) =>
    first === undefined ? [] : [{ ...first, assignments: { canary, control } }];

  it("as planned changes nothing", () => {
    expect(judge({ ...sameArms, strata: counted(5_950, 6_050) }).action).toBe("advance");
  });

  it("not as planned holds, and asks for a person, whatever else was seen", () => {
    const broken = inputOf(scene({ units: 6_000, control: usual, canary: allBroken }));
    expect(judge(broken).action).toBe("rollback");
    const verdict = judge({ ...broken, strata: counted(5_000, 7_000) });
    expect(verdict).toMatchObject({ action: "hold", needsPerson: true });
    expect(verdict.reasons).toMatchObject([{ reason: "sample_ratio_mismatch" }]);
  });

  it("of visitors who come back a hundred times may be far from the plan", () => {
    const strata = counted(5_000, 7_000);
    const mismatch = { reason: "sample_ratio_mismatch" };
    expect(judge({ ...sameArms, strata }).reasons).toMatchObject([mismatch]);
    expect(judge({ ...sameArms, strata, crowding: 100 }).reasons).not.toMatchObject([mismatch]);
  });
});
