// One flag's sums: how many requests each of its arms got. Batches that come
// again, because an answer was lost, count once.
import type { Arm } from "#flags/arms.ts";
import { slotMs, slotsKept, wholeAttempt, type CountedBuckets } from "#src/canary/assignments.ts";
import type { ArmCount, CountBatch, Counted } from "#src/adapters/rollouts.ts";

const minuteMs = 60_000;
const keptMinutes = 15;
/** Minutes over which a rate is told: long enough to be calm, short enough to be news. */
const ratedMinutes = 5;
/** An isolate that said nothing for so long will not repeat itself. */
const keptBatchesMs = 3_600_000;

/** Rows that are out of date do no harm: they go with every so many batches of an isolate. */
const forgetEvery = 16;

type ArmCountRow = { [K in Exclude<keyof ArmCount, "buckets">]: ArmCount[K] };
type BucketRow = Omit<CountedBuckets, "attempt" | "buckets"> & { buckets: ArrayBuffer };
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

  /** Those that came after other tables' steps. */
  static readonly laterSteps = [
    `CREATE TABLE arm_bucket (
      attempt INTEGER NOT NULL, kind TEXT NOT NULL, arm TEXT NOT NULL, slot INTEGER NOT NULL,
      buckets BLOB NOT NULL, PRIMARY KEY (attempt, kind, arm, slot)
    ) WITHOUT ROWID`,
  ];

  /** What is held against arrivals was once all that was requested. */
  static readonly latestSteps = [
    "ALTER TABLE arm_count ADD COLUMN visits REAL NOT NULL DEFAULT 0",
    "UPDATE arm_count SET visits = requests",
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
      for (const each of counts) {
        this.#add(each, Math.floor(nowMs / minuteMs));
        this.#addBuckets(each, wholeAttempt);
        this.#addBuckets(each, Math.floor(nowMs / slotMs));
      }
      if (seq % forgetEvery === 0) this.#forget(nowMs);
    });
  }

  all(): readonly ArmCount[] {
    const rows = this.#sql.exec<ArmCountRow>(
      `SELECT kind, arm, attempt, stage, share_ppm AS sharePpm, requests, visits
        FROM arm_count ORDER BY attempt, stage, share_ppm, kind, arm`,
    );
    return rows.toArray();
  }

  /** Requests of an attempt by the bucket of their unit, in whole and in slots of the last hour. */
  buckets(attempt: number): readonly CountedBuckets[] {
    const query = "SELECT kind, arm, slot, buckets FROM arm_bucket WHERE attempt = ?";
    const rows = this.#sql.exec<{ [K in keyof BucketRow]: BucketRow[K] }>(query, attempt).toArray();
    return rows.map(({ kind, arm, slot, buckets }) => {
      return { kind, arm, attempt, slot, buckets: [...new Float64Array(buckets)] };
    });
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

  #add(count: ArmCount, minute: number): void {
    const { kind, arm, attempt, stage, sharePpm, requests, visits } = count;
    this.#sql.exec(
      `INSERT INTO arm_count VALUES (?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE
        SET requests = requests + excluded.requests, visits = visits + excluded.visits`,
      kind,
      arm,
      attempt,
      stage,
      sharePpm,
      requests,
      visits,
    );
    this.#sql.exec(
      `INSERT INTO minute VALUES (?, ?, ?)
        ON CONFLICT DO UPDATE SET requests = requests + excluded.requests`,
      minute,
      arm,
      requests,
    );
  }

  #addBuckets({ attempt, kind, arm, buckets }: ArmCount, slot: number): void {
    if (buckets === undefined) return;
    const query = "SELECT buckets FROM arm_bucket WHERE (attempt, kind, arm, slot) = (?, ?, ?, ?)";
    const [row] = this.#sql
      .exec<{ buckets: ArrayBuffer }>(query, attempt, kind, arm, slot)
      .toArray();
    const before = row && new Float64Array(row.buckets);
    const sums = Float64Array.from(buckets, (count, at) => count + (before?.[at] ?? 0));
    const upsert = "INSERT OR REPLACE INTO arm_bucket VALUES (?, ?, ?, ?, ?)";
    this.#sql.exec(upsert, attempt, kind, arm, slot, sums.buffer);
  }

  #forget(nowMs: number): void {
    const oldest = Math.floor(nowMs / slotMs) - slotsKept;
    const forget = "DELETE FROM arm_bucket WHERE slot BETWEEN 0 AND ?";
    this.#sql.exec(forget, oldest - 1);
    this.#sql.exec("DELETE FROM batch WHERE at_ms < ?", nowMs - keptBatchesMs);
    this.#sql.exec(
      "DELETE FROM minute WHERE minute < ?",
      Math.floor(nowMs / minuteMs) - keptMinutes,
    );
  }
}
