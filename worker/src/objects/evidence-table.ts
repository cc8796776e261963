// The evidence of a flag's present attempt, one row, and a second one for what it was at
// restarts, which change seldom. An earlier attempt's goes: its verdicts
// hold what they were computed from.
import {
  decodeEvidence,
  decodeRestarts,
  encodeEvidence,
  encodeRestarts,
} from "#src/canary/evidence-codec.ts";
import { emptyEvidence, type Evidence } from "#src/canary/evidence.ts";
import { mostNumbered, noRestarts, type Restarts } from "#src/canary/restarts.ts";
import type { Report } from "#src/adapters/report.ts";

type Attempt = Pick<Evidence, "flag" | "attempt">;

export class EvidenceTable {
  static readonly steps = [
    `CREATE TABLE evidence (
      id INTEGER PRIMARY KEY CHECK (id = 1), attempt INTEGER NOT NULL, bytes BLOB NOT NULL
    )`,
  ];

  /** Those that came after other tables' steps. */
  static readonly laterSteps = [
    "CREATE TABLE evidence_restart (id INTEGER PRIMARY KEY CHECK (id = 1), bytes BLOB NOT NULL)",
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
    if (evidence.restarts !== this.#held?.restarts) {
      const restarts = encodeRestarts(evidence.restarts);
      const replace = "INSERT OR REPLACE INTO evidence_restart VALUES (1, ?)";
      this.#sql.exec(replace, restarts.slice().buffer);
    }
    this.#held = evidence;
  }

  // Begins anew where a row cannot be read: what is missing is missing in both arms.
  #load(): Evidence | undefined {
    const query = "SELECT bytes FROM evidence";
    const [row] = this.#sql.exec<{ bytes: ArrayBuffer }>(query).toArray();
    if (row === undefined) return undefined;
    const decoded = decodeEvidence(new Uint8Array(row.bytes));
    if (decoded.ok) return { ...decoded.value, restarts: this.#restarts() };
    this.#report("evidence_unreadable", { ...decoded.error });
    return undefined;
  }

  // Without its restarts evidence is what it was before there were any: late harm is seen later.
  #restarts(): Restarts {
    const query = "SELECT bytes FROM evidence_restart";
    const [row] = this.#sql.exec<{ bytes: ArrayBuffer }>(query).toArray();
    if (row === undefined) return noRestarts;
    const decoded = decodeRestarts(new Uint8Array(row.bytes));
    if (decoded.ok) return decoded.value;
    this.#report("evidence_unreadable", { ...decoded.error });
    // Whose numbers were bet on already is not known: none is begun again.
    return { ...noRestarts, count: mostNumbered };
  }
}
