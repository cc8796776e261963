// Beacons against a Worker that is killed and started again, and what came out of it.
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ShardView } from "#src/adapters/window-rpc.ts";
import { startAviary, type Started } from "../harness.ts";
import { shotsOf, viewOf, type Shot } from "./beacons.ts";
import { startReceiver, type Delivered } from "./receiver.ts";

export type ChaosOptions = {
  readonly beacons: number;
  readonly kills: number;
  /** Requests under way at once. */
  readonly concurrency: number;
  readonly seed: number;
  readonly onProgress?: (sent: number, of: number, kills: number) => void;
};

type SinkResult = {
  readonly name: string;
  readonly events: number;
  /** Events that came twice, and the most copies of one. */
  readonly repeated: number;
  readonly mostCopies: number;
  /** Copies of one event that were not alike. */
  readonly differing: number;
  /** Beacons that were answered 204 and are in no event. */
  readonly lost: number;
  /** Beacons that are in more than one event. */
  readonly doubled: number;
  /** From the late beacon's time to the sink, of events with both beacons, in ms. */
  readonly lateP99Ms: number;
  /** From the only beacon's time to the sink, of events with an early one alone: the longest, in ms. */
  readonly earlyOnlyMostMs: number;
};

export type ChaosResult = {
  readonly sent: number;
  readonly answered: number;
  readonly unanswered: number;
  readonly kills: number;
  readonly seconds: number;
  readonly sinks: readonly SinkResult[];
  readonly shards: readonly ShardView[];
};

/** How long nothing may move while the last events go out. */
const giveUpAfterMs = 90_000;

export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const folder = await mkdtemp(join(tmpdir(), "aviary-chaos-"));
  const key = randomBytes(32);
  const receiver = await startReceiver(key);
  const port = await freePort();
  const bindings = {
    RECEIVER: receiver.url,
    RECEIVER_SECRET: `whsec_${key.toString("base64")}`,
  };
  const start = (): Promise<Started> =>
    startAviary({ persist: folder, port, entry: "test/chaos/chaos-worker.ts", bindings });
  let worker = await start();
  const startedAtMs = Date.now();
  try {
    const shots = shotsOf(options.beacons, options.seed);
    const killAt = moments(options, shots.length);
    let kills = 0;
    let restarting: Promise<void> | undefined;
    const restart = async (): Promise<void> => {
      process.kill(worker.pid, "SIGKILL");
      kills += 1;
      await worker.stop();
      worker = await start();
    };
    const answered = await shoot(shots, {
      url: worker.url,
      concurrency: options.concurrency,
      beforeShot: async (at) => {
        options.onProgress?.(at, shots.length, kills);
        if (at === killAt[kills] && restarting === undefined) {
          restarting = restart().finally(() => {
            restarting = undefined;
          });
        }
        if (restarting !== undefined && isPatient(at)) await restarting;
      },
    });
    await restarting;
    const shards = await drained(worker.url);
    return {
      sent: shots.length,
      answered: answered.length,
      unanswered: shots.length - answered.length,
      kills,
      seconds: (Date.now() - startedAtMs) / 1_000,
      sinks: [...receiver.sinks].map(([name, events]) => resultOf(name, events, answered)),
      shards,
    };
  } finally {
    await worker.stop();
    await receiver.stop();
    await rm(folder, { recursive: true });
  }
}

// While the Worker is away most senders wait, as visitors who come later would; some do not.
function isPatient(at: number): boolean {
  return at % 50 !== 0;
}

/** Numbers of beacons at which the Worker is killed, spread over the run. */
function moments({ kills }: ChaosOptions, shots: number): readonly number[] {
  return Array.from({ length: kills }, (_, at) => Math.floor(((at + 0.6) * shots) / kills));
}

type Shooting = {
  readonly url: string;
  readonly concurrency: number;
  readonly beforeShot: (at: number) => Promise<void>;
};

/** Sends all, and returns those that were answered 204. */
async function shoot(shots: readonly Shot[], shooting: Shooting): Promise<readonly Shot[]> {
  const answered: Shot[] = [];
  let next = 0;
  const shooter = async (): Promise<void> => {
    while (next < shots.length) {
      const at = next;
      next += 1;
      const shot = shots[at];
      if (shot === undefined) return;
      await shooting.beforeShot(at);
      try {
        const response = await fetch(`${shooting.url}/take`, { method: "POST", body: shot.body });
        await response.arrayBuffer();
        if (response.status === 204) answered.push(shot);
        else if (response.status < 500) throw new Error(`answered ${response.status}`);
      } catch (error) {
        // The process was killed while it had this beacon: nobody promised anything.
        if (!(error instanceof TypeError)) throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: shooting.concurrency }, shooter));
  return answered;
}

/** Waits until nothing is open and nothing waits for a sink. */
async function drained(url: string): Promise<readonly ShardView[]> {
  let untilMs = Date.now() + giveUpAfterMs;
  let before = "";
  for (;;) {
    const response = await fetch(`${url}/shards`);
    const shards: readonly ShardView[] = JSON.parse(await response.text());
    const isDone = shards.every(
      ({ openViews, sinks }) => openViews === 0 && sinks.every(({ waiting }) => waiting === 0),
    );
    if (isDone || Date.now() > untilMs) return shards;
    const left = shards.map(({ openViews, sinks }) => [
      openViews,
      sinks.map((each) => each.waiting),
    ]);
    if (JSON.stringify(left) !== before) untilMs = Date.now() + giveUpAfterMs;
    before = JSON.stringify(left);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

function resultOf(
  name: string,
  events: ReadonlyMap<string, Delivered>,
  answered: readonly Shot[],
): SinkResult {
  const found = new Map<string, number>();
  const latencies: number[] = [];
  let earlyOnlyMostMs = 0;
  for (const { event, atMs } of events.values()) {
    if (event["event.kind"] === "pipeline") continue;
    for (const beacon of beaconsOf(event)) found.set(beacon, (found.get(beacon) ?? 0) + 1);
    const earlyAtMs = Date.parse(String(event["stitch.early_at"]));
    if (event["stitch.state"] === "early_only") {
      earlyOnlyMostMs = Math.max(earlyOnlyMostMs, atMs - earlyAtMs);
    }
    if (event["stitch.state"] !== "both") continue;
    const lastMs = Math.max(earlyAtMs, Date.parse(String(event["stitch.late_at"])));
    latencies.push(atMs - lastMs);
  }
  const promised = new Set(answered.map(({ view, sequence }) => `${view}:${sequence}`));
  const all = [...events.values()];
  latencies.sort((a, b) => a - b);
  return {
    name,
    events: all.length,
    repeated: all.filter(({ copies }) => copies > 1).length,
    mostCopies: all.reduce((most, { copies }) => Math.max(most, copies), 0),
    differing: all.filter(({ differs }) => differs).length,
    lost: [...promised].filter((beacon) => !found.has(beacon)).length,
    doubled: [...found.values()].filter((times) => times > 1).length,
    lateP99Ms: latencies[Math.floor(latencies.length * 0.99)] ?? 0,
    earlyOnlyMostMs,
  };
}

/** The beacons that an event was made of. */
function beaconsOf(event: Delivered["event"]): readonly string[] {
  const view = viewOf(String(event["pv.id"]));
  if (event["stitch.state"] === "both") return [`${view}:0`, `${view}:1`];
  return [`${view}:${event["stitch.state"] === "early_only" ? 0 : 1}`];
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
