// Why a ramp waits whose canary does no harm, and when it will go on.
import { describe, expect, it } from "vitest";
import { judge, type Reason } from "#src/canary/judge.ts";
import { outlookOn } from "#src/canary/outlook.ts";
import type { VerdictInput } from "#src/canary/verdict-input.ts";
import {
  allBroken,
  inputOf,
  minuteMs,
  nothing,
  scene,
  startMs,
  strata,
  usual,
  type Columns,
} from "./trials.ts";

const evidence = scene({ units: 6_000, control: usual, canary: usual });
const same = inputOf(evidence);
const few = inputOf(scene({ units: 300, control: usual, canary: usual }));

/** The same input with another rollout, and other fields. */
function amended(
  input: VerdictInput,
  rollout: Partial<VerdictInput["rollout"]>,
  fields: Partial<VerdictInput> = {},
): VerdictInput {
  return { ...input, ...fields, rollout: { ...input.rollout, ...rollout } };
}

/** Few visitors who come again and again. */
function crowd(units: number): VerdictInput {
  return inputOf(scene({ units, control: usual, canary: usual, buckets: 3 }));
}

type Stage = VerdictInput["rollout"]["stages"][number];

/** The ramp with its first stage changed. */
function asked(fields: Partial<Stage>): VerdictInput {
  const [first, ...others] = same.rollout.stages;
  return amended(same, { stages: [{ ...(first as Stage), ...fields }, ...others] });
}

/** Why the verdict on an input is to wait. */
function wait(input: VerdictInput): Reason["reason"][] {
  const verdict = judge(input);
  expect(verdict.action).toBe("hold");
  expect(verdict.step).toBeUndefined();
  return verdict.reasons.map(({ reason }) => reason);
}

describe("a ramp whose arms do the same still waits", () => {
  it.each<[Reason["reason"], VerdictInput]>([
    ["not_live", amended(same, { state: "killed" })],
    ["held", amended(same, { state: "held" })],
    ["too_early", asked({ minTimeMs: 60 * minuteMs })],
    ["too_few_units", asked({ minViews: 6_001 })],
    ["manual_stage", asked({ mode: "manual" })],
    ["frozen", amended(same, { freezes: [{ fromMs: startMs, toMs: startMs + 60 * minuteMs }] })],
    ["baking", amended(same, { stage: 1 })],
    ["stale_evidence", { ...same, latestAtMs: same.nowMs - 11 * minuteMs }],
    ["undecided", few],
  ])("%s", (reason, input) => {
    expect(wait(input)).toEqual([reason]);
  });

  it("no_data of the stage that it is in", () => {
    const later = [...strata, { fromEpoch: 11, canaryPpm: 500_000, controlPpm: 500_000 }];
    expect(wait(inputOf(evidence, { strata: later }))).toEqual(["no_data"]);
  });

  it("few_witnesses where enough units came of too few visitors, and not where few came", () => {
    expect(wait(crowd(2_000))).toEqual(["undecided", "few_witnesses"]);
    expect(wait(crowd(20))).toEqual(["too_few_units", "undecided"]);
    expect(wait(inputOf(nothing))).toEqual(["no_data", "undecided"]);
  });

  it("undecided for ever, but a person is asked once time is up", () => {
    expect(judge(few).needsPerson).toBe(false);
    const nowMs = startMs + 8 * 24 * 60 * minuteMs;
    const late = { ...few, nowMs, latestAtMs: nowMs };
    expect(wait(late)).toEqual(["time_is_up", "undecided"]);
    expect(judge(late).needsPerson).toBe(true);
  });

  it.each<[Reason["reason"], VerdictInput]>([
    ["too_few_units", asked({ minViews: 6_001 })],
    ["stale_evidence", same],
  ])("unharmed for ever, but a person is asked once time is up: %s", (reason, input) => {
    const nowMs = startMs + 8 * 24 * 60 * minuteMs;
    const latestAtMs = reason === "stale_evidence" ? input.latestAtMs : nowMs;
    const late = { ...input, nowMs, latestAtMs };
    expect(wait(late)).toEqual(["time_is_up", reason]);
    expect(judge(late).needsPerson).toBe(true);
  });

  it("until its last stage has baked, and is then promoted", () => {
    const nowMs = startMs + 25 * 60 * minuteMs;
    const baked = amended(same, { stage: 1 }, { nowMs, latestAtMs: nowMs });
    expect(judge(baked)).toMatchObject({ action: "advance", step: "promote" });
  });

  it("and is still taken back while it is held", () => {
    const input = inputOf(scene({ control: usual, canary: allBroken }));
    expect(judge(amended(input, { state: "held" })).action).toBe("rollback");
  });
});

const slow: Columns = (at) => ({ ...usual(at), ms: 150 + at / 100 });

describe("the outlook", () => {
  it("puts every change inside its interval", () => {
    const { guardrails } = judge(same);
    const outlook = outlookOn(same);
    for (const [at, { change }] of guardrails.entries()) {
      const interval = outlook.guardrails[at]?.interval;
      expect(interval?.lower).toBeLessThan(change ?? 0);
      expect(interval?.upper).toBeGreaterThan(change ?? 0);
    }
  });

  it("of harm that is there excludes that there is none, and stands out", () => {
    const outlook = outlookOn(inputOf(scene({ units: 2_000, control: usual, canary: slow })));
    const time = outlook.guardrails.find(({ name }) => name === "time_p75");
    expect(time?.interval?.lower).toBeGreaterThan(0);
    expect(time?.isDiscovery).toBe(true);
    expect(outlook.decisionAtMs).toBe(same.nowMs);
  });

  it("expects a decision later the less is known, and now where there is one", () => {
    expect(outlookOn(same).decisionAtMs).toBe(same.nowMs);
    const later = outlookOn(few).decisionAtMs ?? 0;
    expect(later).toBeGreaterThan(few.nowMs);
    expect(later).toBeLessThan(few.nowMs + 60 * 60 * minuteMs);
  });

  it("says what comes last: time, units or proof", () => {
    expect(outlookOn(asked({ minTimeMs: 60 * minuteMs })).goesOn).toMatchObject({
      waitsFor: "time",
      atMs: same.rollout.shareSetAtMs + 60 * minuteMs,
      isByHand: false,
    });
    expect(outlookOn(asked({ minViews: 12_000 })).goesOn.waitsFor).toBe("units");
    expect(outlookOn(few).goesOn.waitsFor).toBe("proof");
    const frozen = { fromMs: startMs, toMs: startMs + 90 * minuteMs };
    expect(outlookOn(amended(same, { freezes: [frozen] })).goesOn).toMatchObject({
      waitsFor: "time",
      atMs: frozen.toMs,
    });
  });

  it("of a stage that is left by hand is a person's once all else is there, and no decision", () => {
    const ready = outlookOn(asked({ mode: "manual" }));
    expect(ready.goesOn).toMatchObject({ waitsFor: "person", atMs: same.nowMs, isByHand: true });
    expect(ready.decisionAtMs).toBeNull();
    const later = outlookOn(asked({ mode: "manual", minViews: 12_000 })).goesOn;
    expect(later).toMatchObject({ waitsFor: "units", isByHand: true });
  });

  it("of a stage whose units take longer than it may is a person's, at that time", () => {
    const { goesOn } = outlookOn(asked({ minViews: 100_000_000 }));
    expect(goesOn).toMatchObject({
      waitsFor: "person",
      askedAtMs: same.rollout.shareSetAtMs + same.policy.maxStageMs,
    });
  });

  it("foretells no harm of arms that do the same", () => {
    expect(outlookOn(few).goesBack).toBeNull();
    const harmed = outlookOn(inputOf(scene({ units: 2_000, control: usual, canary: slow })));
    expect(harmed.goesBack).toEqual({ guardrail: "time_p75", atMs: same.nowMs });
  });

  it("expects nothing where nothing comes", () => {
    const silent = inputOf(scene({ control: () => ({}), canary: () => ({}) }));
    expect(outlookOn(silent).decisionAtMs).toBeNull();
  });
});
