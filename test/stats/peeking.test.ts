// The promise itself, by simulation: however often one looks, evidence of harm that is
// not there passes 1/α in less than α of the runs. Each law stands beside a usual test,
// or a forgotten precaution, that breaks it under the same eyes.
import { describe, expect, it } from "vitest";
import { designEffect } from "#src/stats/cluster.ts";
import { BINS, binOf } from "#src/stats/histogram.ts";
import { type ArmSums, lnEMeanOneSided, meanStage, variance } from "#src/stats/mean.ts";
import { lnEProportion } from "#src/stats/proportion.ts";
import { defaultKappas, lnEQuantile } from "#src/stats/quantile.ts";
import { lnESampleRatio } from "#src/stats/sample-ratio.ts";
import { seeded } from "./seeded.ts";

const ALPHA = 0.05;
const THRESHOLD = -Math.log(ALPHA);
const Z_ALPHA = 1.6448536269514722;
const LOOKS = 100;
/** τ = 10 ms, a tenth of the mean time. */
const PRECISION = 1 / 10 ** 2;

type Sums = { n: number; sum: number; sumSq: number };
type Arm = 0 | 1;
type Random = () => number;

const emptySums = (): Sums => ({ n: 0, sum: 0, sumSq: 0 });
/** Whether the one-sided mixture cries harm. */
const cries = (s: number, i: number) => lnEMeanOneSided(s, i, PRECISION) >= THRESHOLD;

function add(sums: Sums, value: number): void {
  sums.n += 1;
  sums.sum += value;
  sums.sumSq += value * value;
}

/** The usual z statistic of a difference of means. */
function zOf(control: ArmSums, canary: ArmSums): number {
  const spread = variance(control) / control.n + variance(canary) / canary.n;
  return (canary.sum / canary.n - control.sum / control.n) / Math.sqrt(spread);
}

/** An exponential time with this mean: skewed, as timings are. */
const timing = (random: Random, mean: number) => -mean * Math.log(1 - random());

/** One run under watch: `unit` brings the next unit in, `alarms` says which tests cry harm now. */
type Run<K extends string> = {
  readonly unit: (random: Random) => void;
  readonly alarms: () => Readonly<Record<K, boolean>>;
};

/** Share of runs in which each test has cried at least once in `LOOKS` looks. */
function shareOfAlarms<K extends string>(
  { runs, unitsPerLook, seed }: { runs: number; unitsPerLook: number; seed: number },
  start: () => Run<K>,
): Record<string, number> {
  const random = seeded(seed);
  const alarmed: Record<string, number> = {};
  for (let run = 0; run < runs; run += 1) {
    const { unit, alarms } = start();
    const cried = new Set<string>();
    for (let look = 0; look < LOOKS; look += 1) {
      for (let next = 0; next < unitsPerLook; next += 1) unit(random);
      for (const [test, alarm] of Object.entries(alarms())) if (alarm) cried.add(test);
    }
    for (const test of Object.keys(alarms())) {
      alarmed[test] = (alarmed[test] ?? 0) + (cried.has(test) ? 1 / runs : 0);
    }
  }
  return alarmed;
}

/** Timings with mean 100 in the control and `harm` times that in a canary of 10 %. */
function timingRun(harm: number): Run<"eProcess" | "zTest"> {
  const arms: [Sums, Sums] = [emptySums(), emptySums()];
  return {
    unit: (random) => {
      const arm: Arm = random() < 0.1 ? 1 : 0;
      add(arms[arm], timing(random, arm === 1 ? 100 * harm : 100));
    },
    alarms: () => {
      const [control, canary] = arms;
      const { s, i } = meanStage({ control, canary, margin: 0, sign: 1 });
      const zTest = canary.n >= 100 && zOf(control, canary) > Z_ALPHA;
      return { eProcess: cries(s, i), zTest };
    },
  };
}

/** A ramp 1 → 5 → 25 → 50 % in which everybody slows down by half towards the end. */
function rampRun(): Run<"stratified" | "pooled"> {
  const shares = [0.01, 0.05, 0.25, 0.5];
  const stages = shares.map((): [Sums, Sums] => [emptySums(), emptySums()]);
  const pooled: [Sums, Sums] = [emptySums(), emptySums()];
  let units = 0;
  return {
    unit: (random) => {
      const stage = Math.min(3, Math.floor(units / 15_000));
      const mean = 100 + units / 1200;
      units += 1;
      const arm: Arm = random() < (shares[stage] ?? 0) ? 1 : 0;
      const value = timing(random, mean);
      add((stages[stage] ?? pooled)[arm], value);
      add(pooled[arm], value);
    },
    alarms: () => {
      const scores = stages.map(([control, canary]) =>
        meanStage({ control, canary, margin: 0, sign: 1 }),
      );
      const s = scores.reduce((sum, score) => sum + score.s, 0);
      const i = scores.reduce((sum, score) => sum + score.i, 0);
      const all = meanStage({ control: pooled[0], canary: pooled[1], margin: 0, sign: 1 });
      return { stratified: cries(s, i), pooled: cries(all.s, all.i) };
    },
  };
}

/** Visitors who look at four pages each, all four about as slow as the visitor's machine. */
function visitorRun(): Run<"clustered" | "naive"> {
  const buckets = [0, 1].map(() => Array.from({ length: 64 }, emptySums));
  const arms: [Sums, Sums] = [emptySums(), emptySums()];
  return {
    unit: (random) => {
      const arm: Arm = random() < 0.3 ? 1 : 0;
      const bucket = buckets[arm]?.[Math.floor(random() * 64)] ?? arms[arm];
      const machine = timing(random, 100);
      for (let view = 0; view < 4; view += 1) {
        const value = machine + timing(random, 10);
        add(bucket, value);
        add(arms[arm], value);
      }
    },
    alarms: () => {
      const [control, canary] = arms;
      const stage = { control, canary, margin: 0, sign: 1 } as const;
      const effect = Math.max(...buckets.map(designEffect));
      const naive = meanStage(stage);
      const clustered = meanStage({ ...stage, designEffect: effect });
      return { clustered: cries(clustered.s, clustered.i), naive: cries(naive.s, naive.i) };
    },
  };
}

/** Errors on 2 % of pages, `harm` times that in a canary of 10 %. */
function errorRun(harm: number): Run<"eProcess" | "zTest"> {
  const units = [0, 0];
  const bad = [0, 0];
  return {
    unit: (random) => {
      const arm: Arm = random() < 0.1 ? 1 : 0;
      units[arm] = (units[arm] ?? 0) + 1;
      if (random() < (arm === 1 ? 0.02 * harm : 0.02)) bad[arm] = (bad[arm] ?? 0) + 1;
    },
    alarms: () => {
      const [n0 = 0, n1 = 0] = units;
      const [bad0 = 0, bad1 = 0] = bad;
      const control = { n: n0, sum: bad0, sumSq: bad0 };
      const canary = { n: n1, sum: bad1, sumSq: bad1 };
      return {
        eProcess: lnEProportion([{ bad1, bad0, share: 0.1 }], 0) >= THRESHOLD,
        zTest: n1 >= 100 && zOf(control, canary) > Z_ALPHA,
      };
    },
  };
}

/** Timings in two modes, rounded to 5 ms; the slow one `harm` times slower in a canary of 20 %. */
function quantileRun(harm: number): Run<"eProcess"> {
  const histograms = [0, 1].map(() => Array.from({ length: BINS }, () => 0));
  const kappas = defaultKappas({ p: 0.75, alpha: ALPHA, share: 0.2 });
  return {
    unit: (random) => {
      const arm: Arm = random() < 0.2 ? 1 : 0;
      const slow = random() < 0.4;
      const ms = slow ? 300 + timing(random, 100) : 40 + timing(random, 20);
      const bin = binOf(5 * Math.round((ms * (arm === 1 && slow ? harm : 1)) / 5));
      const histogram = histograms[arm] ?? [];
      histogram[bin] = (histogram[bin] ?? 0) + 1;
    },
    alarms: () => {
      const [control = [], canary = []] = histograms;
      return {
        eProcess: lnEQuantile({ control, canary, p: 0.75, shift: 0, ...kappas }) >= THRESHOLD,
      };
    },
  };
}

/** Assignments to a canary of 5 %, of which `lost` never arrive. */
function assignmentRun(lost: number): Run<"eProcess"> {
  const counts: [number, number] = [0, 0];
  return {
    unit: (random) => {
      const arm: Arm = random() < 0.05 ? 1 : 0;
      if (arm === 0 || random() >= lost) counts[arm] += 1;
    },
    alarms: () => ({ eProcess: lnESampleRatio(counts, [0.95, 0.05]) >= THRESHOLD }),
  };
}

describe("under the eyes of somebody who looks a hundred times", () => {
  it("means: the mixture keeps its level, a z-test does not", () => {
    const plan = { runs: 400, unitsPerLook: 200, seed: 1 };
    const { eProcess, zTest } = shareOfAlarms(plan, () => timingRun(1));
    expect(eProcess).toBeLessThan(ALPHA);
    expect(zTest).toBeGreaterThan(3 * ALPHA);
    expect(shareOfAlarms({ ...plan, runs: 50 }, () => timingRun(1.2))["eProcess"]).toBeGreaterThan(
      0.9,
    );
  });

  it("ramps: stages apart keep the level under a drift, stages pooled do not", () => {
    const { stratified, pooled } = shareOfAlarms({ runs: 60, unitsPerLook: 600, seed: 2 }, rampRun);
    expect(stratified).toBeLessThan(ALPHA);
    expect(pooled).toBeGreaterThan(0.9);
  });

  it("visitors: the design effect keeps the level, views as independent units do not", () => {
    const { clustered, naive } = shareOfAlarms(
      { runs: 300, unitsPerLook: 40, seed: 3 },
      visitorRun,
    );
    expect(clustered).toBeLessThan(ALPHA);
    expect(naive).toBeGreaterThan(2 * ALPHA);
  });

  it("proportions: the conditional bet keeps its level, a z-test does not", () => {
    const plan = { runs: 400, unitsPerLook: 200, seed: 4 };
    const { eProcess, zTest } = shareOfAlarms(plan, () => errorRun(1));
    expect(eProcess).toBeLessThan(ALPHA);
    expect(zTest).toBeGreaterThan(3 * ALPHA);
    expect(shareOfAlarms({ ...plan, runs: 50 }, () => errorRun(2))["eProcess"]).toBeGreaterThan(
      0.9,
    );
  });

  it("quantiles: order statistics keep the level on rounded times in two modes", () => {
    const plan = { runs: 200, unitsPerLook: 100, seed: 5 };
    expect(shareOfAlarms(plan, () => quantileRun(1))["eProcess"]).toBeLessThan(ALPHA);
    expect(
      shareOfAlarms({ ...plan, runs: 30 }, () => quantileRun(1.2))["eProcess"],
    ).toBeGreaterThan(0.9);
  });

  it("sample ratio: keeps its level, and sees a tenth of the canary go missing", () => {
    const plan = { runs: 200, unitsPerLook: 1000, seed: 6 };
    expect(shareOfAlarms(plan, () => assignmentRun(0))["eProcess"]).toBeLessThan(ALPHA);
    expect(
      shareOfAlarms({ ...plan, runs: 30 }, () => assignmentRun(0.1))["eProcess"],
    ).toBeGreaterThan(0.9);
  });
});
