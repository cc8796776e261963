// Whose every id is, and the accounts, in the Registry's database.
import { err, ok, type Result } from "#base/result.ts";
import type { Account, ClaimOf, Claimed, GivenUp } from "#src/adapters/registry.ts";
import { claimed, released, type Claim, type ClaimReject } from "#src/delivery/claim.ts";
import { laterOf, type Floor, type PointerKind } from "#src/delivery/pointer.ts";

type Row = { account: string; attempt: number; floor: string };
type AccountRow = { account: string; since_ms: number; deleted_at_ms: number | null };

const nobody = "";

export class ClaimTable {
  /** Among the Registry's first: their order is that of the first deploy. */
  static readonly firstSteps = [
    `CREATE TABLE claim (
      kind TEXT NOT NULL, id TEXT NOT NULL, account TEXT NOT NULL, PRIMARY KEY (kind, id)
    )`,
  ];
  // Claims from before attempts were counted are for good.
  static readonly steps = [
    "ALTER TABLE claim ADD COLUMN attempt INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE claim ADD COLUMN floor TEXT NOT NULL DEFAULT ''",
    `CREATE TABLE account (
      account TEXT PRIMARY KEY, since_ms INTEGER NOT NULL, deleted_at_ms INTEGER
    )`,
    "INSERT INTO account SELECT DISTINCT account, 0, NULL FROM claim",
  ];

  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    this.#sql = storage.sql;
  }

  claimOf(kind: PointerKind, id: string): Claim | undefined {
    const row = this.#row(kind, id);
    return row === undefined || row.account === nobody ? undefined : row;
  }

  claim({ kind, id, ...by }: ClaimOf, nowMs: number): Result<Claimed, ClaimReject> {
    const { account } = by;
    if (this.isDeleted(account)) return err({ reason: "account_deleted", account });
    const outcome = claimed(this.claimOf(kind, id), by);
    if (!outcome.ok) return outcome;
    const row = this.#row(kind, id);
    const floor = row?.floor ?? "";
    const { attempt } = outcome.value;
    this.#sql.exec(`INSERT OR REPLACE INTO claim ${columns}`, kind, id, account, attempt, floor);
    this.#sql.exec("INSERT OR IGNORE INTO account VALUES (?, ?, NULL)", account, nowMs);
    return ok({ floor: floorIn(row) ?? null });
  }

  release({ kind, id, ...by }: ClaimOf): void {
    const held = this.claimOf(kind, id);
    if (held === undefined || released(held, by) !== undefined) return;
    this.#setNobodys(kind, id);
    this.#sql.exec("DELETE FROM claim WHERE kind = ? AND id = ? AND floor = ''", kind, id);
  }

  /** Makes a deleted id anybody's. Whoever has it next goes on above `floor`, and every earlier one. */
  giveUp({ kind, id, account, floor }: GivenUp): void {
    const row = this.#row(kind, id);
    if (row?.account !== account) return;
    const highest = laterOf(floor, floorIn(row));
    const update = "UPDATE claim SET floor = ? WHERE kind = ? AND id = ?";
    this.#sql.exec(update, JSON.stringify(highest), kind, id);
    this.#setNobodys(kind, id);
  }

  account(account: string): Account | undefined {
    const rows = this.#sql.exec<AccountRow>("SELECT * FROM account WHERE account = ?", account);
    return rows.toArray().map(accountFrom)[0];
  }

  isDeleted(account: string): boolean {
    return typeof this.account(account)?.deletedAtMs === "number";
  }

  /** By name, from the first after `after`. */
  accounts(after: string, limit: number): readonly Account[] {
    const query = "SELECT * FROM account WHERE account > ? ORDER BY account LIMIT ?";
    return this.#sql.exec<AccountRow>(query, after, limit).toArray().map(accountFrom);
  }

  /** From now on it can claim nothing. */
  delete(account: string, nowMs: number): void {
    const update =
      "UPDATE account SET deleted_at_ms = coalesce(deleted_at_ms, ?) WHERE account = ?";
    this.#sql.exec(update, nowMs, account);
  }

  restore(account: string): void {
    this.#sql.exec("UPDATE account SET deleted_at_ms = NULL WHERE account = ?", account);
  }

  #row(kind: PointerKind, id: string): Row | undefined {
    const query = "SELECT account, attempt, floor FROM claim WHERE kind = ? AND id = ?";
    return this.#sql.exec<Row>(query, kind, id).toArray()[0];
  }

  #setNobodys(kind: PointerKind, id: string): void {
    const update = "UPDATE claim SET account = ?, attempt = 0 WHERE kind = ? AND id = ?";
    this.#sql.exec(update, nobody, kind, id);
  }
}

const columns = "(kind, id, account, attempt, floor) VALUES (?, ?, ?, ?, ?)";

function floorIn(row: Pick<Row, "floor"> | undefined): Floor | undefined {
  return row === undefined || row.floor === "" ? undefined : (JSON.parse(row.floor) as Floor);
}

function accountFrom({ account, since_ms, deleted_at_ms }: AccountRow): Account {
  return { account, sinceMs: since_ms, deletedAtMs: deleted_at_ms };
}
