// Notices on their way to people: stored with the verdict that they are about, sent until a
// channel takes them, and kept with the reason where none ever did. Nobody is told the same
// thing twice in a few hours.
import type { Channel } from "#src/adapters/notices/channel.ts";
import type { Report } from "#src/adapters/report.ts";
import type { Posted } from "#src/adapters/sinks/post.ts";
import type { Notice, Telling } from "#src/canary/notice.ts";

export type NoticeOutboxDependencies = {
  readonly storage: DurableObjectStorage;
  readonly channels: readonly Channel[];
  readonly report: Report;
  readonly now: () => number;
  readonly newId: () => string;
};

type Row = { id: string; channel: string; document: string; made_at_ms: number; tries: number };

const hourMs = 3_600_000;
/** What still stands after so long is worth a reminder. */
const remindAfterMs = 6 * hourMs;
const firstRetryMs = 5_000;
const lastRetryMs = 10 * 60_000;
const giveUpAfterMs = 24 * hourMs;
const keptMs = 7 * 24 * hourMs;
const mostAtOnce = 20;

export class NoticeOutbox {
  static readonly steps = [
    "CREATE TABLE told (about TEXT PRIMARY KEY, at_ms INTEGER NOT NULL) WITHOUT ROWID",
    `CREATE TABLE notice (
      id TEXT NOT NULL, channel TEXT NOT NULL, document TEXT NOT NULL,
      made_at_ms INTEGER NOT NULL, due_at_ms INTEGER, tries INTEGER NOT NULL, why TEXT NOT NULL,
      PRIMARY KEY (id, channel)
    ) WITHOUT ROWID`,
  ];

  readonly #deps: NoticeOutboxDependencies;
  readonly #sql: SqlStorage;
  #sending: Promise<void> | undefined;

  constructor(dependencies: NoticeOutboxDependencies) {
    this.#deps = dependencies;
    this.#sql = dependencies.storage.sql;
  }

  /** Stores a notice for every channel; call it in the transaction that stores its verdict. */
  put({ about, notice }: Telling): void {
    const nowMs = this.#deps.now();
    this.#sql.exec("DELETE FROM told WHERE at_ms < ?", nowMs - remindAfterMs);
    this.#sql.exec("DELETE FROM notice WHERE made_at_ms < ?", nowMs - keptMs);
    const told = "INSERT OR IGNORE INTO told VALUES (?, ?)";
    if (this.#sql.exec(told, about, nowMs).rowsWritten === 0) return;
    const id = this.#deps.newId();
    for (const { name } of this.#deps.channels) {
      const insert = "INSERT INTO notice VALUES (?, ?, ?, ?, ?, 0, '')";
      this.#sql.exec(insert, id, name, JSON.stringify(notice), nowMs, nowMs);
    }
  }

  /** When the next one is due; null where none is. */
  dueAtMs(): number | null {
    const query = "SELECT min(due_at_ms) AS due FROM notice";
    return this.#sql.exec<{ due: number | null }>(query).one().due;
  }

  counts(): { readonly pending: number; readonly failed: number } {
    const query = "SELECT count(due_at_ms) AS pending, count(*) AS all_of_them FROM notice";
    const { pending, all_of_them } = this.#sql
      .exec<{ pending: number; all_of_them: number }>(query)
      .one();
    return { pending, failed: all_of_them - pending };
  }

  /** Sends what is due, one round at a time. Never rejects. */
  send(): Promise<void> {
    this.#sending ??= this.#sendDue().finally(() => {
      this.#sending = undefined;
    });
    return this.#sending;
  }

  async #sendDue(): Promise<void> {
    const query = "SELECT * FROM notice WHERE due_at_ms <= ? ORDER BY made_at_ms LIMIT ?";
    const rows = this.#sql.exec<Row>(query, this.#deps.now(), mostAtOnce).toArray();
    await Promise.all(rows.map((row) => this.#sendOne(row)));
  }

  async #sendOne(row: Row): Promise<void> {
    const channel = this.#deps.channels.find(({ name }) => name === row.channel);
    const notice = JSON.parse(row.document) as Notice;
    const posted: Posted =
      channel === undefined
        ? { answer: "refused", why: "is no longer configured" }
        : await channel.send({ id: row.id, notice });
    if (posted.answer === "accepted") {
      this.#sql.exec("DELETE FROM notice WHERE id = ? AND channel = ?", row.id, row.channel);
      return;
    }
    const dueAtMs = this.#againAt(row, posted);
    const { id, channel: name } = row;
    const { why } = posted;
    if (dueAtMs === null) this.#deps.report("notice_given_up", { id, channel: name, why });
    this.#sql.exec(
      "UPDATE notice SET due_at_ms = ?, tries = tries + 1, why = ? WHERE id = ? AND channel = ?",
      dueAtMs,
      why,
      id,
      name,
    );
  }

  #againAt({ tries, made_at_ms }: Row, posted: Exclude<Posted, { answer: "accepted" }>) {
    const nowMs = this.#deps.now();
    if (posted.answer === "refused" || nowMs - made_at_ms > giveUpAfterMs) return null;
    const backOffMs = Math.min(firstRetryMs * 2 ** tries, lastRetryMs);
    return nowMs + Math.max(backOffMs, Math.min(posted.retryAfterMs ?? 0, hourMs));
  }
}
