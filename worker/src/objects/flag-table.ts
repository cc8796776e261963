// Rollouts, definitions, policy, keys and freshly moved pointers, and the two
// numbers that grow with them: the epoch with every change that can move a
// request to another arm, the edition with every change at all.
import type { FlagSet } from "#flags/definition.ts";
import type { Ring } from "#rum/window/ring.ts";
import type { Rollout } from "#flags/rollout.ts";
import { withoutWithdrawn } from "#flags/stored-rollout.ts";
import type { Definitions, Policy } from "#src/adapters/flag-registry.ts";
import type { PointerRecord } from "#src/delivery/pointer.ts";

type Document = { document: string };
type Revised = { document: string; revision: number };

/** Rows of `setting`, by name. */
type Setting = "policy" | "definitions" | "edition" | "epoch" | "codes" | "paused sinks" | "rings";

const initialPolicy = { maxLive: 8, freezes: [], automatic: true };
const initialSet: FlagSet = { flags: {} };

export class FlagTable {
  static readonly steps = [
    "CREATE TABLE rollout (flag TEXT PRIMARY KEY, document TEXT NOT NULL)",
    `CREATE TABLE setting (
      name TEXT PRIMARY KEY, document TEXT NOT NULL, revision INTEGER NOT NULL
    )`,
    `CREATE TABLE moved_pointer (
      kind TEXT NOT NULL, id TEXT NOT NULL, moved_at_ms INTEGER NOT NULL, document TEXT NOT NULL,
      PRIMARY KEY (kind, id)
    )`,
    "CREATE TABLE signing_key (made_at_ms INTEGER PRIMARY KEY, key TEXT NOT NULL)",
  ];

  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    this.#sql = storage.sql;
  }

  /** By flag. */
  rollouts(): readonly Rollout[] {
    const rows = this.#sql.exec<Document>("SELECT document FROM rollout ORDER BY flag");
    return rows.toArray().map(rolloutFrom);
  }

  rollout(flag: string): Rollout | undefined {
    const query = "SELECT document FROM rollout WHERE flag = ?";
    const [row] = this.#sql.exec<Document>(query, flag).toArray();
    return row === undefined ? undefined : rolloutFrom(row);
  }

  save(rollout: Rollout): void {
    const upsert = "INSERT OR REPLACE INTO rollout VALUES (?, ?)";
    this.#sql.exec(upsert, rollout.flag, JSON.stringify(rollout));
  }

  delete(flag: string): void {
    this.#sql.exec("DELETE FROM rollout WHERE flag = ?", flag);
  }

  definitions(): Definitions {
    const { document, revision } = this.#setting("definitions");
    return { set: document === "" ? initialSet : (JSON.parse(document) as FlagSet), revision };
  }

  saveDefinitions(set: FlagSet): number {
    return this.#save("definitions", JSON.stringify(set));
  }

  policy(): Policy {
    const { document, revision } = this.#setting("policy");
    const stored = document === "" ? {} : (JSON.parse(document) as Partial<Policy>);
    return { ...initialPolicy, ...stored, revision };
  }

  savePolicy({ maxLive, freezes, automatic }: Omit<Policy, "revision">): number {
    return this.#save("policy", JSON.stringify({ maxLive, freezes, automatic }));
  }

  /** By name. */
  pausedSinks(): readonly string[] {
    const { document } = this.#setting("paused sinks");
    return document === "" ? [] : (JSON.parse(document) as readonly string[]);
  }

  savePausedSinks(names: readonly string[]): void {
    this.#save("paused sinks", JSON.stringify(names));
  }

  /** Newest first; none before the first change. */
  rings(): readonly Ring[] {
    const { document } = this.#setting("rings");
    return document === "" ? [] : (JSON.parse(document) as readonly Ring[]);
  }

  saveRings(rings: readonly Ring[]): void {
    this.#save("rings", JSON.stringify(rings));
  }

  get edition(): number {
    return this.#setting("edition").revision;
  }

  get epoch(): number {
    return this.#setting("epoch").revision;
  }

  /** The next edition; also the next epoch where `flags` says that requests may change arm. */
  advance({ flags }: { readonly flags: boolean }): void {
    const edition = this.#save("edition", "");
    if (flags) this.#sql.exec("INSERT OR REPLACE INTO setting VALUES ('epoch', '', ?)", edition);
  }

  /** A number that no rollout had before. */
  nextCode(): number {
    return this.#save("codes", "");
  }

  /** Keeps the newest moves alone. */
  remember(moved: readonly PointerRecord[], { nowMs, keepMs, most }: Retention): void {
    const upsert = "INSERT OR REPLACE INTO moved_pointer VALUES (?, ?, ?, ?)";
    for (const each of moved) {
      this.#sql.exec(upsert, each.kind, each.id, nowMs, JSON.stringify(each));
    }
    this.#sql.exec("DELETE FROM moved_pointer WHERE moved_at_ms < ?", nowMs - keepMs);
    this.#sql.exec(
      `DELETE FROM moved_pointer WHERE rowid NOT IN
        (SELECT rowid FROM moved_pointer ORDER BY moved_at_ms DESC, rowid DESC LIMIT ?)`,
      most,
    );
  }

  movedSince(sinceMs: number): readonly unknown[] {
    const query = "SELECT document FROM moved_pointer WHERE moved_at_ms >= ?";
    return this.#sql.exec<Document>(query, sinceMs).toArray().map(parsed);
  }

  /** Newest first. */
  signingKeys(): readonly { readonly key: string; readonly madeAtMs: number }[] {
    const query = "SELECT key, made_at_ms FROM signing_key ORDER BY made_at_ms DESC";
    const rows = this.#sql.exec<{ key: string; made_at_ms: number }>(query).toArray();
    return rows.map(({ key, made_at_ms }) => ({ key, madeAtMs: made_at_ms }));
  }

  /** Adds a key; only `most` of the newest are kept. */
  addSigningKey(key: string, { nowMs, most }: Pick<Retention, "nowMs" | "most">): void {
    this.#sql.exec("INSERT OR REPLACE INTO signing_key VALUES (?, ?)", nowMs, key);
    this.#sql.exec(
      `DELETE FROM signing_key WHERE made_at_ms NOT IN
        (SELECT made_at_ms FROM signing_key ORDER BY made_at_ms DESC LIMIT ?)`,
      most,
    );
  }

  #setting(name: Setting): Revised {
    const query = "SELECT document, revision FROM setting WHERE name = ?";
    return this.#sql.exec<Revised>(query, name).toArray()[0] ?? { document: "", revision: 0 };
  }

  #save(name: Setting, document: string): number {
    const revision = this.#setting(name).revision + 1;
    this.#sql.exec("INSERT OR REPLACE INTO setting VALUES (?, ?, ?)", name, document, revision);
    return revision;
  }
}

type Retention = { readonly nowMs: number; readonly keepMs: number; readonly most: number };

function rolloutFrom({ document }: Document): Rollout {
  return withoutWithdrawn(JSON.parse(document) as Rollout);
}

function parsed({ document }: Document): unknown {
  return JSON.parse(document);
}
