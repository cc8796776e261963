// A ramp under simulated visitors, through the real evidence and the real judge: visitors
// who come back, timings with long tails and coarse clocks, traffic that is slower at
// noon than at night in both arms, blocked beacons, cached snippets, batches sent twice.
import { defaultPolicy, parsePolicy, type Policy } from "#src/canary/guardrails.ts";
import {
  emptyEvidence,
  foldBatch,
  type Evidence,
  type EvidenceEvent,
} from "#src/canary/evidence.ts";
import { judge, type Verdict } from "#src/canary/judge.ts";
import type { Arm } from "#flags/arms.ts";
import { stratumOf, trialOf, type Stratum } from "#src/canary/trial.ts";
import { verdictInput, type VerdictInput } from "#src/canary/verdict-input.ts";
import type { Rollout } from "#flags/rollout.ts";
import { transition } from "#flags/transition.ts";
import { draft } from "../flags/rollouts.ts";
import { seeded } from "../stats/seeded.ts";

/** What the canary does worse: factors, 1 for no harm. */
export type Harm = {
  readonly download: number;
  readonly evaluation: number;
  readonly errors: number;
  readonly incomplete: number;
  readonly bytes: number;
  /** Share of the canary's pages whose beacons never come. */
  readonly lost: number;
};

export const noHarm: Harm = {
  download: 1,
  evaluation: 1,
  errors: 1,
  incomplete: 1,
  bytes: 1,
  lost: 0,
};

export type Ramp = {
  readonly seed: number;
  readonly harm: Harm;
  readonly policy: Policy;
  /** Page views of the canary in each stage. */
  readonly views: readonly number[];
  readonly looksPerStage: number;
  /** Share of views by visitors who were here before. */
  readonly returning: number;
};

/** One look at a ramp. */
export type Look = {
  readonly input: VerdictInput;
  readonly verdict: Verdict;
  /** Page views of the canary so far. */
  readonly canaryViews: number;
  /** The way from the evidence to the verdict once more, to see what it costs. */
  readonly again: () => Verdict;
};

const sharesPpm = [10_000, 50_000, 250_000, 500_000];
const lookMs = 60_000;
const startMs = 1_700_000_000_000;
const flag = "ramp";

/** The eight guardrails of the published expectations, which tolerate nothing. */
export const eightGuardrails: Policy = {
  ...defaultPolicy("snippet"),
  guardrails: defaultPolicy("snippet")
    .guardrails.filter(({ name }) =>
      /^(arrivals|errors|incomplete|download|evaluation|bytes)/.test(name),
    )
    .map((each) => Object.assign({}, each, { margin: 0 })),
};

/** The default policy, and a business event with a long tail. */
export function fullPolicy(): Policy {
  const revenue = {
    name: "revenue",
    measure: { kind: "mean", column: "x.event.purchase.value", cap: 2_000, absent: "zero" },
    worse: "lower",
    role: "guard",
  };
  const { guardrails } = defaultPolicy("snippet");
  const parsed = parsePolicy({ guardrails: [...guardrails, revenue] });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
}

type Visitor = {
  readonly bucket: number;
  /** How slow the machine and the line are. */
  readonly slowness: number;
  /** Grain of the clock in ms. */
  readonly grain: number;
  readonly isBlocked: boolean;
  readonly account: number;
};

/** One unit on its way: everything that a page view draws by chance. */
class Traffic {
  readonly #random: () => number;
  readonly #phase: number;
  readonly #regulars: { readonly [A in Arm]: Visitor[] } = {
    canary: [],
    control: [],
    rest: [],
  };
  #spare = Number.NaN;

  readonly #returning: number;

  constructor({ seed, returning }: Ramp) {
    this.#returning = returning;
    this.#random = seeded(seed);
    this.#phase = this.#random();
  }

  arm(canaryPpm: number, controlPpm: number): Arm {
    const place = 1_000_000 * this.#random();
    if (place < canaryPpm) return "canary";
    return place < canaryPpm + controlPpm ? "control" : "rest";
  }

  random(): number {
    return this.#random();
  }

  /** Some views are of visitors who were here before. */
  visitor(arm: Arm): Visitor {
    const known = this.#regulars[arm];
    const back = known[Math.floor(this.#random() * known.length)];
    if (back !== undefined && this.#random() < this.#returning) return back;
    const visitor = {
      bucket: Math.floor(this.#random() * 64),
      slowness: Math.exp(0.35 * this.normal()),
      grain: this.#random() < 0.3 ? 1 : 0.1,
      isBlocked: this.#random() < 0.03,
      account: Math.floor(this.#random() * 12),
    };
    if (known.length < 300) known.push(visitor);
    else known[Math.floor(this.#random() * known.length)] = visitor;
    return visitor;
  }

  /** Between 0.7 and 1.3, three times up and down in a ramp. */
  drift(progress: number): number {
    return 1 + 0.3 * Math.sin(2 * Math.PI * (3 * progress + this.#phase));
  }

  /** A duration with a long tail, on the visitor's clock. */
  duration(median: number, sigma: number, { slowness, grain }: Visitor): number {
    const stall = this.#random() < 0.01 ? 8 : 1;
    const ms = median * slowness * stall * Math.exp(sigma * this.normal());
    return Math.round(ms / grain) * grain;
  }

  normal(): number {
    if (!Number.isNaN(this.#spare)) {
      const spare = this.#spare;
      this.#spare = Number.NaN;
      return spare;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.#random()));
    const angle = 2 * Math.PI * this.#random();
    this.#spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** What everyone is compared by: the only columns that anybody reads of who is in neither arm. */
  common({ account }: Visitor, harm: Harm, drift: number): Record<string, unknown> {
    const bytes = (8_000 + 4_000 * account) * Math.exp(0.2 * this.normal());
    return {
      "stitch.state": this.#random() < 0.03 * drift * harm.incomplete ? "early_only" : "both",
      "snippet.error_count": this.#random() < 0.01 * drift * harm.errors ? 1 : 0,
      "snippet.encoded_size": Math.round(bytes * harm.bytes),
    };
  }

  columns(visitor: Visitor, harm: Harm, drift: number): Record<string, unknown> {
    const isCached = this.#random() < 0.2;
    const interacts = this.#random() < 0.6;
    const shifts = this.#random() < 0.3;
    const flickers = this.#random() < 0.05;
    const buys = this.#random() < 0.03;
    return {
      ...this.common(visitor, harm, drift),
      "snippet.transfer_size": isCached ? 0 : 20_000,
      "snippet.download_ms": this.duration(60 * drift * harm.download, 0.45, visitor),
      "snippet.ttfb_ms": this.duration(90 * drift, 0.4, visitor),
      "snippet.eval_ms": this.duration(20 * drift * harm.evaluation, 0.35, visitor),
      "lcp.value": 8 * Math.round(this.duration(1_500 * drift, 0.4, visitor) / 8),
      "inp.value": interacts ? 8 * Math.round(this.duration(90, 0.7, visitor) / 8) : null,
      "cls.value": shifts ? -0.1 * drift * Math.log(1 - this.#random()) : 0,
      "snippet.flicker_ms": flickers ? this.duration(40, 1, visitor) : 0,
      "x.event.purchase.value": buys ? Math.exp(3.5 + 1.2 * this.normal()) : null,
    };
  }
}

function advanced(rollout: Rollout, nowMs: number): Rollout {
  const moved = transition(rollout, { kind: "advance" }, nowMs);
  if (!moved.ok) throw new Error(moved.error.reason);
  return moved.value;
}

function folded(evidence: Evidence, ...rest: [Parameters<typeof foldBatch>[1], EvidenceEvent[]]) {
  const [trial, events] = rest;
  const batch = { shard: "one", events };
  const once = foldBatch(evidence, trial, batch);
  if (!once.ok) throw new Error(once.error.reason);
  return once.value;
}

/** Every look at a ramp from its first stage to its last, whatever the verdicts say. */
export function* simulateRamp(ramp: Ramp): Generator<Look> {
  const { policy, views, looksPerStage } = ramp;
  const traffic = new Traffic(ramp);
  const stages = sharesPpm.slice(0, views.length).map((sharePpm) => ({
    sharePpm,
    minTimeMs: 600_000,
    minViews: 200,
    mode: "judged" as const,
  }));
  const looks = views.length * looksPerStage;
  const strata: Stratum[] = [];
  const assignments: { canary: number; control: number }[] = [];
  const requests = { canary: Array<number>(64).fill(0), control: Array<number>(64).fill(0) };
  let rollout = draft(flag, { stages, unit: "visitor" });
  let evidence = emptyEvidence({ flag, attempt: 1 });
  let [seq, look, canaryViews, nowMs] = [0, 0, 0, startMs];
  for (const wanted of views) {
    rollout = advanced(rollout, nowMs);
    strata.push(stratumOf(rollout, rollout.revision));
    const trial = trialOf({ rollout, strata, policy });
    const { canaryPpm, controlPpm } = strata.at(-1) as Stratum;
    const assigned = { canary: 0, control: 0 };
    assignments.push(assigned);
    for (let part = 0; part < looksPerStage; part += 1) {
      const drift = traffic.drift(look / looks);
      const events: EvidenceEvent[] = [];
      const until = canaryViews + wanted / looksPerStage;
      while (canaryViews < until) {
        const arm = traffic.arm(canaryPpm, controlPpm);
        const harm = arm === "canary" ? ramp.harm : noHarm;
        const visitor = traffic.visitor(arm);
        const columns =
          arm === "rest"
            ? traffic.common(visitor, harm, drift)
            : traffic.columns(visitor, harm, drift);
        if (arm !== "rest" && columns["snippet.transfer_size"] !== 0) {
          assigned[arm] += 1;
          const counts = requests[arm];
          counts[visitor.bucket] = (counts[visitor.bucket] ?? 0) + 1;
        }
        if (arm === "canary") canaryViews += 1;
        if (visitor.isBlocked || traffic.random() < harm.lost) continue;
        // A page that has been open since the stage before still carries its token.
        const epoch = (strata.length > 1 && traffic.random() < 0.02 ? strata.at(-2) : strata.at(-1))
          ?.fromEpoch as number;
        const atMs = nowMs + traffic.random() * lookMs;
        // Who is in no arm has a token that names nobody.
        const bucket = arm === "rest" ? -1 : visitor.bucket;
        const arms: Record<string, Arm> = arm === "rest" ? {} : { [flag]: arm };
        seq += 1;
        events.push({
          seq,
          kind: "page_view",
          atMs,
          epoch,
          bucket,
          arms,
          columns,
        });
      }
      evidence = folded(evidence, trial, events);
      // Delivery is at least once.
      if (look % 10 === 0) evidence = folded(evidence, trial, events);
      nowMs += lookMs;
      look += 1;
      const edge = { whole: requests, slots: new Map() };
      const known = { evidence, rollout, strata, assignments, edge, policy, nowMs };
      const input = verdictInput(known);
      yield {
        input,
        verdict: judge(input),
        canaryViews,
        again: () => judge(verdictInput(known)),
      };
    }
  }
}
