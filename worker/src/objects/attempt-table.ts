// Attempts to publish that are under way, or whose end was lost: what may have to be
// given back. A number is never used twice.
import type { PointerKind } from "#src/delivery/pointer.ts";

export type Item = { readonly kind: PointerKind; readonly id: string };
/** An id as the account wants it that publishes it. */
export type Wanted = Item & { readonly account: string };
export type Attempt = Wanted & { readonly attempt: number; readonly begunAtMs: number };

/** Where attempts are written down before anybody else hears of them. */
export type Attempts = {
  /** The attempt's number, greater than all before. */
  begin(wanted: Wanted, nowMs: number): number;
  end(attempt: number): void;
  /** Oldest first. */
  open(): readonly Attempt[];
};

type Row = {
  n: number;
  kind: PointerKind;
  id: string;
  account: string;
  begun_at_ms: number;
};

export class AttemptTable implements Attempts {
  static readonly steps = [
    `CREATE TABLE attempt (
      n INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, id TEXT NOT NULL,
      account TEXT NOT NULL, begun_at_ms INTEGER NOT NULL
    )`,
  ];

  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    this.#sql = storage.sql;
  }

  begin({ kind, id, account }: Wanted, nowMs: number): number {
    const insert =
      "INSERT INTO attempt (kind, id, account, begun_at_ms) VALUES (?, ?, ?, ?) RETURNING n";
    return this.#sql.exec<{ n: number }>(insert, kind, id, account, nowMs).one().n;
  }

  end(attempt: number): void {
    this.#sql.exec("DELETE FROM attempt WHERE n = ?", attempt);
  }

  open(): readonly Attempt[] {
    const rows = this.#sql.exec<Row>("SELECT * FROM attempt ORDER BY n").toArray();
    return rows.map(({ n, kind, id, account, begun_at_ms }) => {
      return { kind, id, account, attempt: n, begunAtMs: begun_at_ms };
    });
  }
}
