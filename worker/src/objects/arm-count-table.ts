// One flag's sums: how many requests each of its arms got. Batches that come
// again, because an answer was lost, count once.
import type { Arm } from "#flags/arms.ts";
import type { ArmCount, CountBatch, Counted } from "#src/adapters/rollouts.ts";

const minuteMs = 60_000;
const keptMinutes = 15;
/** Minutes over which a rate is told: long enough to be calm, short enough to be news. */
const ratedMinutes = 5;
/** An isolate that said nothing for so long will not repeat itself. */
const keptBatchesMs = 3_600_000;

/** Rows that are out of date do no harm: they go with every so many batches of an isolate. */
const forgetEvery = 16;

type ArmCountRow = { [K in keyof ArmCount]: ArmCount[K] };
type MinuteRow = { minute: number; arm: Arm; requests: number };

export class ArmCountTable {
  static readonly steps = [
    `CREATE TABLE arm_count (
      kind TEXT NOT NULL, arm TEXT NOT NULL, attempt INTEGER NOT NULL, stage INTEGER NOT NULL,
      share_ppm INTEGER NOT NULL, requests INTEGER NOT NULL,
      PRIMARY KEY (kind, arm, attempt, stage, share_ppm)
    ) WITHOUT ROWID`,
    `CREATE TABLE batch (
      isolate TEXT PRIMARY KEY, seq INTEGER NOT NULL, at_ms INTEGER NOT NULL
    ) WITHOUT ROWID`,
    `CREATE TABLE minute (
      minute INTEGER NOT NULL, arm TEXT NOT NULL, requests INTEGER NOT NULL,
      PRIMARY KEY (minute, arm)
    ) WITHOUT ROWID`,
  ];

  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#sql = storage.sql;
  }

  add({ isolate, seq, counts }: CountBatch, nowMs: number): void {
    this.#storage.transactionSync(() => {
      const known = this.#sql
        .exec<{ seq: number }>("SELECT seq FROM batch WHERE isolate = ?", isolate)
        .toArray()[0];
      if (known !== undefined && known.seq >= seq) return;
      this.#sql.exec("INSERT OR REPLACE INTO batch VALUES (?, ?, ?)", isolate, seq, nowMs);
      for (const each of counts) this.#add(each, Math.floor(nowMs / minuteMs));
      if (seq % forgetEvery === 0) this.#forget(nowMs);
    });
  }

  all(): readonly ArmCount[] {
    const rows = this.#sql.exec<ArmCountRow>(
      `SELECT kind, arm, attempt, stage, share_ppm AS sharePpm, requests
        FROM arm_count ORDER BY attempt, stage, share_ppm, kind, arm`,
    );
    return rows.toArray();
  }

  // The minute that is not over yet says too little, and would say less at its start.
  perMinute(nowMs: number): Counted["perMinute"] {
    const current = Math.floor(nowMs / minuteMs);
    const from = current - ratedMinutes;
    const query = "SELECT * FROM minute WHERE minute >= ? AND minute < ?";
    const rows = this.#sql.exec<MinuteRow>(query, from, current).toArray();
    if (rows.length === 0) return null;
    const first = Math.min(...rows.map((row) => row.minute));
    const sums: Record<Arm, number> = { canary: 0, control: 0, rest: 0 };
    for (const { arm, requests } of rows) sums[arm] += requests / (current - first);
    return sums;
  }

  #add({ kind, arm, attempt, stage, sharePpm, requests }: ArmCount, minute: number): void {
    this.#sql.exec(
      `INSERT INTO arm_count VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET requests = requests + excluded.requests`,
      kind,
      arm,
      attempt,
      stage,
      sharePpm,
      requests,
    );
    this.#sql.exec(
      `INSERT INTO minute VALUES (?, ?, ?)
        ON CONFLICT DO UPDATE SET requests = requests + excluded.requests`,
      minute,
      arm,
      requests,
    );
  }

  #forget(nowMs: number): void {
    this.#sql.exec("DELETE FROM batch WHERE at_ms < ?", nowMs - keptBatchesMs);
    this.#sql.exec(
      "DELETE FROM minute WHERE minute < ?",
      Math.floor(nowMs / minuteMs) - keptMinutes,
    );
  }
}
