// Tokens of the control API, as digests, in the Registry's database.
import { usedWithinMs, type Scope, type StoredToken } from "#src/adapters/registry.ts";
import type { Digest } from "#src/delivery/representation.ts";

type Row = {
  id: string;
  name: string;
  digest: Digest;
  scopes: string;
  account: string | null;
  origins: string;
  created_at_ms: number;
  revoked_at_ms: number | null;
  expires_at_ms: number | null;
  last_used_at_ms: number | null;
};

export class TokenTable {
  static readonly steps = [
    `CREATE TABLE token (
      id TEXT PRIMARY KEY, name TEXT NOT NULL, digest TEXT NOT NULL, scopes TEXT NOT NULL,
      account TEXT, created_at_ms INTEGER NOT NULL, revoked_at_ms INTEGER
    )`,
  ];

  /** Steps that came after those of the other tables. */
  static readonly laterSteps = [
    "ALTER TABLE token ADD COLUMN origins TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE token ADD COLUMN expires_at_ms INTEGER",
    "ALTER TABLE token ADD COLUMN last_used_at_ms INTEGER",
  ];

  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    this.#sql = storage.sql;
  }

  add(token: StoredToken): void {
    const { id, name, digest, scopes, account, origins } = token;
    const { createdAtMs, revokedAtMs, expiresAtMs } = token;
    this.#sql.exec(
      `INSERT INTO token (id, name, digest, scopes, account, origins, created_at_ms, revoked_at_ms,
          expires_at_ms)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      id,
      name,
      digest,
      scopes.join(" "),
      account,
      origins.join(" "),
      createdAtMs,
      revokedAtMs,
      expiresAtMs,
    );
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

  /** Each once, of tokens that are valid. */
  origins(nowMs: number): readonly string[] {
    const query = `SELECT origins FROM token WHERE origins <> '' AND revoked_at_ms IS NULL
      AND coalesce(expires_at_ms, ?1 + 1) > ?1`;
    const rows = this.#sql.exec<Pick<Row, "origins">>(query, nowMs).toArray();
    return [...new Set(rows.flatMap(({ origins }) => origins.split(" ")))];
  }

  /** Writes the use down where the last one was not within the hour. */
  noteUse(id: string, nowMs: number): void {
    const update =
      "UPDATE token SET last_used_at_ms = ?1 WHERE id = ?2 AND coalesce(last_used_at_ms, 0) <= ?3";
    this.#sql.exec(update, nowMs, id, nowMs - usedWithinMs);
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
    origins: row.origins === "" ? [] : row.origins.split(" "),
    createdAtMs: row.created_at_ms,
    revokedAtMs: row.revoked_at_ms,
    expiresAtMs: row.expires_at_ms,
    lastUsedAtMs: row.last_used_at_ms,
  };
}
