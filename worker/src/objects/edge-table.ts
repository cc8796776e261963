// What became of the beacons that each isolate was sent, as totals that only grow: an
// isolate that tells them again changes nothing. Of isolates that ended, their sum is left.
type Totals = Readonly<Record<string, number>>;

/** An isolate that said nothing for so long says nothing more. */
const keptMs = 3_600_000;
const ended = "ended";

export class EdgeTable {
  static readonly steps: readonly string[] = [
    `CREATE TABLE edge (isolate TEXT PRIMARY KEY, at_ms INTEGER NOT NULL, totals TEXT NOT NULL)`,
  ];

  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  note(isolate: string, totals: Totals, nowMs: number): void {
    const insert = "INSERT OR REPLACE INTO edge VALUES (?, ?, ?)";
    this.#sql.exec(insert, isolate, nowMs, JSON.stringify(totals));
    this.#fold(nowMs - keptMs);
  }

  /** Of all isolates together. */
  sums(): Totals {
    return sumOf(this.#sql.exec<{ totals: string }>("SELECT totals FROM edge").toArray());
  }

  #fold(beforeMs: number): void {
    const where = "isolate = ? OR at_ms < ?";
    const query = `SELECT totals FROM edge WHERE ${where}`;
    const old = this.#sql.exec<{ totals: string }>(query, ended, beforeMs).toArray();
    if (old.length < 2) return;
    this.#sql.exec(`DELETE FROM edge WHERE ${where}`, ended, beforeMs);
    const insert = "INSERT INTO edge VALUES (?, ?, ?)";
    this.#sql.exec(insert, ended, Number.MAX_SAFE_INTEGER, JSON.stringify(sumOf(old)));
  }
}

function sumOf(rows: readonly { readonly totals: string }[]): Totals {
  const sums: Record<string, number> = {};
  for (const { totals } of rows) {
    for (const [name, count] of Object.entries(JSON.parse(totals) as Totals)) {
      sums[name] = (sums[name] ?? 0) + count;
    }
  }
  return sums;
}
