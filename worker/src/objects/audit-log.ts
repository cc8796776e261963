// Who changed what, when, why, and what came of it. Lines are only ever added.
import type { Rollout } from "#flags/rollout.ts";
import type { AuditEntry, AuditQuery, ShareSince } from "#src/adapters/flag-registry.ts";

type Row = {
  seq: number;
  at_ms: number;
  who: string;
  why: string;
  asked_from: string;
  action: string;
  target: string;
  outcome: string;
  epoch: number;
  before: string;
  after: string;
};

type ShareRow = { [K in keyof ShareSince]: ShareSince[K] };

export class AuditLog {
  static readonly steps = [
    `CREATE TABLE audit (
      seq INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, who TEXT NOT NULL,
      why TEXT NOT NULL, action TEXT NOT NULL, target TEXT NOT NULL, outcome TEXT NOT NULL,
      epoch INTEGER NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL
    )`,
    "CREATE INDEX audit_by_target ON audit (target, seq)",
    "ALTER TABLE audit ADD COLUMN asked_from TEXT NOT NULL DEFAULT ''",
  ];

  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    this.#sql = storage.sql;
  }

  add(entry: Omit<AuditEntry, "seq">): void {
    const { atMs, who, why, from, action, target, outcome, epoch, before, after } = entry;
    const insert =
      "INSERT INTO audit " +
      "(at_ms, who, why, asked_from, action, target, outcome, epoch, before, after) " +
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    const documents = [JSON.stringify(before ?? null), JSON.stringify(after ?? null)];
    const columns = [atMs, who, why, from, action, target, outcome, epoch, ...documents];
    this.#sql.exec(insert, ...columns);
  }

  /** The shares that an attempt has had while it was live, in order; each once where it stayed. */
  sharesOf({ flag, code, attempt }: Pick<Rollout, "flag" | "code" | "attempt">): ShareSince[] {
    const rows = this.#sql.exec<ShareRow>(
      `SELECT epoch AS fromEpoch, json_extract(after, '$.sharePpm') AS sharePpm,
          json_extract(after, '$.holdoutPpm') AS holdoutPpm
        FROM audit WHERE target = ? AND outcome = 'done'
          AND json_extract(after, '$.code') = ? AND json_extract(after, '$.attempt') = ?
          AND json_extract(after, '$.state') IN ('ramping', 'held')
        ORDER BY seq`,
      flag,
      code,
      attempt,
    );
    const all = rows.toArray();
    return all.filter(({ sharePpm }, at) => sharePpm !== all[at - 1]?.sharePpm);
  }

  /** Newest first. */
  list({ target, before, limit }: AuditQuery): readonly AuditEntry[] {
    const below = before ?? Number.MAX_SAFE_INTEGER;
    const query =
      target === null
        ? this.#sql.exec<Row>(
            "SELECT * FROM audit WHERE seq < ? ORDER BY seq DESC LIMIT ?",
            below,
            limit,
          )
        : this.#sql.exec<Row>(
            "SELECT * FROM audit WHERE target = ? AND seq < ? ORDER BY seq DESC LIMIT ?",
            target,
            below,
            limit,
          );
    return query.toArray().map(entryFrom);
  }
}

function entryFrom({ at_ms, asked_from, before, after, ...rest }: Row): AuditEntry {
  return {
    ...rest,
    atMs: at_ms,
    from: asked_from,
    before: JSON.parse(before),
    after: JSON.parse(after),
  };
}
