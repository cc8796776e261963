// Every revision of every pointer of one account, in the object's own database, and what
// they hold. A deleted id keeps its last record alone.
import * as v from "valibot";
import { recordSchema } from "#src/adapters/pointer-schema.ts";
import { releasePrefix } from "#src/adapters/releases.ts";
import {
  isDeleted,
  type Pointer,
  type PointerKind,
  type PointerRecord,
  type Tombstone,
} from "#src/delivery/pointer.ts";
import { AccountTable } from "./account-table.ts";
import type { Item } from "./attempt-table.ts";

type Row = { document: string };

/** A record and the text that is to be copied. */
export type Due = { readonly record: PointerRecord; readonly document: string };

export class PointerTable {
  static readonly steps = [
    `CREATE TABLE revision (
      kind TEXT NOT NULL, id TEXT NOT NULL, revision INTEGER NOT NULL, document TEXT NOT NULL,
      PRIMARY KEY (kind, id, revision)
    )`,
    `CREATE TABLE head (
      kind TEXT NOT NULL, id TEXT NOT NULL, document TEXT NOT NULL, copied INTEGER NOT NULL,
      PRIMARY KEY (kind, id)
    )`,
  ];
  static readonly laterSteps = [
    ...AccountTable.steps,
    "CREATE TABLE doomed_release (id TEXT NOT NULL, prefix TEXT NOT NULL, PRIMARY KEY (id, prefix))",
    ...AccountTable.laterSteps,
  ];

  readonly account: AccountTable;
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#sql = storage.sql;
    this.account = new AccountTable(storage);
    if (this.account.isEmpty) this.#countAll();
  }

  /** The last record of an id; undefined where nothing was ever published. */
  record(kind: PointerKind, id: string): PointerRecord | undefined {
    const query = "SELECT document FROM head WHERE kind = ? AND id = ?";
    return this.#sql.exec<Row>(query, kind, id).toArray().map(recordFrom)[0];
  }

  /** The current revision; undefined where there is none, or none any more. */
  head<K extends PointerKind>(kind: K, id: string): Extract<Pointer, { kind: K }> | undefined {
    const record = this.record(kind, id);
    if (record === undefined || isDeleted(record)) return undefined;
    return record as Extract<Pointer, { kind: K }>;
  }

  /** One revision, current or earlier. */
  revision(kind: PointerKind, id: string, revision: number): Pointer | undefined {
    const query = "SELECT document FROM revision WHERE kind = ? AND id = ? AND revision = ?";
    return this.#pointers(query, kind, id, revision)[0];
  }

  /** Newest first. */
  history(kind: PointerKind, id: string, limit: number): readonly Pointer[] {
    const query =
      "SELECT document FROM revision WHERE kind = ? AND id = ? ORDER BY revision DESC LIMIT ?";
    return this.#pointers(query, kind, id, limit);
  }

  /** Whether any revision of a snippet was released under this prefix. */
  hasReleased(id: string, prefix: string): boolean {
    const query = `SELECT 1 FROM revision WHERE kind = 'snippet' AND id = ?
      AND substr(json_extract(document, '$.content.composition.identity.sha256'), 1, ?) = ? LIMIT 1`;
    return this.#sql.exec(query, id, prefix.length, prefix).toArray().length > 0;
  }

  /** The current revision of every id, by id. */
  heads(kind: PointerKind): readonly Pointer[] {
    const query = `SELECT document FROM head
      WHERE kind = ? AND json_extract(document, '$.deleted') IS NULL ORDER BY id`;
    return this.#pointers(query, kind);
  }

  /** How many ids are live, of both kinds. */
  countIds(): number {
    const query =
      "SELECT count(*) AS n FROM head WHERE json_extract(document, '$.deleted') IS NULL";
    return this.#sql.exec<{ n: number }>(query).one().n;
  }

  /** Makes `pointer` the current revision; its copy at the edge is then due. */
  save(pointer: Pointer, payloadBytes: number): void {
    this.#storage.transactionSync(() => {
      const { kind, id, revision } = pointer;
      const insert = "INSERT INTO revision VALUES (?, ?, ?, ?)";
      this.#sql.exec(insert, kind, id, revision, JSON.stringify(pointer));
      this.account.hold(pointer, payloadBytes);
      this.#setHead(pointer);
      if (pointer.kind !== "snippet") return;
      const prefix = releasePrefix(pointer.content.composition.identity.sha256);
      this.forgetDoomed(id, prefix);
    });
  }

  /** Replaces where the bytes of a revision are found; what it says stays. */
  restate(pointer: Pointer): void {
    this.#storage.transactionSync(() => {
      const { kind, id, revision } = pointer;
      const before = this.revision(kind, id, revision);
      if (before === undefined) return;
      const update = "UPDATE revision SET document = ? WHERE kind = ? AND id = ? AND revision = ?";
      this.#sql.exec(update, JSON.stringify(pointer), kind, id, revision);
      this.account.hold(pointer);
      this.account.drop(before);
      if (this.head(kind, id)?.revision === revision) this.#setHead(pointer);
    });
  }

  /** Leaves `tombstones` in the place of their ids; what they held is nobody's any more. */
  bury(tombstones: readonly Tombstone[]): void {
    this.#storage.transactionSync(() => {
      for (const tombstone of tombstones) this.#buryOne(tombstone);
    });
  }

  #buryOne(tombstone: Tombstone): void {
    const { kind, id } = tombstone;
    for (const each of this.history(kind, id, Number.MAX_SAFE_INTEGER)) {
      this.account.drop(each);
      if (each.kind !== "snippet") continue;
      const prefix = releasePrefix(each.content.composition.identity.sha256);
      this.#sql.exec("INSERT OR IGNORE INTO doomed_release VALUES (?, ?)", id, prefix);
    }
    this.#sql.exec("DELETE FROM revision WHERE kind = ? AND id = ?", kind, id);
    this.#setHead(tombstone);
  }

  /** Records whose copy at the edge is due. */
  uncopied(limit: number): readonly Due[] {
    const query = "SELECT document FROM head WHERE copied = 0 LIMIT ?";
    const rows = this.#sql.exec<Row>(query, limit).toArray();
    return rows.map((row) => ({ record: recordFrom(row), document: row.document }));
  }

  /** Whether nothing of the id is left to be written or deleted at the edge. */
  isSettled({ kind, id }: Item): boolean {
    const query = "SELECT copied FROM head WHERE kind = ? AND id = ?";
    const [head] = this.#sql.exec<{ copied: number }>(query, kind, id).toArray();
    const doomed = "SELECT 1 FROM doomed_release WHERE ? = 'snippet' AND id = ? LIMIT 1";
    return head?.copied === 1 && this.#sql.exec(doomed, kind, id).toArray().length === 0;
  }

  /** The copy of exactly this document was written. */
  markCopied({ record, document }: Due): void {
    const update = "UPDATE head SET copied = 1 WHERE kind = ? AND id = ? AND document = ?";
    this.#sql.exec(update, record.kind, record.id, document);
  }

  /** Releases of deleted snippets whose records at the edge are still there. */
  doomedReleases(limit: number): readonly { readonly id: string; readonly prefix: string }[] {
    const query = "SELECT id, prefix FROM doomed_release LIMIT ?";
    return this.#sql.exec<{ id: string; prefix: string }>(query, limit).toArray();
  }

  forgetDoomed(id: string, prefix: string): void {
    this.#sql.exec("DELETE FROM doomed_release WHERE id = ? AND prefix = ?", id, prefix);
  }

  // Accounts that published before holdings were counted.
  #countAll(): void {
    const revisions = this.#pointers("SELECT document FROM revision");
    this.#storage.transactionSync(() => {
      for (const each of revisions) this.account.hold(each);
    });
  }

  #pointers(query: string, ...bindings: (string | number)[]): readonly Pointer[] {
    const rows = this.#sql.exec<Row>(query, ...bindings).toArray();
    return rows.map(recordFrom).filter(isLive);
  }

  #setHead(record: PointerRecord): void {
    const replace = "INSERT OR REPLACE INTO head VALUES (?, ?, ?, 0)";
    this.#sql.exec(replace, record.kind, record.id, JSON.stringify(record));
  }
}

function isLive(record: PointerRecord): record is Pointer {
  return !isDeleted(record);
}

function recordFrom({ document }: Row): PointerRecord {
  return v.parse(recordSchema, JSON.parse(document));
}
