// What thirty flags cost a request: ours and four others in one process, from
// definitions in memory, each flag with an audience rule and a 5 % split.
// `--json` prints one object and nothing else.
import { GrowthBookClient } from "@growthbook/growthbook";
import { FlagdCore } from "@openfeature/flagd-core";
import {
  createInstance,
  createStaticProjectConfigManager,
  OptimizelyDecideOption,
} from "@optimizely/optimizely-sdk";
import { InMemStorageProvider, Unleash } from "unleash-client";
import { compileFlags } from "#flags/compile.ts";
import { parseFlagSet } from "#flags/definition.ts";
import { evaluate } from "#flags/evaluate.ts";
import { compilePlan, evaluateAll } from "#flags/plan.ts";
import { draftRollout } from "#flags/rollout.ts";
import { transition } from "#flags/transition.ts";

const rounds = 9;
const roundMs = 120;
const keys = Array.from({ length: 30 }, (_, at) => `flag-${at}`);
const users = Array.from({ length: 1_024 }, (_, at) => ({
  id: `user-${(at * 7_919).toString(36)}`,
  country: at % 2 === 0 ? "DE" : "US",
}));

/** Evaluates all thirty for one user and returns how many are on. */
type Candidate = { readonly name: string; readonly run: (user: number) => number };

function count(isOn: (key: string) => boolean): number {
  let on = 0;
  for (const key of keys) if (isOn(key)) on += 1;
  return on;
}

function flagdDocument(): object {
  const flags = keys.map((key) => {
    const split = {
      fractional: [{ cat: [`seed-${key}/`, { var: "account" }] }, ["on", 5], ["off", 95]],
    };
    const targeting = { if: [{ "==": [{ var: "country" }, "DE"] }, split, "off"] };
    const variants = { on: true, off: false };
    return [key, { state: "ENABLED", variants, defaultVariant: "off", targeting }];
  });
  return { flags: Object.fromEntries(flags) as object };
}

/** By key, from flagd definitions: what the others do. */
function aviary(): Candidate {
  const parsed = parseFlagSet(flagdDocument());
  if (!parsed.ok) throw new Error("the benchmark's own definitions are wrong");
  const flags = compileFlags(parsed.value);
  const subjects = users.map(({ id, country }) => ({
    context: { account: id, country },
    nowMs: 1_700_000_000_000,
  }));
  const run = (user: number): number => {
    const subject = subjects[user] as (typeof subjects)[number];
    return count((key) => evaluate(flags, key, subject).value === true);
  };
  return { name: "aviary", run };
}

/** All at once, as a request does it: arms, and the parameters that follow. */
function aviaryPlan(): Candidate {
  const rollouts = keys.map((key, at) => {
    const drafted = draftRollout(
      {
        flag: key,
        code: `f${at}`,
        unit: "account",
        seed: `seed-${key}`,
        holdoutPpm: 10_000,
        audience: { "==": [{ var: "country" }, "DE"] },
        prerequisites: [],
        freezes: [],
        stages: [{ sharePpm: 1, minTimeMs: 0, minViews: 0, mode: "manual" }],
        patch: {},
      },
      0,
    );
    const live = drafted.ok && transition(drafted.value, { kind: "ramp", sharePpm: 50_000 }, 1);
    if (!live || !live.ok) throw new Error("the benchmark's own rollouts are wrong");
    return live.value;
  });
  const plan = compilePlan(rollouts);
  const subjects = users.map(({ id, country }) => ({
    context: { account: id, country },
    nowMs: 0,
  }));
  const run = (user: number): number =>
    evaluateAll(plan, subjects[user] as (typeof subjects)[number]).changes.length;
  return { name: "aviary (plan)", run };
}

function flagd(): Candidate {
  const logger = { error() {}, warn() {}, info() {}, debug() {} };
  const core = new FlagdCore(undefined, logger);
  core.setConfigurations(JSON.stringify(flagdDocument()));
  const contexts = users.map(({ id, country }) => ({ targetingKey: id, account: id, country }));
  const run = (user: number): number =>
    count((key) => core.resolveBooleanEvaluation(key, false, contexts[user], logger).value);
  return { name: "flagd", run };
}

async function unleash(): Promise<Candidate> {
  const data = keys.map((name) => ({
    name,
    type: "release",
    enabled: true,
    project: "default",
    stale: false,
    impressionData: false,
    variants: [],
    strategies: [
      {
        name: "flexibleRollout",
        parameters: { rollout: "5", stickiness: "userId", groupId: name },
        constraints: [
          {
            contextName: "country",
            operator: "IN",
            values: ["DE"],
            inverted: false,
            caseInsensitive: false,
          },
        ],
      },
    ],
  }));
  const client = new Unleash({
    appName: "bench",
    url: "http://127.0.0.1:9/",
    refreshInterval: 0,
    disableMetrics: true,
    skipInstanceCountWarning: true,
    storageProvider: new InMemStorageProvider(),
    bootstrap: { data: data as never },
  });
  client.on("error", () => {});
  client.on("warn", () => {});
  await new Promise<void>((resolve) => {
    client.once("ready", () => resolve());
  });
  const contexts = users.map(({ id, country }) => ({ userId: id, properties: { country } }));
  const run = (user: number): number => count((key) => client.isEnabled(key, contexts[user]));
  return { name: "unleash", run };
}

function growthbook(): Candidate {
  const features = keys.map((key) => {
    const rule = { condition: { country: "DE" }, coverage: 0.05, force: true, hashAttribute: "id" };
    return [key, { defaultValue: false, rules: [{ ...rule, seed: key }] }];
  });
  const client = new GrowthBookClient().initSync({
    payload: { features: Object.fromEntries(features) as never },
  });
  const contexts = users.map((attributes) => ({ attributes }));
  const run = (user: number): number =>
    count((key) => client.isOn(key, contexts[user] as (typeof contexts)[number]));
  return { name: "growthbook", run };
}

function optimizelyDatafile(): object {
  const condition = { type: "custom_attribute", match: "exact", name: "country", value: "DE" };
  const rollouts = keys.map((key, at) => ({
    id: `rollout-${at}`,
    experiments: [
      {
        id: `3${at}`,
        key: `rule-${key}`,
        status: "Running",
        layerId: `rollout-${at}`,
        audienceIds: ["900"],
        forcedVariations: {},
        variations: [{ id: `5${at}`, key: "on", featureEnabled: true, variables: [] }],
        trafficAllocation: [{ entityId: `5${at}`, endOfRange: 500 }],
      },
    ],
  }));
  return {
    version: "4",
    accountId: "1",
    projectId: "2",
    revision: "1",
    sdkKey: "bench",
    environmentKey: "production",
    anonymizeIP: true,
    botFiltering: false,
    sendFlagDecisions: false,
    experiments: [],
    groups: [],
    events: [],
    variables: [],
    integrations: [],
    holdouts: [],
    attributes: [{ id: "800", key: "country" }],
    audiences: [{ id: "900", name: "Germany", conditions: JSON.stringify(["or", condition]) }],
    typedAudiences: [],
    rollouts,
    featureFlags: keys.map((key, at) => ({
      id: `7${at}`,
      key,
      rolloutId: `rollout-${at}`,
      experimentIds: [],
      variables: [],
    })),
  };
}

async function optimizely(): Promise<Candidate> {
  const datafile = JSON.stringify(optimizelyDatafile());
  const client = createInstance({
    projectConfigManager: createStaticProjectConfigManager({ datafile }),
  });
  await client.onReady();
  const options = [OptimizelyDecideOption.DISABLE_DECISION_EVENT];
  const contexts = users.map(({ id, country }) => client.createUserContext(id, { country }));
  const run = (user: number): number =>
    Object.values(contexts[user]?.decideForKeys(keys, options) ?? {}).filter((each) => each.enabled)
      .length;
  return { name: "optimizely", run };
}

/** All must do the work: about 5 % of the thirty for the half that is in the audience. */
function check({ name, run }: Candidate): void {
  let on = 0;
  for (const [at] of users.entries()) on += run(at);
  const share = on / (keys.length * users.length);
  if (share < 0.015 || share > 0.035) throw new Error(`${name} turns on ${share} and not 0.025`);
}

/** µs for all thirty flags of one user, in one turn. */
function measure({ run }: Candidate): number {
  let evaluations = 0;
  const start = performance.now();
  let elapsed = 0;
  while (elapsed < roundMs) {
    for (let at = 0; at < users.length; at += 1) run(at);
    evaluations += users.length;
    elapsed = performance.now() - start;
  }
  return (elapsed * 1_000) / evaluations;
}

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? 0;
}

const candidates = [
  aviary(),
  aviaryPlan(),
  await unleash(),
  flagd(),
  growthbook(),
  await optimizely(),
];
const samples = new Map<string, number[]>(candidates.map(({ name }) => [name, []]));
for (const candidate of candidates) check(candidate);
for (const candidate of candidates) measure(candidate);
for (let round = 0; round < rounds; round += 1) {
  for (const candidate of candidates) samples.get(candidate.name)?.push(measure(candidate));
}

const medians = [...samples].map(([name, values]) => [name, median(values)] as const);
if (process.argv.includes("--json")) {
  const usPer30 = medians
    .filter(([name]) => !name.includes(" "))
    .map(([name, us]) => [name, Number(us.toFixed(3))]);
  console.log(JSON.stringify({ usPer30: Object.fromEntries(usPer30) as object }));
} else {
  console.log(`µs for ${keys.length} flags, median of ${rounds} rounds`);
  for (const [name, us] of medians) {
    const spread = samples.get(name) ?? [];
    const range = `${Math.min(...spread).toFixed(2)}–${Math.max(...spread).toFixed(2)}`;
    console.log(`${name.padEnd(16)}${us.toFixed(2).padStart(8)}   ${range}`);
  }
}
process.exit(0);
