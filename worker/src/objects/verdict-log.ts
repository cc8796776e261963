// Verdicts with all that they were computed from. Those that moved the rollout stay; the
// others thin out with age, so that the log is bounded.
import type { StoredVerdict, VerdictLine, VerdictQuery } from "#src/adapters/rollouts.ts";
import type { Outcome } from "#src/canary/outcome.ts";
import { expendable } from "#src/canary/verdict-thinning.ts";

type LineRow = {
  seq: number;
  at_ms: number;
  attempt: number;
  action: VerdictLine["action"];
  reasons: string;
  outcome: string;
};
type FullRow = LineRow & { verdict: string; input: string };
type MarkRow = { seq: number; at_ms: number; moved: number; turned: number };

const columns = "seq, at_ms, attempt, action, reasons, outcome";
/** Thinning reads a mark of every verdict: once for so many new ones is enough. */
const thinEvery = 60;

export class VerdictLog {
  static readonly steps = [
    `CREATE TABLE verdict (
      seq INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, attempt INTEGER NOT NULL,
      action TEXT NOT NULL, reasons TEXT NOT NULL, outcome TEXT NOT NULL,
      moved INTEGER NOT NULL, turned INTEGER NOT NULL, verdict TEXT NOT NULL, input TEXT NOT NULL
    )`,
    "CREATE INDEX verdict_by_time ON verdict (at_ms)",
  ];

  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    this.#sql = storage.sql;
  }

  /** @returns its `seq`. */
  add({ verdict, input, outcome }: Pick<StoredVerdict, "verdict" | "input" | "outcome">): number {
    const { atMs, action, reasons } = verdict;
    const isNews = isTurn({ action, reasons, outcome }, this.latest());
    const { seq } = this.#sql
      .exec<{ seq: number }>(
        `INSERT INTO verdict
          (at_ms, attempt, action, reasons, outcome, moved, turned, verdict, input)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING seq`,
        atMs,
        input.rollout.attempt,
        action,
        JSON.stringify(reasons),
        JSON.stringify(outcome),
        outcome.outcome === "asked" ? 1 : 0,
        isNews ? 1 : 0,
        JSON.stringify(verdict),
        JSON.stringify(input),
      )
      .one();
    if (seq % thinEvery === 0) this.#thin(atMs);
    return seq;
  }

  /** Notes what came of a step that was asked for. One that was refused has moved nothing. */
  settle(seq: number, outcome: Outcome): void {
    const [own, before] = this.list({ beforeSeq: seq + 1, limit: 2 });
    const isNews = own === undefined || isTurn({ ...own, outcome }, before ?? null);
    const isMove = outcome.outcome === "done";
    const update = "UPDATE verdict SET outcome = ?, moved = ?, turned = ? WHERE seq = ?";
    this.#sql.exec(update, JSON.stringify(outcome), Number(isMove), Number(isNews), seq);
  }

  get(seq: number): StoredVerdict | null {
    const query = "SELECT * FROM verdict WHERE seq = ?";
    const [row] = this.#sql.exec<FullRow>(query, seq).toArray();
    return row === undefined ? null : storedFrom(row);
  }

  latest(): VerdictLine | null {
    return this.list({ beforeSeq: null, limit: 1 })[0] ?? null;
  }

  list({ beforeSeq, limit }: VerdictQuery): readonly VerdictLine[] {
    const query = `SELECT ${columns} FROM verdict WHERE seq < ? ORDER BY seq DESC LIMIT ?`;
    const below = beforeSeq ?? Number.MAX_SAFE_INTEGER;
    return this.#sql.exec<LineRow>(query, below, limit).toArray().map(lineFrom);
  }

  at(atMs: number): StoredVerdict | null {
    const query = "SELECT * FROM verdict WHERE at_ms <= ? ORDER BY at_ms DESC, seq DESC LIMIT 1";
    const [row] = this.#sql.exec<FullRow>(query, atMs).toArray();
    return row === undefined ? null : storedFrom(row);
  }

  #thin(nowMs: number): void {
    const query = "SELECT seq, at_ms, moved, turned FROM verdict ORDER BY at_ms, seq";
    const marks = this.#sql.exec<MarkRow>(query).toArray();
    const gone = expendable(
      marks.map(({ seq, at_ms, moved, turned }) => ({
        seq,
        atMs: at_ms,
        moved: moved === 1,
        turned: turned === 1,
      })),
      nowMs,
    );
    for (const seq of gone) this.#sql.exec("DELETE FROM verdict WHERE seq = ?", seq);
  }
}

type Said = Pick<VerdictLine, "action" | "reasons" | "outcome">;

/** Whether a verdict says another thing than the one before it. */
function isTurn(said: Said, before: Said | null): boolean {
  return (
    before === null ||
    before.action !== said.action ||
    before.reasons[0].reason !== said.reasons[0].reason ||
    before.outcome.outcome !== said.outcome.outcome
  );
}

function storedFrom(row: FullRow): StoredVerdict {
  const verdict = JSON.parse(row.verdict) as StoredVerdict["verdict"];
  const input = JSON.parse(row.input) as StoredVerdict["input"];
  return { ...lineFrom(row), verdict, input };
}

function lineFrom({ seq, at_ms, attempt, action, reasons, outcome }: LineRow): VerdictLine {
  return {
    seq,
    atMs: at_ms,
    attempt,
    action,
    reasons: JSON.parse(reasons) as VerdictLine["reasons"],
    outcome: JSON.parse(outcome) as VerdictLine["outcome"],
  };
}
