// Events, evidence and inputs to test with.
import { noEdgeBuckets } from "#src/canary/assignments.ts";
import {
  emptyEvidence,
  foldBatch,
  type Evidence,
  type EvidenceEvent,
} from "#src/canary/evidence.ts";
import { parsePolicy, type Policy } from "#src/canary/guardrails.ts";
import { trialOf, type Stratum, type Trial } from "#src/canary/trial.ts";
import { verdictInput } from "#src/canary/verdict-input.ts";
import type { Rollout } from "#flags/rollout.ts";
import type { Verdict } from "#src/canary/judge.ts";
import { live } from "../flags/rollouts.ts";
import { seeded } from "../stats/seeded.ts";

export const startMs = 1_700_000_000_000;
export const minuteMs = 60_000;

export function policyOf(document: object): Policy {
  const parsed = parsePolicy(document);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
}

/** One guardrail of each kind. */
export const fourKinds = policyOf({
  guardrails: [
    {
      name: "errors",
      measure: { kind: "rate", of: { column: "errors", above: 0 } },
      negligible: 0.05,
    },
    { name: "time_p75", measure: { kind: "quantile", column: "ms", p: 0.75 } },
    { name: "bytes", measure: { kind: "mean", column: "bytes" } },
    { name: "hits", measure: { kind: "share", of: { column: "hit", is: true } }, worse: "lower" },
  ],
});

/** In the first stage of two, at a tenth of a million, since `startMs`. */
export const rollout: Rollout = {
  ...live("trial", 100_000, {
    unit: "visitor",
    stages: [
      { sharePpm: 100_000, minTimeMs: 10 * minuteMs, minViews: 200, mode: "judged" },
      { sharePpm: 500_000, minTimeMs: 10 * minuteMs, minViews: 200, mode: "judged" },
    ],
  }),
  shareSetAtMs: startMs,
};

export const strata: readonly Stratum[] = [
  { fromEpoch: 10, canaryPpm: 100_000, controlPpm: 100_000 },
];

export function trialFor(policy: Policy, over: Partial<Parameters<typeof trialOf>[0]> = {}): Trial {
  return trialOf({ rollout, strata, policy, ...over });
}

type View = Omit<EvidenceEvent, "seq" | "kind" | "arms">;

/** A page view in an arm. */
export function view(seq: number, arm: "canary" | "control" | "rest", rest: Partial<View> = {}) {
  const base = { kind: "page_view", atMs: startMs, epoch: 10, bucket: seq % 64, columns: {} };
  const arms = arm === "rest" ? {} : { trial: arm };
  return { ...base, ...rest, seq, arms } as EvidenceEvent;
}

export function fold(evidence: Evidence, trial: Trial, ...shards: readonly EvidenceEvent[][]) {
  return shards.reduce((sum, events, at) => {
    const folded = foldBatch(sum, trial, { shard: `shard-${at}`, events });
    if (!folded.ok) throw new Error(folded.error.reason);
    return folded.value;
  }, evidence);
}

export const nothing = emptyEvidence({ flag: "trial", attempt: 1 });

/** What a unit's columns are, by its number within its arm. */
export type Columns = (at: number) => Readonly<Record<string, unknown>>;

export type Scene = {
  readonly policy?: Policy;
  readonly units?: number;
  /** Of how many buckets the visitors are; all 64 unless said. */
  readonly buckets?: number;
  readonly control: Columns;
  readonly canary: Columns;
};

/** As many units of each arm, in turns, over ten minutes. */
export function scene(what: Scene): Evidence {
  const { policy = fourKinds, units = 1_000, buckets = 64, control, canary } = what;
  const events = Array.from({ length: units }, (_, at) => {
    const rest = { bucket: at % buckets, atMs: startMs + (600_000 * at) / units };
    return [
      view(2 * at + 1, "control", { ...rest, columns: control(at) }),
      view(2 * at + 2, "canary", { ...rest, columns: canary(at) }),
    ];
  }).flat();
  return fold(nothing, trialFor(policy), events);
}

export function inputOf(
  evidence: Evidence,
  over: Partial<Parameters<typeof verdictInput>[0]> = {},
) {
  const nowMs = startMs + 11 * minuteMs;
  return verdictInput({
    evidence,
    rollout,
    strata,
    assignments: [],
    edge: noEdgeBuckets,
    policy: fourKinds,
    nowMs,
    ...over,
  });
}

const random = seeded(11);
const draws = Array.from({ length: 6_000 }, () => random());

/** A page like any other: one error in fifty, times from 50 to 150 ms. */
export const usual: Columns = (at) => {
  const draw = draws[at % draws.length] ?? 0;
  const errors = draw < 0.02 ? 1 : 0;
  return { errors, ms: 50 + 100 * draw, bytes: 900 + 200 * draw, hit: draw < 0.6 };
};

/** Nothing but errors. */
export const allBroken: Columns = () => ({ errors: 1 });

/** The guardrails that a verdict names as harmed. */
export function harmed({ reasons }: Verdict): readonly string[] {
  return reasons.flatMap((each) => (each.reason === "harmed" ? [each.guardrail] : []));
}

export function numbersOf({ guardrails }: Verdict, name: string) {
  return guardrails.find((each) => each.name === name);
}
