// When a shard tells of itself: a minute after it began to work, and every minute while
// it works or a sink of it fails. What was told last is kept, so that a crash neither
// repeats a count nor loses one.
import { hasWorked, pipelineEvents, type Reading } from "#rum/pipeline-events.ts";
import type { WideEvent } from "#rum/wide-event.ts";

const betweenReportsMs = 60_000;

export class SelfReport {
  static readonly steps: readonly string[] = [
    `CREATE TABLE self_report (
      id INTEGER PRIMARY KEY CHECK (id = 1), at_ms INTEGER NOT NULL, reading TEXT NOT NULL
    )`,
  ];

  readonly #sql: SqlStorage;
  readonly #shard: string;
  #told: Reading | undefined;
  #dueMs: number | undefined;

  constructor(sql: SqlStorage, shard: string) {
    this.#sql = sql;
    this.#shard = shard;
    const stored = sql.exec<{ reading: string }>("SELECT reading FROM self_report").toArray()[0];
    this.#told = stored === undefined ? undefined : (JSON.parse(stored.reading) as Reading);
  }

  /** Whether there is something to tell, now or in a while. */
  get isOwed(): boolean {
    return this.#dueMs !== undefined;
  }

  /** Takes up what was owed before a crash: where events wait, their sink may fail. */
  resume(reading: Reading): void {
    const isWaiting = reading.sinks.some(({ waiting }) => waiting > 0);
    if (isWaiting || hasWorked(this.#told, reading)) this.owe(reading.atMs);
  }

  /** Notes that the shard works. */
  owe(nowMs: number): void {
    this.#dueMs ??= nowMs + betweenReportsMs;
  }

  /** The events to send now, written down as told: to be called where they are sent. */
  take(nowMs: number, read: () => Reading): readonly WideEvent[] {
    if (this.#dueMs === undefined || nowMs < this.#dueMs) return [];
    this.#dueMs = undefined;
    const reading = read();
    const isFailing = reading.sinks.some(({ lastFailure }) => lastFailure !== "");
    if (!hasWorked(this.#told, reading) && !isFailing) return [];
    if (isFailing) this.owe(nowMs);
    const events = pipelineEvents(this.#shard, this.#told, reading);
    const insert = "INSERT OR REPLACE INTO self_report VALUES (1, ?, ?)";
    this.#sql.exec(insert, reading.atMs, JSON.stringify(reading));
    this.#told = reading;
    return events;
  }
}
