import { FlagdCore } from "@openfeature/flagd-core";
import { describe, expect, it } from "vitest";
import { compilePlan, evaluateAll, type Plan } from "#flags/plan.ts";
import { defaultParameters } from "#flags/parameters.ts";
import { units, type Rollout, type RolloutPlan } from "#flags/rollout.ts";
import { exportFlagSet, safeSnapshot } from "#flags/snapshot.ts";
import { fc } from "../property.ts";
import { after, draft, live } from "./rollouts.ts";

const silent = { error() {}, warn() {}, info() {}, debug() {} };

type Context = { readonly [key: string]: string };

function contextOf(unit: number): Context {
  const of = { account: `account-${unit}`, snippet: `s${unit % 500}`, request: `r-${unit * 7}` };
  const place = { colo: ["FRA", "IAD", "NRT"][unit % 3] ?? "", country: unit % 2 ? "DE" : "US" };
  return unit % 5 === 0
    ? { ...of, ...place }
    : { ...of, ...place, visitor: `v${unit}`, sdkKey: "" };
}

function armIn(plan: Plan, flag: string, context: Context): string {
  const assignment = evaluateAll(plan, { context, nowMs: 0 });
  if (assignment.changes.includes(flag)) return "canary";
  return assignment.arms.find((each) => each.flag === flag)?.arm ?? "rest";
}

const audiences = fc.constantFrom<RolloutPlan["audience"][]>(
  undefined,
  { "==": [{ var: "country" }, "DE"] },
  { in: [{ var: "colo" }, ["FRA", "IAD"]] },
  { or: [{ "!": { var: "visitor" } }, { starts_with: [{ var: "snippet" }, "s1"] }] },
  { "<": [{ var: "country" }, 5] },
);

/** Rollouts of one layer have ranges apart: others are not admitted. */
const layers = fc.constantFrom<((at: number) => RolloutPlan["layer"])[]>(
  () => undefined,
  (at) => ({ name: "one", ranges: [[at * 150_000, at * 150_000 + 150_000]] }),
  (at) => ({
    name: "two",
    ranges: [
      [at * 80_000, at * 80_000 + 80_000],
      [500_000 + at * 80_000, 580_000 + at * 80_000],
    ],
  }),
);

const shares = fc.oneof(fc.integer({ min: 1, max: 1_000_000 }), fc.constant(400_000));
const ends = fc.constantFrom(undefined, undefined, "hold", "promote", "rollback", "kill");

const rollouts = fc
  .array(
    fc.record({
      unit: fc.constantFrom(...units),
      audience: audiences,
      layer: layers,
      sharePpm: shares,
      end: ends,
      seed: fc.nat(),
      requires: fc.array(fc.nat(5), { maxLength: 2 }),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((list) =>
    list.map(({ audience, layer, requires, ...each }, at): Rollout => {
      const prerequisites = [...new Set(requires.filter((index) => index < at))];
      const chosen = layer(at);
      const rollout = live(`f${at}`, each.sharePpm, {
        unit: chosen === undefined ? each.unit : "account",
        seed: `seed-${each.seed}-${at}`,
        prerequisites: prerequisites.map((index) => `f${index}`),
        ...(audience && { audience }),
        ...(chosen && { layer: chosen }),
      });
      return each.end === undefined ? rollout : after(rollout, { kind: each.end as "hold" });
    }),
  );

function plannedFlags(plan: Plan): string[] {
  return plan.flags.map(({ rollout }) => rollout.flag);
}

describe("evaluateAll", () => {
  it("gives the arms that flagd-core gives for the export", () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(rollouts, (list) => {
        const flagd = new FlagdCore(undefined, silent);
        flagd.setConfigurations(JSON.stringify(exportFlagSet({ ...safeSnapshot, rollouts: list })));
        const plan = compilePlan(list);
        for (let unit = 0; unit < 100; unit += 1) {
          const context = contextOf(unit);
          for (const { flag } of list) {
            const { variant = "rest" } = flagd.resolveObjectEvaluation(flag, {}, context, silent);
            expect(`${flag} ${armIn(plan, flag, context)}`).toBe(`${flag} ${variant}`);
            seen.add(variant);
          }
        }
      }),
      { numRuns: 150 },
    );
    expect([...seen].toSorted()).toEqual(["canary", "control", "rest"]);
  });

  it("returns the same object for the same arms, and the default parameters to the untouched", () => {
    const plan = compilePlan([live("flag", 400_000)]);
    const answers = Array.from({ length: 100 }, (_, unit) =>
      evaluateAll(plan, { context: contextOf(unit), nowMs: 0 }),
    );
    expect(new Set(answers).size).toBe(3);
    expect(new Set(answers.map((answer) => answer.key)).size).toBe(3);
    const untouched = answers.find((answer) => answer.arms.length === 0);
    expect(untouched?.outcome.parameters).toEqual(defaultParameters);
  });

  it("caps browser caching in canary and control alike, and no longer once promoted", () => {
    const patch = { browserMaxAgeS: 3_600, delayMs: 20 };
    const rollout = live("flag", 500_000, { patch });
    const under = compilePlan([rollout]);
    const seen = new Set<number>();
    for (let unit = 0; unit < 50; unit += 1) {
      const { parameters } = evaluateAll(under, { context: contextOf(unit), nowMs: 0 }).outcome;
      const { browserMaxAgeS, staleWhileRevalidateS, staleIfErrorS } = parameters;
      expect([browserMaxAgeS, staleWhileRevalidateS, staleIfErrorS]).toEqual([60, 0, 0]);
      seen.add(parameters.delayMs);
    }
    expect(seen).toEqual(new Set([0, 20]));
    const promoted = compilePlan([after(rollout, { kind: "promote" })]);
    const answer = evaluateAll(promoted, { context: {}, nowMs: 0 });
    expect(answer.outcome.parameters).toEqual({ ...defaultParameters, ...patch });
    expect(answer.arms).toEqual([]);
  });

  it("puts a change under trial over a promoted one on the same parameter", () => {
    const promoted = after(live("old", 5, { patch: { delayMs: 1 } }), { kind: "promote" });
    const trial = { ...live("new", 1_000_000, { patch: { delayMs: 2 } }), changedAtMs: 0 };
    const plan = compilePlan([trial, promoted]);
    const delays = Array.from({ length: 2_000 }, (_, unit) => {
      const answer = evaluateAll(plan, { context: contextOf(unit), nowMs: 0 });
      return `${answer.outcome.parameters.delayMs} ${answer.arms[0]?.arm}`;
    });
    expect([...new Set(delays)].toSorted()).toEqual(["1 control", "2 canary"]);
  });

  it("leaves a request alone where the audience throws, and names that flag only", () => {
    const audience = { "+": [{ var: "country" }, 1] };
    const plan = compilePlan([live("bad", 1_000_000, { audience }), live("good", 500_000)]);
    const answer = evaluateAll(plan, { context: contextOf(1), nowMs: 0 });
    expect(answer.faults).toEqual(["bad"]);
    expect(answer.arms.map((each) => each.flag)).toEqual(["good"]);
  });

  it("leaves out a flag that cannot be compiled, with all that need it", () => {
    const broken = live("bad", 500_000, { audience: { unheard_of: [] } });
    const needy = live("need", 500_000, { prerequisites: ["bad"] });
    const plan = compilePlan([needy, broken, live("good", 500_000)]);
    expect(plan.faults).toEqual(["bad"]);
    expect(plan.flags.map(({ rollout }) => rollout.flag)).toEqual(["good"]);
  });

  it("has no arm for a request without the unit", () => {
    const plan = compilePlan([live("flag", 500_000, { unit: "visitor" })]);
    expect(evaluateAll(plan, { context: {}, nowMs: 0 }).arms).toEqual([]);
    expect(evaluateAll(plan, { context: { visitor: "" }, nowMs: 0 }).arms).toEqual([]);
  });

  it("tells arms apart among more flags than one number holds", () => {
    const many = Array.from({ length: 60 }, (_, at) =>
      live(`f${at}`, at === 0 || at === 59 ? 500_000 : 1, { seed: `seed-number-${at}` }),
    );
    const plan = compilePlan(many);
    const answers = Array.from({ length: 200 }, (_, unit) =>
      evaluateAll(plan, { context: contextOf(unit), nowMs: 0 }),
    );
    const arms = (index: number): string | undefined =>
      answers[index]?.arms.map((each) => `${each.flag}${each.arm}`).join();
    for (const [index, answer] of answers.entries()) {
      const same = answers.findIndex((other) => other.key === answer.key);
      expect(arms(index)).toBe(arms(same));
    }
    expect(new Set(answers).size).toBe(4);
  });

  it("forgets combinations rather than grow without bound", () => {
    const many = Array.from({ length: 14 }, (_, at) =>
      live(`f${at}`, 500_000, { seed: `seed-number-${at}`, unit: "request" }),
    );
    const plan = compilePlan(many);
    for (let unit = 0; unit < 10_000; unit += 1) {
      evaluateAll(plan, { context: contextOf(unit), nowMs: 0 });
    }
    expect(plan.known.size).toBeLessThanOrEqual(4_096);
  });

  it("plans nothing of drafts, of ended rollouts and of what was killed", () => {
    const list = [
      draft("a"),
      after(live("b", 5), { kind: "rollback" }),
      after(live("c", 5), { kind: "kill" }),
      live("d", 5),
      after(live("e", 5), { kind: "promote" }),
    ];
    expect(plannedFlags(compilePlan(list))).toEqual(["e", "d"]);
  });
});
