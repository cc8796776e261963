// The copies of an account's records for the edge: written after the record, in order, and
// again by alarm until KV has taken them.
import { withDeadline } from "#src/adapters/deadline.ts";
import { kvKey } from "#src/adapters/pointers.ts";
import type { RegistryStub } from "#src/adapters/registry.ts";
import type { Releases } from "#src/adapters/releases.ts";
import type { Report } from "#src/adapters/report.ts";
import { isDeleted, type PointerRecord } from "#src/delivery/pointer.ts";
import type { Due, PointerTable } from "./pointer-table.ts";

export type CopiesDependencies = {
  readonly table: PointerTable;
  /** Looked up anew for each use. */
  readonly kv: () => KVNamespace;
  readonly releases: Releases;
  readonly registry: () => Pick<RegistryStub, "announce">;
  readonly report: Report;
  /** Called before anything is begun and after it has ended, when `dueAtMs` has changed. */
  readonly onChange: () => Promise<void>;
};

const firstRetryMs = 2_000;
const lastRetryMs = 60_000;
const copyDeadlineMs = 5_000;
const announceDeadlineMs = 2_000;
// What one run writes stays below a Worker's thousand calls; the alarm takes up the rest.
const mostAtOnce = 200;
const betweenRunsMs = 1_000;
/** What the snapshot has room for. */
const mostAnnounced = 200;

export class PointerCopies {
  readonly #deps: CopiesDependencies;
  #copying: Promise<void> = Promise.resolve();
  #retryMs = firstRetryMs;
  #hasFailed = false;

  constructor(dependencies: CopiesDependencies) {
    this.#deps = dependencies;
  }

  /** When there is something to copy; undefined where all is copied. */
  dueAtMs(nowMs: number): number | undefined {
    const { table } = this.#deps;
    const isDue = table.uncopied(1).length > 0 || table.doomedReleases(1).length > 0;
    if (!isDue) return undefined;
    return nowMs + (this.#hasFailed ? this.#retryMs : betweenRunsMs);
  }

  /**
   * The snapshot carries the news within seconds, KV within a minute: nobody has
   * to wait for the first, and nothing is lost without it. Never rejects.
   */
  async announce(moved: readonly PointerRecord[]): Promise<void> {
    try {
      const announced = this.#deps.registry().announce(moved.slice(0, mostAnnounced));
      await withDeadline(announced, announceDeadlineMs, "registry");
    } catch (error) {
      const ids = moved.slice(0, 3).map(({ kind, id }) => `${kind} ${id}`);
      this.#deps.report("announce_failed", { ids, error });
    }
  }

  /**
   * Writes what is due, one after the other, so that an older revision can never land on top
   * of a newer one. Never rejects.
   */
  copy(): Promise<void> {
    this.#copying = this.#copying.then(() => this.#copyAll());
    return this.#copying;
  }

  // The alarm is armed first: whoever dies in between is taken up again.
  async #copyAll(): Promise<void> {
    const { table, report, onChange } = this.#deps;
    try {
      this.#hasFailed = true;
      await onChange();
      for (const due of table.uncopied(mostAtOnce)) {
        await withDeadline(this.#copyOne(due), copyDeadlineMs, "kv");
        table.markCopied(due);
      }
      await this.#deleteReleases();
      this.#retryMs = firstRetryMs;
      this.#hasFailed = false;
    } catch (error) {
      this.#retryMs = Math.min(this.#retryMs * 2, lastRetryMs);
      report("pointer_copy_failed", { error });
    }
    await onChange();
  }

  async #copyOne({ record, document }: Due): Promise<void> {
    const { kind, id, movedAtMs } = record;
    if (!isDeleted(record) && record.kind === "snippet") {
      const { composition } = record.content;
      await this.#deps.releases.put(id, { composition, madeAtMs: movedAtMs });
    }
    await this.#deps.kv().put(kvKey(kind, id), document);
  }

  async #deleteReleases(): Promise<void> {
    const { table, releases } = this.#deps;
    for (const { id, prefix } of table.doomedReleases(mostAtOnce)) {
      await withDeadline(releases.delete(id, prefix), copyDeadlineMs, "kv");
      table.forgetDoomed(id, prefix);
    }
  }
}
