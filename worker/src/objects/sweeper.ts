// The one Sweeper: removes artifacts that no revision, engine or beacon names, nor a
// composition that a flag asked for lately. The logic is in sweep.ts.
import { DurableObject } from "cloudflare:workers";
import { artifactKvKey, artifactR2Key, artifactR2Prefix } from "#src/adapters/artifacts.ts";
import { projectsFrom } from "#src/adapters/projects.ts";
import { registryFrom } from "#src/adapters/registry.ts";
import { collectorScope, releasePrefix, Releases } from "#src/adapters/releases.ts";
import { reportToLog } from "#src/adapters/report.ts";
import type { SweeperRpc, SweeperStatus } from "#src/adapters/sweeper.ts";
import type { Digest } from "#src/delivery/representation.ts";
import type { Env } from "#src/services.ts";
import { migrate } from "./migrations.ts";
import { Sweep, type StoredPage } from "./sweep.ts";
import { SweepTable } from "./sweep-table.ts";

const betweenStepsMs = 200;
const retryMs = 60_000;
const digestShape = /^[0-9a-f]{64}$/;

export class Sweeper extends DurableObject<Env> implements SweeperRpc {
  readonly #table: SweepTable;
  readonly #sweep: Sweep;
  readonly #registry: ReturnType<typeof registryFrom>;

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    migrate(state.storage, SweepTable.steps);
    this.#table = new SweepTable(state.storage);
    this.#registry = registryFrom(env.REGISTRY);
    const projects = projectsFrom(env.PROJECT);
    this.#sweep = new Sweep({
      memory: this.#table,
      nextAccount: async (after) => (await this.#registry().accounts(after, 1))[0]?.account,
      namedBy: (account, after, limit) => projects(account).named(after, limit),
      namedByAll: () => this.#namedByAll(),
      list: (after, limit) => this.#list(after, limit),
      remove: async (digests) => {
        await env.ARCHIVE.delete(digests.map(artifactR2Key));
        await this.#removeCopies(digests);
      },
      removeCopies: (digests) => this.#removeCopies(digests),
      now: () => Date.now(),
      wait: (ms) => scheduler.wait(ms),
    });
  }

  async retain(digests: readonly Digest[]): Promise<void> {
    const { storage } = this.ctx;
    if ((await storage.getAlarm()) === null) await storage.setAlarm(Date.now() + betweenStepsMs);
    await this.#sweep.retain(digests);
  }

  async status(): Promise<SweeperStatus> {
    const { phase, startedAtMs, endedAtMs, counts } = this.#table.state();
    return {
      startedAtMs: phase === "idle" ? null : startedAtMs,
      endedAtMs: endedAtMs === 0 ? null : endedAtMs,
      ...counts,
      condemned: this.#table.countCondemned(),
    };
  }

  override async alarm(): Promise<void> {
    const { storage } = this.ctx;
    // Set first: whoever dies in the middle of a step is taken up again.
    await storage.setAlarm(Date.now() + retryMs);
    try {
      await this.#sweep.step();
      const nextMs = Math.max(Date.now() + betweenStepsMs, this.#sweep.dueAtMs);
      await storage.setAlarm(nextMs);
    } catch (error) {
      reportToLog("sweep_failed", { phase: this.#table.state().phase, error });
    }
  }

  async #namedByAll(): Promise<readonly Digest[]> {
    const [engines, beacons] = await Promise.all([
      this.#registry().engines(),
      this.#registry().beacons(),
    ]);
    const releases = new Releases(this.env.STORE);
    const named = engines.map(({ sha256 }) => sha256);
    for (const { early, collector } of beacons) {
      named.push(early, collector);
      // Its other forms stand in its release alone.
      const release = await releases.get(collectorScope, releasePrefix(collector));
      for (const form of Object.values(release?.composition ?? {})) named.push(form.sha256);
    }
    return named;
  }

  async #list(after: string, limit: number): Promise<StoredPage> {
    const { objects, truncated } = await this.env.ARCHIVE.list({
      prefix: artifactR2Prefix,
      limit,
      ...(after !== "" && { startAfter: artifactR2Prefix + after }),
    });
    const keys = objects.map(({ key }) => key.slice(artifactR2Prefix.length));
    const digests = keys.filter((key): key is Digest => digestShape.test(key));
    // Without one there is nothing to go on from: the next cycle looks again.
    return { digests, isLast: !truncated || digests.length === 0 };
  }

  async #removeCopies(digests: readonly Digest[]): Promise<void> {
    await Promise.all(digests.map((digest) => this.env.STORE.delete(artifactKvKey(digest))));
  }
}
