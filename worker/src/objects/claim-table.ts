// Whose every id is, in the Registry's database.
import type { Result } from "#base/result.ts";
import type { ClaimOf } from "#src/adapters/registry.ts";
import { claimed, released, type Claim, type Owned } from "#src/delivery/claim.ts";
import type { PointerKind } from "#src/delivery/pointer.ts";

export class ClaimTable {
  /** Among the Registry's first: their order is that of the first deploy. */
  static readonly firstSteps = [
    `CREATE TABLE claim (
      kind TEXT NOT NULL, id TEXT NOT NULL, account TEXT NOT NULL, PRIMARY KEY (kind, id)
    )`,
  ];
  // Claims from before attempts were counted are for good.
  static readonly steps = ["ALTER TABLE claim ADD COLUMN attempt INTEGER NOT NULL DEFAULT 0"];

  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    this.#sql = storage.sql;
  }

  claimOf(kind: PointerKind, id: string): Claim | undefined {
    const query = "SELECT account, attempt FROM claim WHERE kind = ? AND id = ?";
    const [row] = this.#sql.exec<{ account: string; attempt: number }>(query, kind, id).toArray();
    return row;
  }

  claim({ kind, id, ...by }: ClaimOf): Result<Claim, Owned> {
    const outcome = claimed(this.claimOf(kind, id), by);
    if (!outcome.ok) return outcome;
    const { account, attempt } = outcome.value;
    const replace = "INSERT OR REPLACE INTO claim (kind, id, account, attempt) VALUES (?, ?, ?, ?)";
    this.#sql.exec(replace, kind, id, account, attempt);
    return outcome;
  }

  release({ kind, id, ...by }: ClaimOf): void {
    const kept = released(this.claimOf(kind, id), by);
    if (kept === undefined) this.#sql.exec("DELETE FROM claim WHERE kind = ? AND id = ?", kind, id);
  }
}
