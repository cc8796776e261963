// How often an actor asked for paths that there are not: counted by day, because a log of
// them would be written by whoever guesses.
import type { UnknownPaths } from "#src/adapters/flag-registry.ts";

type Row = { [K in keyof UnknownPaths]: UnknownPaths[K] };

const keepMs = 30 * 24 * 3_600_000;

export class UnknownPathTable {
  static readonly steps = [
    `CREATE TABLE unknown_path (
      day TEXT NOT NULL, actor TEXT NOT NULL, requests INTEGER NOT NULL, PRIMARY KEY (day, actor)
    )`,
  ];

  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    this.#sql = storage.sql;
  }

  add(actor: string, nowMs: number): void {
    this.#sql.exec("DELETE FROM unknown_path WHERE day < ?", dayOf(nowMs - keepMs));
    this.#sql.exec(
      `INSERT INTO unknown_path VALUES (?, ?, 1)
        ON CONFLICT (day, actor) DO UPDATE SET requests = requests + 1`,
      dayOf(nowMs),
      actor,
    );
  }

  /** The newest day first, and in it whoever asked most. */
  list(): readonly UnknownPaths[] {
    const query = "SELECT * FROM unknown_path ORDER BY day DESC, requests DESC LIMIT 100";
    return this.#sql.exec<Row>(query).toArray();
  }
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
