// What the Sweeper knows of artifacts, in its own database, and how far its cycle has come.
import type { Digest } from "#src/delivery/representation.ts";
import type { SweepMemory, SweepState } from "./sweep.ts";

type Condemned = { readonly since_ms: number; readonly removing_at_ms: number | null };

const initial: SweepState = {
  phase: "idle",
  startedAtMs: 0,
  endedAtMs: 0,
  account: "",
  digest: "",
  counts: { seen: 0, removed: 0 },
};

export class SweepTable implements SweepMemory {
  static readonly steps = [
    "CREATE TABLE named (digest TEXT PRIMARY KEY) WITHOUT ROWID",
    `CREATE TABLE condemned (
      digest TEXT PRIMARY KEY, since_ms INTEGER NOT NULL, removing_at_ms INTEGER
    ) WITHOUT ROWID`,
    "CREATE TABLE gone (digest TEXT PRIMARY KEY, at_ms INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE state (one INTEGER PRIMARY KEY CHECK (one = 1), document TEXT NOT NULL)",
  ];

  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    this.#sql = storage.sql;
  }

  state(): SweepState {
    const [row] = this.#sql.exec<{ document: string }>("SELECT document FROM state").toArray();
    return row === undefined ? initial : (JSON.parse(row.document) as SweepState);
  }

  save(state: SweepState): void {
    this.#sql.exec("INSERT OR REPLACE INTO state VALUES (1, ?)", JSON.stringify(state));
  }

  forgetNamed(): void {
    this.#sql.exec("DELETE FROM named");
  }

  addNamed(digests: readonly Digest[]): void {
    for (const digest of digests) this.#sql.exec("INSERT OR IGNORE INTO named VALUES (?)", digest);
  }

  isNamed(digest: Digest): boolean {
    const query = "SELECT 1 FROM named WHERE digest = ?";
    return this.#sql.exec(query, digest).toArray().length > 0;
  }

  condemnedAtMs(digest: Digest): number | undefined {
    return this.#condemned(digest)?.since_ms;
  }

  condemn(digest: Digest, nowMs: number): void {
    this.#sql.exec("INSERT OR IGNORE INTO condemned VALUES (?, ?, NULL)", digest, nowMs);
  }

  pardon(digest: Digest): void {
    this.#sql.exec("DELETE FROM condemned WHERE digest = ?", digest);
    this.#sql.exec("DELETE FROM gone WHERE digest = ?", digest);
  }

  removingAtMs(digest: Digest): number | undefined {
    return this.#condemned(digest)?.removing_at_ms ?? undefined;
  }

  setRemoving(digests: readonly Digest[], nowMs: number): void {
    const upsert = `INSERT INTO condemned VALUES (?, ?, ?)
      ON CONFLICT (digest) DO UPDATE SET removing_at_ms = excluded.removing_at_ms`;
    for (const digest of digests) this.#sql.exec(upsert, digest, nowMs, nowMs);
  }

  setGone(digest: Digest, nowMs: number): void {
    this.#sql.exec("DELETE FROM condemned WHERE digest = ?", digest);
    this.#sql.exec("INSERT OR REPLACE INTO gone VALUES (?, ?)", digest, nowMs);
  }

  goneBefore(ms: number, limit: number): readonly Digest[] {
    const query = "SELECT digest FROM gone WHERE at_ms < ? LIMIT ?";
    const rows = this.#sql.exec<{ digest: Digest }>(query, ms, limit).toArray();
    return rows.map(({ digest }) => digest);
  }

  countCondemned(): number {
    return this.#sql.exec<{ n: number }>("SELECT count(*) AS n FROM condemned").one().n;
  }

  #condemned(digest: Digest): Condemned | undefined {
    const query = "SELECT since_ms, removing_at_ms FROM condemned WHERE digest = ?";
    return this.#sql.exec<Condemned>(query, digest).toArray()[0];
  }
}
