// The traffic of the last day, id by id: one row for ten minutes, written once for each batch.
import { summed, type IdTraffic, type Traffic } from "#flags/traffic.ts";

const partMs = 600_000;
const keptMs = 24 * 3_600_000;
/** Ids of one part: with their names about a fifth of what a row can hold. */
const mostIds = 2_000;

type Row = { part: number; since_ms: number; ids: string };

export class TrafficTable {
  static readonly steps = [
    `CREATE TABLE traffic (
      part INTEGER PRIMARY KEY, since_ms INTEGER NOT NULL, ids TEXT NOT NULL
    )`,
  ];

  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    this.#sql = storage.sql;
  }

  add(ids: readonly IdTraffic[], nowMs: number): void {
    const part = Math.floor(nowMs / partMs);
    const [held] = this.#sql.exec<Row>("SELECT * FROM traffic WHERE part = ?", part).toArray();
    const all = summed([...(held === undefined ? [] : idsOf(held)), ...ids], mostIds);
    const sinceMs = held?.since_ms ?? nowMs;
    this.#sql.exec(
      "INSERT OR REPLACE INTO traffic VALUES (?, ?, ?)",
      part,
      sinceMs,
      JSON.stringify(all),
    );
    if (held === undefined) {
      this.#sql.exec("DELETE FROM traffic WHERE part < ?", Math.floor((nowMs - keptMs) / partMs));
    }
  }

  /** Null where nothing was counted for a day. */
  lastDay(nowMs: number): Traffic | null {
    const from = Math.floor((nowMs - keptMs) / partMs);
    const query = "SELECT * FROM traffic WHERE part > ? ORDER BY part";
    const rows = this.#sql.exec<Row>(query, from).toArray();
    const [first] = rows;
    if (first === undefined) return null;
    return { sinceMs: first.since_ms, ids: summed(rows.flatMap(idsOf), mostIds) };
  }
}

function idsOf({ ids }: Row): readonly IdTraffic[] {
  return JSON.parse(ids) as readonly IdTraffic[];
}
