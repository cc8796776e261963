// An account's side of owning ids: nothing is published before the Registry has said that the
// id is the account's, and an id that came to nothing is given back. What the account has
// published is never given back (docs/decisions/0020-claims.md).
import type { Result } from "#base/result.ts";
import { withDeadline } from "#src/adapters/deadline.ts";
import type { Claimed, RegistryRpc } from "#src/adapters/registry.ts";
import type { Report } from "#src/adapters/report.ts";
import type { ClaimReject } from "#src/delivery/claim.ts";
import type { Attempts, Item, Wanted } from "./attempt-table.ts";
import { Turns } from "./turns.ts";

export type OwnershipDependencies = {
  readonly attempts: Attempts;
  readonly registry: () => Pick<RegistryRpc, "claim" | "release">;
  /** Whether the account has ever published the id. */
  readonly has: (item: Item) => boolean;
  readonly now: () => number;
  readonly report: Report;
  /** Called when `dueAtMs` may have changed. */
  readonly onChange: () => Promise<void>;
};

const deadlineMs = 5_000;
// Longer than a word to the Registry can be on its way.
const lostAfterMs = 30_000;

export class Ownership {
  readonly #deps: OwnershipDependencies;
  readonly #turns = new Turns();

  constructor(dependencies: OwnershipDependencies) {
    this.#deps = dependencies;
  }

  /** When `settle` has something to do; undefined where all is settled. */
  get dueAtMs(): number | undefined {
    const [oldest] = this.#deps.attempts.open();
    return oldest === undefined ? undefined : oldest.begunAtMs + lostAfterMs;
  }

  /** Runs `work` with no other change of the id under way in this account. */
  inTurn<T>(item: Item, work: () => Promise<T>): Promise<T> {
    return this.#turns.take(`${item.kind}:${item.id}`, work);
  }

  /** Runs `publish` once the id is the account's. To be called in the id's turn. */
  async owning<T, E extends { readonly reason: string }>(
    wanted: Wanted,
    publish: (claimed: Claimed) => Promise<Result<T, E>>,
  ): Promise<Result<T, E | ClaimReject>> {
    const { attempts, now, onChange } = this.#deps;
    const attempt = attempts.begin(wanted, now());
    // Without the alarm a crash would leave the id to the account for ever.
    await onChange();
    const claim = { ...wanted, attempt };
    const claimed = await withDeadline(this.#deps.registry().claim(claim), deadlineMs, "registry");
    try {
      return claimed.ok ? await publish(claimed.value) : claimed;
    } finally {
      if (claimed.ok) await this.#close(claim);
      else attempts.end(attempt);
      await onChange();
    }
  }

  /** Brings attempts to an end whose own end was lost. Never rejects. */
  async settle(): Promise<void> {
    const { attempts, now } = this.#deps;
    const lost = attempts.open().filter(({ begunAtMs }) => begunAtMs + lostAfterMs <= now());
    for (const attempt of lost) {
      await this.inTurn(attempt, () => this.#close(attempt));
    }
  }

  // In the id's turn: nobody publishes it between the look and the release.
  async #close({ kind, id, account, attempt }: Wanted & { attempt: number }): Promise<void> {
    const { attempts, has, registry, report } = this.#deps;
    try {
      if (!has({ kind, id })) {
        const released = registry().release({ kind, id, account, attempt });
        await withDeadline(released, deadlineMs, "registry");
      }
      attempts.end(attempt);
    } catch (error) {
      report("release_failed", { kind, id, error });
    }
  }
}
