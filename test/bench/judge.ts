// npm run bench:judge: whole ramps through the real evidence and the real judge, under
// simulated visitors. How often is a harmless change taken back, how soon is harm found,
// and what would the usual test have done in the judge's place?
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { isMainThread } from "node:worker_threads";
import { emptyEvidence, foldBatch, type EvidenceEvent } from "#src/canary/evidence.ts";
import { trialOf } from "#src/canary/trial.ts";
import { expectedHarms, firstLook } from "../canary/harms.ts";
import { zTestCries } from "../canary/peeked-z-test.ts";
import {
  eightGuardrails,
  fullPolicy,
  noHarm,
  simulateRamp,
  type Ramp,
} from "../canary/simulated-ramp.ts";
import { live } from "../flags/rollouts.ts";
import { answerTasks, runInWorkers } from "./in-workers.ts";
import { benchWorlds, runWorld, worldNames, worldsText, type WorldTask } from "./judge-worlds.ts";

const usage = `npm run bench:judge -- [--world NAME] [--runs N] [--power-runs N] [--seed N] [--workers N] [--json]

  --world NAME    ramps in this world instead; may be given again, or be all
  --runs N        harmless ramps of 100 looks (2000), or ramps in each world (250)
  --power-runs N  ramps for each harm (300)
  --seed N        seed of the first ramp (1)
  --workers N     threads (as many as there are processors)
  --json          one object on standard output, and nothing else

Ends with 1 if more than 1.5 % of harmless ramps are taken back, if the peeked z-test is
not worse than that, or if a harm takes more than 1.3 times as long as is expected; and where
worlds are named, if it is not in one of them as it should be.

Worlds: ${worldNames.join(", ")}`;

const { values } = parseArgs({
  options: {
    world: { type: "string", multiple: true },
    runs: { type: "string" },
    "power-runs": { type: "string", default: "300" },
    seed: { type: "string", default: "1" },
    workers: { type: "string", default: String(availableParallelism()) },
    json: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});

const file = import.meta.filename;
const workers = Math.max(1, Number(values.workers));
const mostFalseRollbacks = 0.015;
const tolerance = 1.3;

/** One ramp: harmless where `harm` is undefined, else the index of an expected harm. */
type Task = { readonly seed: number; readonly harm: number | undefined };

type Outcome = {
  readonly task: Task;
  readonly isRolledBack: boolean;
  readonly zTestCried: boolean;
  /** Page views of the canary at the roll-back, or at the end. */
  readonly canaryViews: number;
  readonly looks: number;
};

const harmless: Omit<Ramp, "seed"> = {
  harm: noHarm,
  policy: fullPolicy(),
  views: [200, 600, 2_000, 4_000],
  looksPerStage: 25,
  returning: 0.5,
};

/** Every view another visitor's: views by the same count for as many less as their design effect. */
const harmful: Omit<Ramp, "seed" | "harm"> = {
  policy: eightGuardrails,
  views: [500, 1_500, 5_000, 13_000],
  looksPerStage: 25,
  returning: 0,
};

function runRamp(task: Task): Outcome {
  const isHarmless = task.harm === undefined;
  const harm = expectedHarms[task.harm ?? 0]?.harm ?? noHarm;
  const ramp = isHarmless ? harmless : { ...harmful, harm };
  let [isRolledBack, zTestCried, canaryViews, looks] = [false, false, 0, 0];
  for (const look of simulateRamp({ ...ramp, seed: task.seed })) {
    isRolledBack ||= look.verdict.action === "rollback";
    zTestCried ||= isHarmless && zTestCries(look.input);
    canaryViews = look.canaryViews;
    looks += 1;
    if (isRolledBack && (!isHarmless || zTestCried)) break;
  }
  return { task, isRolledBack, zTestCried, canaryViews, looks };
}

function quantile(list: readonly number[], p: number): number {
  return list.toSorted((left, right) => left - right)[Math.floor(p * list.length)] ?? 0;
}

function powerOf(outcomes: readonly Outcome[]) {
  return expectedHarms.map(({ name, expectedP90 }, harm) => {
    const own = outcomes.filter(({ task }) => task.harm === harm);
    const views = own.map((each) => (each.isRolledBack ? each.canaryViews : Infinity));
    const looks = quantile(
      own.map((each) => each.looks),
      0.9,
    );
    const p90 = quantile(views, 0.9);
    const isMet = expectedP90 === firstLook ? looks === 1 : p90 <= tolerance * expectedP90;
    const found = views.filter(Number.isFinite).length / Math.max(1, own.length);
    return { name, median: quantile(views, 0.5), p90, expectedP90, found, isMet };
  });
}

function timed(rounds: number, run: () => unknown): number {
  run();
  const start = performance.now();
  for (let round = 0; round < rounds; round += 1) run();
  return (performance.now() - start) / rounds;
}

/** What one event and one verdict cost, on this machine, in this process. */
function costs() {
  const last = [...simulateRamp({ ...harmless, seed: 1 })].at(-1);
  const policy = fullPolicy();
  const trials = Array.from({ length: 5 }, (_, at) => {
    const rollout = live(`flag${at}`, 500_000, { unit: "visitor" });
    const strata = [{ fromEpoch: 1, canaryPpm: 500_000, controlPpm: 500_000 }];
    return trialOf({ rollout, strata, policy });
  });
  const arms = Object.fromEntries(trials.map(({ flag }) => [flag, "canary" as const]));
  const columns = {
    "stitch.state": "both",
    "snippet.error_count": 0,
    "snippet.encoded_size": 20_000,
    "snippet.transfer_size": 20_300,
    "snippet.download_ms": 61.3,
    "snippet.ttfb_ms": 90.1,
    "snippet.eval_ms": 21.7,
    "lcp.value": 1_496,
    "inp.value": 88,
    "cls.value": 0.02,
    "snippet.flicker_ms": 0,
  };
  const events = Array.from({ length: 1_000 }, (_, at): EvidenceEvent => {
    const bucket = at % 64;
    return { seq: at + 1, kind: "page_view", atMs: at, epoch: 1, bucket, arms, columns };
  });
  const fold = () =>
    trials.map((trial) => foldBatch(emptyEvidence(trial), trial, { shard: "one", events }));
  return {
    foldUs: (timed(20, fold) * 1_000) / events.length,
    verdictMs: last === undefined ? 0 : timed(200, last.again),
  };
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

async function bench(): Promise<void> {
  const first = Number(values.seed);
  const runs = Number(values.runs ?? 2_000);
  const tasks: Task[] = Array.from({ length: runs }, (_, at) => ({
    seed: first + at,
    harm: undefined,
  }));
  for (const [harm] of expectedHarms.entries()) {
    for (let at = 0; at < Number(values["power-runs"]); at += 1) {
      tasks.push({ seed: first + 1_000_000 + at, harm });
    }
  }
  const outcomes = await runInWorkers<Outcome>(tasks, { file, workers });
  const quiet = outcomes.filter(({ task }) => task.harm === undefined);
  const rate = (isSo: (outcome: Outcome) => boolean) => quiet.filter(isSo).length / (runs || 1);
  const falseRollbackRate = rate(({ isRolledBack }) => isRolledBack);
  const negativeControlRate = rate(({ zTestCried }) => zTestCried);
  const power = powerOf(outcomes);
  const { foldUs, verdictMs } = costs();
  if (values.json) {
    const byName = Object.fromEntries(power.map(({ name, ...rest }) => [name, rest]));
    const costOf = { foldUsFor5Flags: foldUs, verdictMs };
    console.log(
      JSON.stringify({ runs, falseRollbackRate, negativeControlRate, power: byName, cost: costOf }),
    );
  } else {
    console.log(`harmless ramps taken back     ${percent(falseRollbackRate)} of ${runs}`);
    console.log(`… by a peeked z-test          ${percent(negativeControlRate)}`);
    console.log(`one event, five flags         ${foldUs.toFixed(1)} µs`);
    console.log(`one verdict, 14 × 4 stages    ${verdictMs.toFixed(2)} ms`);
    console.log("\npage views of the canary      median     p90   limit    found");
    for (const { name, median, p90, expectedP90, found, isMet } of power) {
      const limit = expectedP90 === firstLook ? "look 1" : Math.round(tolerance * expectedP90);
      const cells = [median, p90, limit].map((cell) => String(cell).padStart(8)).join("");
      console.log(
        `${name.padEnd(28)}${cells}${percent(found).padStart(9)}${isMet ? "" : "  late"}`,
      );
    }
  }
  const isLevelKept = runs === 0 || falseRollbackRate <= mostFalseRollbacks;
  const isControlWorse = runs === 0 || negativeControlRate > mostFalseRollbacks;
  if (!isLevelKept || !isControlWorse || power.some(({ isMet }) => !isMet)) process.exitCode = 1;
}

async function benchNamed(names: readonly string[]): Promise<void> {
  const unknown = names.find((name) => name !== "all" && !worldNames.includes(name));
  if (unknown !== undefined) {
    console.error(`There is no world ${unknown}. There are: all, ${worldNames.join(", ")}`);
    process.exitCode = 2;
    return;
  }
  const seed = Number(values.seed);
  const runs = Number(values.runs ?? 250);
  const results = await benchWorlds(names, { runs, seed, workers, file });
  console.log(values.json ? JSON.stringify({ worlds: results }) : worldsText(results));
  if (results.some(({ isRight }) => !isRight)) process.exitCode = 1;
}

function runAny(task: unknown): unknown {
  const given = task as Task | WorldTask;
  return "world" in given ? runWorld(given) : runRamp(given);
}

if (!isMainThread) await answerTasks(runAny);
else if (values.help) console.log(usage);
else if (values.world !== undefined) await benchNamed(values.world);
else await bench();
