// One ramp in one world, as production would see it: wide events through the evidence sink
// into evidence, the edge's counts beside them, and a look of the judge every minute.
import { ok } from "#base/result.ts";
import { murmur3 } from "#base/murmur3.ts";
import { armOfPlace, armPlaces, places, type Arm } from "#flags/arms.ts";
import { bucket } from "#flags/bucket.ts";
import type { Rollout, RolloutPlan } from "#flags/rollout.ts";
import { transition } from "#flags/transition.ts";
import type { WideEvent } from "#rum/wide-event.ts";
import { evidenceSink } from "#src/adapters/sinks/evidence.ts";
import { assignmentsOf, edgeBucketsOf } from "#src/canary/assignments.ts";
import { emptyEvidence, foldBatch, type Batch } from "#src/canary/evidence.ts";
import { defaultPolicy } from "#src/canary/guardrails.ts";
import { judge, type Verdict } from "#src/canary/judge.ts";
import { stratumOf, trialOf, unitBucket, type Stratum } from "#src/canary/trial.ts";
import { verdictInput } from "#src/canary/verdict-input.ts";
import { draft } from "../../flags/rollouts.ts";
import { EdgeCounts } from "./edge-counts.ts";
import { harmless, pageEvent } from "./pages.ts";
import { Population, type Visitor } from "./population.ts";
import type { Client, World } from "./worlds.ts";

/** What became of one ramp. */
export type RampOutcome = {
  /** What took it back; undefined where nothing did. */
  readonly rolledBackBy: string | undefined;
  /** Canary views since the harm began, or since the start, until then or until the end. */
  readonly canaryViews: number;
  /** Minutes from the first canary view, or from the harm, until a person was called. */
  readonly toldAfterMinutes: number | undefined;
  /** What the person was called for. */
  readonly toldOf: string | undefined;
};

const flag = "world";
const startMs = 1_700_000_000_000;
const minuteMs = 60_000;
/** Of the requests under trial so many become wide events. */
const sampled = 1 / 20;

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
  readonly #people: Population;
  readonly #counts = new EdgeCounts();
  readonly #policy = defaultPolicy("snippet");
  readonly #strata: Stratum[] = [];
  readonly #shares: number[] = [];
  readonly #phase: number;
  readonly #sink;
  #rollout: Rollout;
  #evidence = emptyEvidence({ flag, attempt: 1 });
  #nowMs = startMs;
  #seq = 0;
  #canaryViews = 0;
  #countedFrom: { views: number; minute: number } | undefined;
  #minutes = 0;
  #told: { after: number; of: string } | undefined;

  constructor(world: World, seed: number) {
    this.#world = world;
    this.#people = new Population({ seed, crowd: world.crowd, accounts: world.accounts });
    this.#phase = this.#people.random();
    const stages: RolloutPlan["stages"] = world.stages.map(({ sharePpm }) => ({
      sharePpm,
      minTimeMs: 600_000,
      minViews: 200,
      mode: "judged",
    }));
    this.#rollout = draft(flag, { stages, unit: world.unit, seed: `seed-of-world-${seed}` });
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
    this.#shares.push(this.#rollout.sharePpm);
    this.#strata.push(stratumOf(this.#rollout, this.#rollout.revision));
  }

  async minute(stage: number): Promise<void> {
    const { stages, harmAfter, viewsAfterHarm } = this.#world;
    const { views = 0, minutes = 1 } = stages[stage] ?? {};
    const isLate = harmAfter !== undefined && this.#canaryViews > harmAfter;
    const perMinute = isLate && viewsAfterHarm ? viewsAfterHarm : Math.round(views / minutes);
    const events = [...this.#pages(perMinute), ...this.#polls()];
    const numbered = events.map((event) => ({ seq: (this.#seq += 1), event }));
    await this.#sink.send({ shard: "one", events: numbered });
    this.#nowMs += minuteMs;
    this.#minutes += 1;
    this.#note(judge(this.#input()));
  }

  outcome(): RampOutcome {
    return {
      rolledBackBy: this.rolledBackBy,
      canaryViews: this.#canaryViews - (this.#countedFrom?.views ?? 0),
      toldAfterMinutes: this.#told?.after,
      toldOf: this.#told?.of,
    };
  }

  #note({ action, reasons, needsPerson }: Verdict): void {
    const [first] = reasons;
    const cause = "guardrail" in first ? first.guardrail : first.reason;
    const after = this.#minutes - (this.#countedFrom?.minute ?? this.#minutes);
    if (needsPerson) this.#told ??= { after, of: cause };
    if (action === "rollback") this.rolledBackBy = cause;
  }

  #input() {
    const { counts, buckets } = this.#counts.told(this.#nowMs);
    const assignments = assignmentsOf({
      counts,
      kind: "snippet",
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
      edge: edgeBucketsOf(buckets, { attempt: 1, kind: "snippet" }),
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

  *#pages(count: number): Generator<WideEvent> {
    const { random, customers } = this.#people;
    const { harm = harmless, harmAfter = 0, clients = [], unit, returns = 0.2 } = this.#world;
    const hour = 1 + 0.3 * Math.sin(2 * Math.PI * (this.#minutes / 97 + this.#phase));
    for (let at = 0; at < count; at += 1) {
      const atMs = this.#nowMs + Math.floor((minuteMs * at) / count);
      const client = clients.find(({ share }) => random() < share);
      const visitor = client === undefined ? this.#people.next() : this.#strange(client);
      const customer = customers[visitor.account];
      if (customer === undefined) continue;
      const unitId = unit === "account" ? customer.id : visitor.id;
      const arm = this.#armOf(unitId);
      const isCached = client === undefined && random() < returns;
      const place = unit === "account" ? unitBucket(customer.id) : visitor.bucket;
      if (!isCached) this.#count(arm, { kind: "snippet", atMs, bucket: place });
      if (arm === "canary" && client?.isMute !== true) this.#canaryViews += 1;
      const isHarmful = arm === "canary" && this.#canaryViews > harmAfter;
      if (isHarmful || (harm === harmless && arm === "canary")) {
        this.#countedFrom ??= { views: this.#canaryViews - 1, minute: this.#minutes };
      }
      if (client?.isMute === true) continue;
      const does = isHarmful ? harm : harmless;
      if (visitor.isBlocked || random() < does.lost) continue;
      const bad = client?.isBad === true ? { ...does, errors: 1_000_000 } : does;
      const id = (this.#seq + at) * 64 + 1;
      const epoch = this.#rollout.revision;
      const view = { id, atMs, epoch, flag, arm, visitor, customer, harm: bad, hour, isCached };
      yield pageEvent({ ...view, random });
    }
  }

  /** SDKs ask for a datafile twice a minute each, and never say what became of it. */
  *#polls(): Generator<WideEvent> {
    for (let sdk = 0; sdk < (this.#world.sdks ?? 0); sdk += 1) {
      const name = `sdk-${sdk}`;
      const arm = this.#armOf(name);
      for (const part of [0, 1]) {
        const atMs = this.#nowMs + part * 30_000 + 100 * sdk;
        const place = unitBucket(name);
        this.#count(arm, { kind: "datafile", atMs, bucket: place });
        if (this.#people.random() > sampled) continue;
        yield {
          "event.id": `poll-${this.#seq}-${sdk}-${part}`,
          "event.kind": "delivery",
          "event.at": new Date(atMs).toISOString(),
          "delivery.route": "datafile",
          "delivery.epoch": this.#rollout.revision,
          "delivery.bucket": place,
          "delivery.arms": arm === "rest" ? {} : { [flag]: arm },
        };
      }
    }
  }

  /** One client that comes again and again, and is like no other visitor. */
  #strange({ name, isBad }: Client): Visitor {
    let id = name;
    if (isBad === true) while (this.#armOf(id) !== "canary") id += "+";
    const usual = { slowness: 1, frailty: 1, isBlocked: false, grain: 0.1 };
    return { id, bucket: unitBucket(id), account: 0, ...usual };
  }

  #count(arm: Arm, of: { kind: "snippet" | "datafile"; atMs: number; bucket: number }): void {
    if (arm === "rest") return;
    this.#counts.add({ ...of, arm, sharePpm: this.#rollout.sharePpm });
  }
}
