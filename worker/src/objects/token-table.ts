// Tokens of the control API, as digests, in the Registry's database.
import type { Scope, StoredToken } from "#src/adapters/registry.ts";
import type { Digest } from "#src/delivery/representation.ts";

type Row = {
  id: string;
  name: string;
  digest: Digest;
  scopes: string;
  account: string | null;
  created_at_ms: number;
  revoked_at_ms: number | null;
};

export class TokenTable {
  static readonly steps = [
    `CREATE TABLE token (
      id TEXT PRIMARY KEY, name TEXT NOT NULL, digest TEXT NOT NULL, scopes TEXT NOT NULL,
      account TEXT, created_at_ms INTEGER NOT NULL, revoked_at_ms INTEGER
    )`,
  ];

  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    this.#sql = storage.sql;
  }

  add(token: StoredToken): void {
    const { id, name, digest, scopes, account, createdAtMs, revokedAtMs } = token;
    const values = [id, name, digest, scopes.join(" "), account, createdAtMs, revokedAtMs];
    this.#sql.exec("INSERT INTO token VALUES (?, ?, ?, ?, ?, ?, ?)", ...values);
  }

  token(id: string): StoredToken | undefined {
    const rows = this.#sql.exec<Row>("SELECT * FROM token WHERE id = ?", id);
    return rows.toArray().map(tokenFrom)[0];
  }

  /** Oldest first. */
  tokens(): readonly StoredToken[] {
    const rows = this.#sql.exec<Row>("SELECT * FROM token ORDER BY created_at_ms, id");
    return rows.toArray().map(tokenFrom);
  }

  /** False where there is no such token. */
  revoke(id: string, nowMs: number): boolean {
    const update = "UPDATE token SET revoked_at_ms = coalesce(revoked_at_ms, ?) WHERE id = ?";
    return this.#sql.exec(update, nowMs, id).rowsWritten > 0;
  }

  /** Revokes what is bound to an account and still valid; returns how many it were. */
  revokeAll(account: string, nowMs: number): number {
    const update =
      "UPDATE token SET revoked_at_ms = ? WHERE account = ? AND revoked_at_ms IS NULL RETURNING id";
    return this.#sql.exec(update, nowMs, account).toArray().length;
  }
}

function tokenFrom(row: Row): StoredToken {
  return {
    id: row.id,
    name: row.name,
    digest: row.digest,
    scopes: row.scopes.split(" ") as Scope[],
    account: row.account,
    createdAtMs: row.created_at_ms,
    revokedAtMs: row.revoked_at_ms,
  };
}
