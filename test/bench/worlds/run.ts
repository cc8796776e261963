// One ramp in one world, as production would see it: wide events through the evidence sink
// into evidence, the edge's counts beside them, and a look of the judge every minute.
import { ok } from "#base/result.ts";
import { murmur3 } from "#base/murmur3.ts";
import { armOfPlace, armPlaces, places, type Arm } from "#flags/arms.ts";
import { bucket } from "#flags/bucket.ts";
import type { Rollout, RolloutPlan } from "#flags/rollout.ts";
import { transition } from "#flags/transition.ts";
import { evidenceSink } from "#src/adapters/sinks/evidence.ts";
import { assignmentsOf, edgeBucketsOf } from "#src/canary/assignments.ts";
import { emptyEvidence, foldBatch, type Batch } from "#src/canary/evidence.ts";
import { defaultPolicy, type Policy } from "#src/canary/guardrails.ts";
import { judge, type Verdict } from "#src/canary/judge.ts";
import { seenIn, stratumOf, trialOf, type Stratum } from "#src/canary/trial.ts";
import { verdictInput } from "#src/canary/verdict-input.ts";
import { draft } from "../../flags/rollouts.ts";
import { Edge } from "./edge.ts";
import { EdgeCounts } from "./edge-counts.ts";
import { Polls } from "./polls.ts";
import { Population } from "./population.ts";
import { Visits, type Now } from "./visits.ts";
import type { World } from "./worlds.ts";

/** What became of one ramp. */
export type RampOutcome = {
  /** What took it back; undefined where nothing did. */
  readonly rolledBackBy: string | undefined;
  /** Canary views since the harm began, or since the start, until then or until the end. */
  readonly canaryViews: number;
  /** The same of those whose snippet or datafile was fetched whole. */
  readonly wholeFetches: number;
  /** Minutes from the first canary view, or from the harm, until a person was called. */
  readonly toldAfterMinutes: number | undefined;
  /** What the person was called for. */
  readonly toldOf: string | undefined;
};

const flag = "world";
const startMs = 1_700_000_000_000;
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** @param seed the same seed gives the same ramp. */
export async function runRamp(world: World, seed: number): Promise<RampOutcome> {
  const ramp = new Ramp(world, seed);
  for (const stage of world.stages.keys()) {
    ramp.advance();
    for (let minute = 0; minute < (world.stages[stage]?.minutes ?? 0); minute += 1) {
      await ramp.minute(stage);
      if (ramp.rolledBackBy !== undefined) return ramp.outcome();
    }
  }
  return ramp.outcome();
}

class Ramp {
  rolledBackBy: string | undefined;
  readonly #world: World;
  readonly #counts = new EdgeCounts();
  readonly #edge = new Edge();
  readonly #visits: Visits;
  readonly #polls: Polls | undefined;
  readonly #policy: Policy;
  readonly #strata: Stratum[] = [];
  readonly #shares: number[] = [];
  readonly #sink;
  #rollout: Rollout;
  #evidence = emptyEvidence({ flag, attempt: 1 });
  #nowMs = startMs;
  #seq = 0;
  #minutes = 0;
  #told: { after: number; of: string } | undefined;

  constructor(world: World, seed: number) {
    this.#world = world;
    const { unit, patch = { engine: "2" }, crowd, accounts, sdks } = world;
    const stages: RolloutPlan["stages"] = world.stages.map(({ sharePpm }) => ({
      sharePpm,
      minTimeMs: 600_000,
      minViews: 200,
      mode: "judged",
    }));
    this.#rollout = draft(flag, { stages, unit, patch, seed: `seed-of-world-${seed}` });
    this.#policy = defaultPolicy(seenIn(this.#rollout));
    const people = new Population({ seed, crowd, accounts });
    const [edge, counts, { random }] = [this.#edge, this.#counts, people];
    const armOf = (name: string) => this.#armOf(name);
    this.#visits = new Visits({ world, people, flag, edge, counts, armOf });
    this.#polls = sdks && new Polls({ sdks, flag, edge, counts, random });
    this.#visits.warm(startMs - hourMs);
    this.#polls?.warm(startMs - 1);
    this.#sink = evidenceSink({
      registry: () => ({ rollouts: async () => ({ epoch: 1, rollouts: [this.#rollout] }) }),
      rollout: () => ({ take: async (batch: Batch) => this.#take(batch) }),
      now: () => this.#nowMs,
    });
  }

  advance(): void {
    const moved = transition(this.#rollout, { kind: "advance" }, this.#nowMs);
    if (!moved.ok) throw new Error(moved.error.reason);
    this.#rollout = moved.value;
    this.#edge.rollout = this.#rollout;
    this.#shares.push(this.#rollout.sharePpm);
    this.#strata.push(stratumOf(this.#rollout, this.#rollout.revision));
  }

  async minute(stage: number): Promise<void> {
    const { stages, harmAfter, viewsAfterHarm } = this.#world;
    const { views = 0, minutes = 1 } = stages[stage] ?? {};
    const isLate = harmAfter !== undefined && this.#visits.canary.views > harmAfter;
    const perMinute = isLate && viewsAfterHarm ? viewsAfterHarm : Math.round(views / minutes);
    const { revision: epoch, sharePpm } = this.#rollout;
    const now: Now = { nowMs: this.#nowMs, minute: this.#minutes, epoch, sharePpm };
    const polled = this.#polls?.minute(now.nowMs, now) ?? [];
    const events = [...this.#visits.minute(perMinute, now), ...polled];
    const numbered = events.map((event) => ({ seq: (this.#seq += 1), event }));
    await this.#sink.send({ shard: "one", events: numbered });
    this.#nowMs += this.#world.stepMs ?? minuteMs;
    this.#minutes += 1;
    // Until late harm begins there is nothing to see, and 50,000 views to go.
    if (harmAfter === undefined || viewsAfterHarm === undefined || isLate) {
      this.#note(judge(this.#input()));
    }
  }

  outcome(): RampOutcome {
    const { canary, countedFrom } = this.#visits;
    const polled = this.#polls?.canary;
    const isOfPolls = seenIn(this.#rollout) === "datafile" && polled !== undefined;
    return {
      rolledBackBy: this.rolledBackBy,
      canaryViews: isOfPolls ? polled.events : canary.views - (countedFrom?.views ?? 0),
      wholeFetches: isOfPolls ? polled.whole : canary.whole - (countedFrom?.whole ?? 0),
      toldAfterMinutes: this.#told?.after,
      toldOf: this.#told?.of,
    };
  }

  #note({ action, reasons, needsPerson }: Verdict): void {
    const [first] = reasons;
    const cause = "guardrail" in first ? first.guardrail : first.reason;
    const after = this.#minutes - (this.#visits.countedFrom?.minute ?? this.#minutes);
    if (needsPerson) this.#told ??= { after, of: cause };
    if (action === "rollback") this.rolledBackBy = cause;
  }

  #input() {
    const { counts, buckets } = this.#counts.told(this.#nowMs);
    const kind = seenIn(this.#rollout);
    const assignments = assignmentsOf({
      counts,
      kind,
      attempt: 1,
      shares: this.#shares,
      units: this.#shares.map((_, at) => ({
        control: this.#evidence.units[at * 2] ?? 0,
        canary: this.#evidence.units[at * 2 + 1] ?? 0,
      })),
    });
    return verdictInput({
      evidence: this.#evidence,
      rollout: this.#rollout,
      strata: this.#strata,
      assignments,
      edge: edgeBucketsOf(buckets, { attempt: 1, kind }),
      policy: this.#policy,
      nowMs: this.#nowMs,
    });
  }

  #take(batch: Batch) {
    const trial = trialOf({ rollout: this.#rollout, strata: this.#strata, policy: this.#policy });
    const folded = foldBatch(this.#evidence, trial, batch);
    if (!folded.ok) return folded;
    this.#evidence = folded.value;
    return ok("taken" as const);
  }

  #armOf(unit: string): Arm {
    const hash = murmur3(this.#rollout.seed + unit);
    return armOfPlace(bucket(hash, places), armPlaces(this.#rollout));
  }
}
