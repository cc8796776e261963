// Every revision of every pointer of one account, in the object's own database.
import * as v from "valibot";
import { pointerSchema } from "#src/adapters/pointer-schema.ts";
import type { Pointer, PointerKind } from "#src/delivery/pointer.ts";

type Row = { document: string };

/** A pointer and the text that is to be copied. */
export type Due = { readonly pointer: Pointer; readonly document: string };

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

  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#sql = storage.sql;
  }

  /** The current revision; undefined where nothing was published. */
  head(kind: PointerKind, id: string): Pointer | undefined {
    const query = "SELECT document FROM head WHERE kind = ? AND id = ?";
    return this.#sql.exec<Row>(query, kind, id).toArray().map(pointerFrom)[0];
  }

  /** One revision, current or earlier. */
  revision(kind: PointerKind, id: string, revision: number): Pointer | undefined {
    const query = "SELECT document FROM revision WHERE kind = ? AND id = ? AND revision = ?";
    return this.#sql.exec<Row>(query, kind, id, revision).toArray().map(pointerFrom)[0];
  }

  /** Newest first. */
  history(kind: PointerKind, id: string, limit: number): readonly Pointer[] {
    const query =
      "SELECT document FROM revision WHERE kind = ? AND id = ? ORDER BY revision DESC LIMIT ?";
    return this.#sql.exec<Row>(query, kind, id, limit).toArray().map(pointerFrom);
  }

  /** The current revision of every id, by id. */
  heads(kind: PointerKind): readonly Pointer[] {
    const query = "SELECT document FROM head WHERE kind = ? ORDER BY id";
    return this.#sql.exec<Row>(query, kind).toArray().map(pointerFrom);
  }

  /** Makes `pointer` the current revision; its copy at the edge is then due. */
  save(pointer: Pointer): void {
    this.#storage.transactionSync(() => {
      const { kind, id, revision } = pointer;
      const insert = "INSERT INTO revision VALUES (?, ?, ?, ?)";
      this.#sql.exec(insert, kind, id, revision, JSON.stringify(pointer));
      this.#setHead(pointer);
    });
  }

  /** Replaces where the bytes of a revision are found; what it says stays. */
  restate(pointer: Pointer): void {
    this.#storage.transactionSync(() => {
      const { kind, id, revision } = pointer;
      const update = "UPDATE revision SET document = ? WHERE kind = ? AND id = ? AND revision = ?";
      this.#sql.exec(update, JSON.stringify(pointer), kind, id, revision);
      if (this.head(kind, id)?.revision === revision) this.#setHead(pointer);
    });
  }

  /** Current revisions whose copy at the edge is due. */
  uncopied(): readonly Due[] {
    const rows = this.#sql.exec<Row>("SELECT document FROM head WHERE copied = 0").toArray();
    return rows.map((row) => ({ pointer: pointerFrom(row), document: row.document }));
  }

  /** The copy of exactly this document was written. */
  markCopied({ pointer, document }: Due): void {
    const update = "UPDATE head SET copied = 1 WHERE kind = ? AND id = ? AND document = ?";
    this.#sql.exec(update, pointer.kind, pointer.id, document);
  }

  #setHead(pointer: Pointer): void {
    const replace = "INSERT OR REPLACE INTO head VALUES (?, ?, ?, 0)";
    this.#sql.exec(replace, pointer.kind, pointer.id, JSON.stringify(pointer));
  }
}

function pointerFrom({ document }: Row): Pointer {
  return v.parse(pointerSchema, JSON.parse(document));
}
