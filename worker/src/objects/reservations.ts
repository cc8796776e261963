// What publishes under way will have used, so that quotas hold for those that come at once too.
// In memory alone: what dies with the object was never published.
import { ok, type Result } from "#base/result.ts";
import {
  admit,
  withOpen,
  type OpenPublish,
  type QuotaExceeded,
  type Quotas,
  type Usage,
  type Wanted,
} from "#src/delivery/quota.ts";

export class Reservations {
  readonly #open = new Set<OpenPublish>();

  /**
   * Takes what `wanted` needs of the quotas, at once, or says which has no room. What was taken
   * is counted until `end`, and its publish until it is noted in the account's own record.
   */
  take(usage: Usage, quotas: Quotas, wanted: Wanted): Result<OpenPublish, QuotaExceeded> {
    const admitted = admit(withOpen(usage, [...this.#open]), quotas, wanted);
    if (!admitted.ok) return admitted;
    const open = { ...wanted, isNoted: false };
    this.#open.add(open);
    return ok(open);
  }

  /** What it wanted is saved, or came to nothing. Twice is once. */
  end(open: OpenPublish): void {
    this.#open.delete(open);
  }
}
