// Flags on trial and page views of them, for tests of the judge inside workerd.
import { runDurableObjectAlarm } from "cloudflare:test";
import type { Rollout as Document } from "#flags/rollout.ts";
import { rolloutsFrom, type RolloutRpc } from "#src/adapters/rollouts.ts";
import { registryFrom } from "#src/adapters/registry.ts";
import type { EvidenceEvent } from "#src/canary/evidence.ts";
import { createFlag, ramp } from "../control-flags.ts";
import { env } from "../isolate.ts";
import { seeded } from "../stats/seeded.ts";

export const registry = registryFrom(env.REGISTRY);

const stage = { minTimeMs: 0, minViews: 200, mode: "judged" } as const;

/** Two short stages, judged by times of evaluation and errors alone. */
export const shortPlan = {
  unit: "visitor",
  patch: { delayMs: 1 },
  stages: [
    { ...stage, sharePpm: 100_000 },
    { ...stage, sharePpm: 500_000 },
  ],
  guardrails: {
    bakeMs: 0,
    guardrails: [
      {
        name: "evaluation_p75",
        measure: { kind: "quantile", column: "snippet.eval_ms", p: 0.75 },
      },
      {
        name: "errors",
        measure: { kind: "rate", of: { column: "snippet.error_count", above: 0 } },
        negligible: 0.2,
      },
    ],
  },
};

export type OnTrial = {
  readonly key: string;
  /** The flag as the Registry has it. */
  readonly document: () => Promise<Document>;
  readonly object: DurableObjectStub;
  /** A fresh stub: a broken one would stay broken. */
  readonly rpc: () => RolloutRpc;
  /** Epoch of the newest change. */
  readonly epoch: () => Promise<number>;
  /** A look at the flag, as its alarm takes it; false where none is armed. */
  readonly look: () => Promise<boolean>;
};

/** A flag in its first stage. */
export async function onTrial(key: string, plan: object = {}): Promise<OnTrial> {
  await createFlag(key, { ...shortPlan, ...plan });
  await ramp(key, shortPlan.stages[0]?.sharePpm ?? 0);
  const document = async (): Promise<Document> => {
    const found = (await registry().rollouts()).rollouts.find(({ flag }) => flag === key);
    if (found === undefined) throw new Error(`there is no flag ${key}`);
    return found;
  };
  const { code } = await document();
  const name = `${key}:${code}`;
  const object = env.ROLLOUT.get(env.ROLLOUT.idFromName(name));
  return {
    key,
    document,
    object,
    rpc: () => rolloutsFrom(env.ROLLOUT)(name),
    epoch: async () => (await registry().rollouts()).epoch,
    look: () => runDurableObjectAlarm(object),
  };
}

export type Pages = {
  readonly flag: string;
  readonly epoch: number;
  readonly units: number;
  readonly firstSeq?: number;
  readonly atMs?: number;
  /** How many times as long the canary's pages take. */
  readonly slower?: number;
  readonly only?: "canary" | "control";
};

/** As many page views of either arm, in turns, each another visitor's. */
export function pages(what: Pages): readonly EvidenceEvent[] {
  const { flag, epoch, units, firstSeq = 1, atMs = Date.now(), slower = 1, only } = what;
  const random = seeded(units + firstSeq);
  const arms = only === undefined ? (["canary", "control"] as const) : [only];
  return Array.from({ length: units * arms.length }, (_, at): EvidenceEvent => {
    const arm = arms[at % arms.length] ?? "control";
    const evalMs = 20 + 30 * random();
    const columns = {
      "snippet.eval_ms": arm === "canary" ? evalMs * slower : evalMs,
      "snippet.error_count": random() < 0.02 ? 1 : 0,
    };
    const bucket = Math.floor(64 * random());
    const seq = firstSeq + at;
    return { seq, kind: "page_view", atMs, epoch, bucket, arms: { [flag]: arm }, columns };
  });
}

/** Of each arm the requests in each of 64 buckets. */
type Buckets = { readonly canary: readonly number[]; readonly control: readonly number[] };

/** What the edge would have counted of as many requests in either arm. */
export async function count(
  { rpc, document }: OnTrial,
  requests: { readonly canary: number; readonly control: number },
  { seq = 1, buckets }: { readonly seq?: number; readonly buckets?: Buckets } = {},
): Promise<void> {
  const { attempt, sharePpm, stage: at = 0 } = await document();
  const shared = { kind: "snippet", attempt, stage: at, sharePpm } as const;
  await rpc().count({
    isolate: "one",
    seq,
    counts: [
      {
        ...shared,
        arm: "canary",
        requests: requests.canary,
        visits: requests.canary,
        ...(buckets && { buckets: buckets.canary }),
      },
      {
        ...shared,
        arm: "control",
        requests: requests.control,
        visits: requests.control,
        ...(buckets && { buckets: buckets.control }),
      },
    ],
  });
}
