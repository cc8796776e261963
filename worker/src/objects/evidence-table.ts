// The evidence of a flag's present attempt, one row. An earlier attempt's goes: its verdicts
// hold what they were computed from.
import { decodeEvidence, encodeEvidence } from "#src/canary/evidence-codec.ts";
import { emptyEvidence, type Evidence } from "#src/canary/evidence.ts";
import type { Report } from "#src/adapters/report.ts";

type Attempt = Pick<Evidence, "flag" | "attempt">;

export class EvidenceTable {
  static readonly steps = [
    `CREATE TABLE evidence (
      id INTEGER PRIMARY KEY CHECK (id = 1), attempt INTEGER NOT NULL, bytes BLOB NOT NULL
    )`,
  ];

  readonly #sql: SqlStorage;
  readonly #report: Report;
  #held: Evidence | undefined;

  constructor(storage: DurableObjectStorage, report: Report) {
    this.#sql = storage.sql;
    this.#report = report;
  }

  /** Of this attempt; empty before its first event. */
  of({ flag, attempt }: Attempt): Evidence {
    this.#held ??= this.#load();
    const isSame = this.#held?.flag === flag && this.#held.attempt === attempt;
    return isSame && this.#held !== undefined ? this.#held : emptyEvidence({ flag, attempt });
  }

  /** The new evidence is the evidence once its row is written, and not before. */
  save(evidence: Evidence): void {
    const bytes = encodeEvidence(evidence);
    const upsert = "INSERT OR REPLACE INTO evidence VALUES (1, ?, ?)";
    this.#sql.exec(upsert, evidence.attempt, bytes.slice().buffer);
    this.#held = evidence;
  }

  // Begins anew where a row cannot be read: what is missing is missing in both arms.
  #load(): Evidence | undefined {
    const query = "SELECT bytes FROM evidence";
    const [row] = this.#sql.exec<{ bytes: ArrayBuffer }>(query).toArray();
    if (row === undefined) return undefined;
    const decoded = decodeEvidence(new Uint8Array(row.bytes));
    if (decoded.ok) return decoded.value;
    this.#report("evidence_unreadable", { ...decoded.error });
    return undefined;
  }
}
