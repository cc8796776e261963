// Env → Services: the only reader of bindings and variables outside the objects.
import { waitUntil } from "cloudflare:workers";
import { Agents } from "#src/adapters/agents.ts";
import { ArmCounts } from "#src/adapters/arm-counts.ts";
import { ArmsTokens } from "#src/adapters/arms-tokens.ts";
import { Answers } from "#src/adapters/answers.ts";
import { Artifacts } from "#src/adapters/artifacts.ts";
import { DeliveryEvents } from "#src/adapters/delivery-events.ts";
import { BeaconCounts } from "#src/adapters/beacon-counts.ts";
import { BeaconLimits, type RateLimit } from "#src/adapters/beacon-limits.ts";
import { beaconPathsFrom } from "#src/adapters/beacon-paths.ts";
import { cdnOriginFrom } from "#src/adapters/cdn-origin.ts";
import { BeaconTokens } from "#src/adapters/beacon-tokens.ts";
import { Compositions } from "#src/adapters/compositions.ts";
import { encode } from "#src/adapters/compression.ts";
import {
  controlFrom,
  type ControlEnv,
  type ControlSettings,
} from "#src/adapters/control-settings.ts";
import { EvaluationOrigins } from "#src/adapters/evaluation-origins.ts";
import type { NoticeEnv } from "#src/adapters/notices/configure.ts";
import { FirstVisits } from "#src/adapters/first-visits.ts";
import { keySecretsFrom } from "#src/adapters/key-secrets.ts";
import { createKeyWrap } from "#src/adapters/key-wrap.ts";
import { KnownRings } from "#src/adapters/known-rings.ts";
import { Negotiations } from "#src/adapters/negotiations.ts";
import { readPipeline, type Pipeline } from "#src/adapters/pipeline.ts";
import { Plans } from "#src/adapters/plans.ts";
import { Pointers } from "#src/adapters/pointers.ts";
import { Previews } from "#src/adapters/previews.ts";
import { projectsFrom, type Projects } from "#src/adapters/projects.ts";
import type { QuotaEnv } from "#src/adapters/quotas.ts";
import { registryFrom, type RegistryStub } from "#src/adapters/registry.ts";
import { Releases } from "#src/adapters/releases.ts";
import { printLine, reportToLog, type Report } from "#src/adapters/report.ts";
import { everything, rolloutsFrom, type Rollouts } from "#src/adapters/rollouts.ts";
import { Routes } from "#src/adapters/routes.ts";
import { Senders } from "#src/adapters/senders.ts";
import { deadLettersIn, type DeadLetters } from "#src/adapters/sinks/dead-letters.ts";
import { pausesFrom } from "#src/adapters/sinks/pauses.ts";
import {
  absentSinkOf,
  sinksFrom,
  sinksOf,
  type ConfiguredSink,
} from "#src/adapters/sinks/configure.ts";
import { evidenceSink } from "#src/adapters/sinks/evidence.ts";
import type { Sink } from "#src/adapters/sinks/sink.ts";
import { Snapshots } from "#src/adapters/snapshots.ts";
import { namingFaults } from "#src/adapters/store-fault.ts";
import { sweeperFrom, type SweeperRpc } from "#src/adapters/sweeper.ts";
import { TokenGuesses } from "#src/adapters/token-guesses.ts";
import { TrafficCounts } from "#src/adapters/traffic-counts.ts";
import { createWindows, windowsFrom, type Windows } from "#src/adapters/windows.ts";
import type { Digest } from "#src/delivery/representation.ts";
import { countingHome, deliveryHomeOf } from "#rum/window/ring.ts";

/** What wrangler.toml binds. */
export type Env = NoticeEnv &
  ControlEnv &
  QuotaEnv & {
    readonly STORE: KVNamespace;
    readonly ARCHIVE: R2Bucket;
    readonly PROJECT: DurableObjectNamespace;
    readonly REGISTRY: DurableObjectNamespace;
    readonly ROLLOUT: DurableObjectNamespace;
    readonly SWEEPER: DurableObjectNamespace;
    readonly WINDOW: DurableObjectNamespace;
    /** How many beacons of one snippet a data centre takes. */
    readonly BEACONS?: RateLimit;
    readonly BUILD?: WorkerVersionMetadata;
    /** Paths that beacons are sent to, as in `/t/`, the one for new compositions first. */
    readonly BEACON_PATHS?: string;
    /** Where pages load from, as in `https://cdn.example.com`; unset or empty: as each page names it. */
    readonly CDN_ORIGIN?: string;
    /** Beacons of one snippet that an isolate takes in a second. */
    readonly BEACONS_PER_SECOND?: string;
    /** Where wide events go: see docs/operations/sinks.md. Unset or empty: nowhere. */
    readonly SINKS?: string;
  };

/** Everything that a request may use. Made once for an isolate; holds its memory. */
export type Services = {
  /**
   * What the last request was handled with, for V8 alone, which forgets the shape of objects
   * that have all died, and all code compiled for it: docs/decisions/0018-hot-path-garbage.md.
   */
  readonly latest: { visit: unknown; subject: unknown };
  readonly routes: Routes;
  readonly answers: Answers;
  readonly negotiations: Negotiations;
  readonly pointers: Pointers;
  readonly artifacts: Artifacts;
  readonly compositions: Compositions;
  readonly releases: Releases;
  readonly projects: Projects;
  readonly registry: () => RegistryStub;
  readonly tokenGuesses: TokenGuesses;
  /** Which pages may ask OFREP. */
  readonly evaluationOrigins: EvaluationOrigins;
  readonly sweeper: () => SweeperRpc;
  readonly rollouts: Rollouts;
  readonly snapshots: Snapshots;
  readonly plans: Plans;
  readonly agents: Agents;
  readonly previews: Previews;
  readonly tokens: ArmsTokens;
  readonly counts: ArmCounts;
  readonly firstVisits: FirstVisits;
  readonly traffic: TrafficCounts;
  readonly deliveries: DeliveryEvents;
  readonly windows: Windows;
  /** The counters of all shards. Rejects where one does not answer. */
  readonly pipeline: () => Promise<Pipeline>;
  /** What `SINKS` says, unusable entries included. */
  readonly configuredSinks: readonly ConfiguredSink[];
  /** Where wide events go, or would if its settings were right. */
  readonly sinks: readonly Sink[];
  /** What stands for a sink that is not among them where nobody knows whether it is to be. */
  readonly absentSink: (name: string) => Sink | undefined;
  /** Whether an operator has told the sink of this name to wait. */
  readonly isSinkPaused: (name: string) => boolean;
  readonly deadLetters: DeadLetters;
  readonly beacons: BeaconServices;
  readonly report: Report;
  /** Ms since the epoch; stands still while a request waits for nothing. */
  readonly now: () => number;
  /** A text that no other request has. */
  readonly nextRequestId: () => string;
  readonly build: string;
  readonly control: ControlSettings;
};

/** What is needed to take beacons. */
type BeaconServices = {
  readonly limits: BeaconLimits;
  readonly tokens: BeaconTokens;
  readonly senders: Senders;
  readonly counts: BeaconCounts;
};

const colo = (): Promise<Cache> => caches.open("aviary");
const isolates = new WeakMap<Env, Services>();

/** The services of this isolate: the same ones for the same environment. */
export function servicesFor(env: Env): Services {
  const made = isolates.get(env);
  if (made !== undefined) return made;
  const services = createServices(env);
  isolates.set(env, services);
  return services;
}

function createServices(env: Env): Services {
  const report = reportToLog;
  const kv = namingFaults(env.STORE, "KV");
  const r2 = namingFaults(env.ARCHIVE, "R2");
  const sweeper = sweeperFrom(env.SWEEPER);
  const retain = (digests: readonly Digest[]): Promise<void> => sweeper().retain(digests);
  const artifacts = new Artifacts({ kv, r2, colo, retain, report });
  const pointers = new Pointers({ kv, colo, report });
  const registry = registryFrom(env.REGISTRY);
  const rollouts = rolloutsFrom(env.ROLLOUT);
  const window = windowsFrom(env.WINDOW);
  const rings = new KnownRings();
  const now = Date.now;
  const isolate = crypto.randomUUID();
  const snapshots = new Snapshots({
    kv,
    colo,
    registry,
    report,
    keyWrap: createKeyWrap(keySecretsFrom(env).secrets),
    onTaken: (snapshot) => {
      pointers.learn(snapshot.pointers, now());
      rings.learn(snapshot.rings);
    },
  });
  const configuredSinks = sinksFrom(env.SINKS, {
    fetch: (url, init) => fetch(url, init),
    now,
    secret: (name) => secretOf(env, name),
    bucket: r2,
    print: printLine,
    report,
  });
  const beaconPaths = beaconPathsFrom(env.BEACON_PATHS, report);
  const [beaconPath] = beaconPaths;
  const cdnOrigin = cdnOriginFrom(env.CDN_ORIGIN, report);
  const senders = new Senders();
  const control = controlFrom(env, { fetch: (url, init) => fetch(url, init), report });
  let requests = 0;
  return {
    latest: { visit: undefined, subject: undefined },
    routes: new Routes(beaconPaths, control),
    answers: new Answers(),
    negotiations: new Negotiations(),
    pointers,
    snapshots,
    plans: new Plans(),
    agents: new Agents(),
    previews: new Previews(),
    tokens: new ArmsTokens(),
    counts: new ArmCounts({ rollout: rollouts, isolate, report }),
    firstVisits: new FirstVisits(senders),
    traffic: new TrafficCounts({ sums: () => rollouts(everything), report }),
    deliveries: new DeliveryEvents({
      shard: (continent) => window(deliveryHomeOf(rings.current()[0], isolate, continent)),
      isolate,
      random: () => Math.random(),
      report,
    }),
    rollouts,
    windows: createWindows({ window, rings, report }),
    pipeline: () => readPipeline(rings.current()[0], window),
    nextRequestId: () => {
      requests += 1;
      return `${isolate}/${requests}`;
    },
    artifacts,
    compositions: new Compositions({ kv, artifacts, beaconPath, cdnOrigin, encode, report }),
    releases: new Releases(kv),
    projects: projectsFrom(env.PROJECT),
    registry,
    tokenGuesses: new TokenGuesses(),
    evaluationOrigins: new EvaluationOrigins({ read: () => registry().evaluationOrigins() }),
    sweeper,
    configuredSinks,
    sinks: [evidenceSink({ registry, rollout: rollouts, now }), ...sinksOf(configuredSinks)],
    absentSink: (name) => absentSinkOf(configuredSinks, name),
    isSinkPaused: pausesFrom(snapshots, { now, background: { waitUntil } }),
    deadLetters: deadLettersIn(r2),
    beacons: {
      limits: new BeaconLimits({ colo: env.BEACONS, perSecond: perSecondFrom(env), report }),
      tokens: new BeaconTokens(),
      senders,
      counts: new BeaconCounts({ shard: () => window(countingHome), isolate, report }),
    },
    report,
    now,
    build: env.BUILD?.id ?? "development",
    control,
  };
}

function secretOf(env: Env, name: string): string | undefined {
  const { [name]: value } = env as unknown as Readonly<Record<string, unknown>>;
  return typeof value === "string" && value !== "" ? value : undefined;
}

const usualPerSecond = 1_000;

function perSecondFrom({ BEACONS_PER_SECOND: text = "" }: Env): number {
  return /^[1-9]\d{0,6}$/.test(text) ? Number(text) : usualPerSecond;
}
