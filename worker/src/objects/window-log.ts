// The tables of a `Window` object: the log, what was closed, and events laid down for
// sinks that lag. Rows of the log are written over once nobody needs them: to delete
// and to insert would cost twice as much.
import type { WideEvent } from "#rum/wide-event.ts";
import type { Closings } from "#rum/window/closed-views.ts";
import type { Chunk, Chunks } from "#rum/window/outbox.ts";

/** One commit. */
export type LogRow = {
  readonly slot: number;
  /** Grows by one from commit to commit, from 1. */
  readonly row: number;
  readonly atMs: number;
  readonly beacons: string;
  readonly events: string;
  /** The shard's state after it, as JSON. */
  readonly state: string;
};

/** Bytes that a row may have, with room for its other columns. */
const mostRowBytes = 1_800_000;

export class WindowLog implements Chunks {
  static readonly steps: readonly string[] = [
    `CREATE TABLE log (
      slot INTEGER PRIMARY KEY, row INTEGER NOT NULL, at_ms INTEGER NOT NULL,
      beacons TEXT NOT NULL, events TEXT NOT NULL, state TEXT NOT NULL
    )`,
    `CREATE TABLE closing (
      row INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, views TEXT NOT NULL
    )`,
    `CREATE TABLE chunk (
      first_seq INTEGER PRIMARY KEY, last_seq INTEGER NOT NULL, sealed_at_ms INTEGER NOT NULL,
      events TEXT NOT NULL
    )`,
  ];

  readonly #sql: SqlStorage;
  #rowsWritten = 0;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Rows that were written or deleted since the object started. */
  get rowsWritten(): number {
    return this.#rowsWritten;
  }

  get storedBytes(): number {
    return this.#sql.databaseSize;
  }

  write({ slot, row, atMs, beacons, events, state }: LogRow): void {
    this.#run("INSERT OR REPLACE INTO log VALUES (?, ?, ?, ?, ?, ?)", [
      slot,
      row,
      atMs,
      beacons,
      events,
      state,
    ]);
  }

  /** The rows from the oldest that is needed on, in their order. */
  rows(from: number): readonly LogRow[] {
    const columns = "slot, row, at_ms AS atMs, beacons, events, state";
    return this.#sql
      .exec<LogRow & Record<string, SqlStorageValue>>(
        `SELECT ${columns} FROM log WHERE row >= ? ORDER BY row`,
        from,
      )
      .toArray();
  }

  /** The state after the last commit; undefined before the first. */
  lastState(): string | undefined {
    const query = "SELECT state FROM log ORDER BY row DESC LIMIT 1";
    return this.#sql.exec<{ state: string }>(query).toArray()[0]?.state;
  }

  /** Slots of rows before `row`. */
  slotsBefore(row: number): readonly number[] {
    const query = "SELECT slot FROM log WHERE row < ?";
    return this.#sql
      .exec<{ slot: number }>(query, row)
      .toArray()
      .map(({ slot }) => slot);
  }

  /** Deletes what is in these slots. */
  erase(slots: readonly number[]): void {
    for (const slot of slots) this.#run("DELETE FROM log WHERE slot = ?", [slot]);
  }

  /** Writes down what was closed in the generation that began at `sinceMs`. */
  close(sinceMs: number, closings: Closings): void {
    const views = JSON.stringify([...closings].flat());
    this.#run("INSERT INTO closing (at_ms, views) VALUES (?, ?)", [sinceMs, views]);
  }

  /** All that was closed and not forgotten, and when its generation began. */
  *closings(): Iterable<{ readonly sinceMs: number; readonly closings: Closings }> {
    const query = "SELECT at_ms AS sinceMs, views FROM closing";
    for (const { sinceMs, views } of this.#sql.exec<{ sinceMs: number; views: string }>(query)) {
      const list = JSON.parse(views) as (string | number)[];
      const closings = new Map<string, number>();
      for (let at = 0; at < list.length; at += 2) {
        closings.set(String(list[at]), Number(list[at + 1]));
      }
      yield { sinceMs, closings };
    }
  }

  /** Deletes generations that began before. */
  forgetClosings(beforeMs: number): void {
    this.#run("DELETE FROM closing WHERE at_ms < ?", [beforeMs]);
  }

  keep(chunk: Chunk): void {
    const text = JSON.stringify(chunk.events);
    if (text.length > mostRowBytes / 3 && !fits(text) && chunk.events.length > 1) {
      for (const half of halvesOf(chunk)) this.keep(half);
      return;
    }
    const { firstSeq, lastSeq, sealedAtMs } = chunk;
    this.#run("INSERT OR REPLACE INTO chunk VALUES (?, ?, ?, ?)", [
      firstSeq,
      lastSeq,
      sealedAtMs,
      text,
    ]);
  }

  find(seq: number): Chunk | undefined {
    const query = `SELECT first_seq AS firstSeq, last_seq AS lastSeq, sealed_at_ms AS sealedAtMs, events
      FROM chunk WHERE first_seq <= ? ORDER BY first_seq DESC LIMIT 1`;
    type Row = { firstSeq: number; lastSeq: number; sealedAtMs: number; events: string };
    const row = this.#sql.exec<Row>(query, seq).toArray()[0];
    if (row === undefined || row.lastSeq < seq) return undefined;
    return { ...row, events: JSON.parse(row.events) as WideEvent[] };
  }

  drop(lastSeq: number): void {
    this.#run("DELETE FROM chunk WHERE first_seq <= ? AND last_seq <= ?", [lastSeq, lastSeq]);
  }

  /** Last event that was laid down; 0 where none is. */
  laidDown(): number {
    const query = "SELECT coalesce(max(last_seq), 0) AS seq FROM chunk";
    return this.#sql.exec<{ seq: number }>(query).one().seq;
  }

  #run(statement: string, values: readonly SqlStorageValue[]): void {
    this.#rowsWritten += this.#sql.exec(statement, ...values).rowsWritten;
  }
}

function fits(text: string): boolean {
  return new TextEncoder().encode(text).length <= mostRowBytes;
}

function halvesOf({ firstSeq, lastSeq, sealedAtMs, events }: Chunk): readonly Chunk[] {
  const middle = Math.ceil(events.length / 2);
  return [
    {
      firstSeq,
      lastSeq: firstSeq + middle - 1,
      sealedAtMs,
      events: events.slice(0, middle),
    },
    { firstSeq: firstSeq + middle, lastSeq, sealedAtMs, events: events.slice(middle) },
  ];
}
