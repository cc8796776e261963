// What one account holds in the stores, how often it published, and what was set for it.
import { copyTtlS } from "#src/adapters/artifacts.ts";
import { hourMs, type Quotas } from "#src/delivery/quota.ts";
import { isDeleted, type PointerRecord } from "#src/delivery/pointer.ts";
import type { Digest, Representations } from "#src/delivery/representation.ts";

type Setting = { readonly isClosed: boolean; readonly quotas: Partial<Quotas> };
type Held = { readonly sha256: Digest; readonly bytes: number };

const composedKeptMs = copyTtlS * 1_000 + 24 * hourMs;

export class AccountTable {
  static readonly steps = [
    "CREATE TABLE held (digest TEXT PRIMARY KEY, bytes INTEGER NOT NULL, uses INTEGER NOT NULL)",
    "CREATE TABLE published (at_ms INTEGER NOT NULL)",
    "CREATE TABLE setting (one INTEGER PRIMARY KEY CHECK (one = 1), document TEXT NOT NULL)",
  ];
  static readonly laterSteps = [
    "CREATE TABLE composed (digest TEXT PRIMARY KEY, until_ms INTEGER NOT NULL)",
  ];

  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    this.#sql = storage.sql;
  }

  /** True before the first `hold` of an account that published before holdings were counted. */
  get isEmpty(): boolean {
    return this.#sql.exec("SELECT 1 FROM held LIMIT 1").toArray().length === 0;
  }

  /** Counts what a revision names; `payloadBytes` is what the record itself does not say. */
  hold(record: PointerRecord, payloadBytes = 0): void {
    const upsert = `INSERT INTO held VALUES (?, ?, 1) ON CONFLICT (digest)
      DO UPDATE SET uses = uses + 1, bytes = max(bytes, excluded.bytes)`;
    for (const { sha256, bytes } of namedBy(record, payloadBytes)) {
      this.#sql.exec(upsert, sha256, bytes);
    }
  }

  drop(record: PointerRecord): void {
    for (const { sha256 } of namedBy(record, 0)) {
      this.#sql.exec("UPDATE held SET uses = uses - 1 WHERE digest = ?", sha256);
      this.#sql.exec("DELETE FROM held WHERE digest = ? AND uses <= 0", sha256);
    }
  }

  /** Bytes that revisions hold, each artifact once. */
  bytes(): number {
    return this.#sql.exec<{ n: number }>("SELECT coalesce(sum(bytes), 0) AS n FROM held").one().n;
  }

  /** Keeps what a flag asked for, for longer than its record at the edge lives. */
  keepComposed(digests: readonly Digest[], nowMs: number): void {
    this.#sql.exec("DELETE FROM composed WHERE until_ms <= ?", nowMs);
    const upsert = "INSERT OR REPLACE INTO composed VALUES (?, ?)";
    for (const digest of digests) this.#sql.exec(upsert, digest, nowMs + composedKeptMs);
  }

  /** Digests that are needed, in order, from the first after `after`. */
  named(after: string, limit: number, nowMs: number): readonly Digest[] {
    const query = `SELECT digest FROM held WHERE digest > ?1
      UNION SELECT digest FROM composed WHERE digest > ?1 AND until_ms > ?2
      ORDER BY digest LIMIT ?3`;
    const rows = this.#sql.exec<{ digest: Digest }>(query, after, nowMs, limit).toArray();
    return rows.map(({ digest }) => digest);
  }

  notePublish(nowMs: number): void {
    this.#sql.exec("DELETE FROM published WHERE at_ms <= ?", nowMs - hourMs);
    this.#sql.exec("INSERT INTO published VALUES (?)", nowMs);
  }

  /** Publishes of the last hour, oldest first. */
  publishesAtMs(nowMs: number): readonly number[] {
    const query = "SELECT at_ms FROM published WHERE at_ms > ? ORDER BY at_ms";
    const rows = this.#sql.exec<{ at_ms: number }>(query, nowMs - hourMs).toArray();
    return rows.map(({ at_ms }) => at_ms);
  }

  setting(): Setting {
    const [row] = this.#sql.exec<{ document: string }>("SELECT document FROM setting").toArray();
    const stored = row === undefined ? {} : (JSON.parse(row.document) as Partial<Setting>);
    return { isClosed: false, quotas: {}, ...stored };
  }

  set(change: Partial<Setting>): void {
    const document = JSON.stringify({ ...this.setting(), ...change });
    this.#sql.exec("INSERT OR REPLACE INTO setting VALUES (1, ?)", document);
  }
}

/** Every artifact that a revision names, each once. */
function namedBy(record: PointerRecord, payloadBytes: number): readonly Held[] {
  if (isDeleted(record)) return [];
  const all: Held[] = [];
  if (record.kind === "datafile") {
    const { body, candidate } = record.content;
    all.push(...formsOf(body), ...(candidate === undefined ? [] : formsOf(candidate)));
  } else {
    const { payload, engine, beacon, composition } = record.content;
    all.push({ sha256: payload, bytes: payloadBytes }, { sha256: engine.sha256, bytes: 0 });
    if (beacon !== undefined && beacon !== "off") {
      all.push({ sha256: beacon.early, bytes: 0 }, { sha256: beacon.collector, bytes: 0 });
    }
    all.push(...formsOf(composition));
  }
  return [...new Map(all.map((each) => [each.sha256, each])).values()];
}

function formsOf(stored: Representations): readonly Held[] {
  return Object.values(stored);
}
