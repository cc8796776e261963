// Who changed what, when, why, and what came of it. Lines are only ever added, and hold no
// token, wherever one was typed. One actor takes half of a page at most while others are on it.
import { redacted } from "#base/redacted.ts";
import type { Sought } from "#src/adapters/erasure/sought.ts";
import type { Rollout } from "#flags/rollout.ts";
import type {
  AuditEntry,
  AuditQuery,
  ListedEntry,
  ShareSince,
} from "#src/adapters/flag-registry.ts";

type Row = {
  seq: number;
  at_ms: number;
  who: string;
  actor: string;
  why: string;
  asked_from: string;
  action: string;
  target: string;
  outcome: string;
  epoch: number;
  before: string;
  after: string;
};

type ShareRow = { [K in keyof ShareSince]: ShareSince[K] };

export class AuditLog {
  static readonly steps = [
    `CREATE TABLE audit (
      seq INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, who TEXT NOT NULL,
      why TEXT NOT NULL, action TEXT NOT NULL, target TEXT NOT NULL, outcome TEXT NOT NULL,
      epoch INTEGER NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL
    )`,
    "CREATE INDEX audit_by_target ON audit (target, seq)",
    "ALTER TABLE audit ADD COLUMN asked_from TEXT NOT NULL DEFAULT ''",
  ];

  /** Steps that came after those of other tables. Old lines know no more than a name. */
  static readonly laterSteps = [
    "ALTER TABLE audit ADD COLUMN actor TEXT NOT NULL DEFAULT ''",
    "UPDATE audit SET actor = who",
    "CREATE INDEX audit_by_actor ON audit (actor, seq)",
  ];

  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    this.#sql = storage.sql;
  }

  add(entry: Omit<AuditEntry, "seq">): void {
    const { atMs, epoch, before, after } = entry;
    const { who, actor, why, from, action, target, outcome } = entry;
    const insert =
      "INSERT INTO audit " +
      "(at_ms, epoch, who, actor, why, asked_from, action, target, outcome, before, after) " +
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    const documents = [JSON.stringify(before ?? null), JSON.stringify(after ?? null)];
    const texts = [who, actor, why, from, action, target, outcome, ...documents];
    this.#sql.exec(insert, atMs, epoch, ...texts.map(redacted));
  }

  /** The shares that an attempt has had while it was live, in order; each once where it stayed. */
  sharesOf({ flag, code, attempt }: Pick<Rollout, "flag" | "code" | "attempt">): ShareSince[] {
    const rows = this.#sql.exec<ShareRow>(
      `SELECT epoch AS fromEpoch, json_extract(after, '$.sharePpm') AS sharePpm,
          json_extract(after, '$.holdoutPpm') AS holdoutPpm
        FROM audit WHERE target = ? AND outcome = 'done'
          AND json_extract(after, '$.code') = ? AND json_extract(after, '$.attempt') = ?
          AND json_extract(after, '$.state') IN ('ramping', 'held')
        ORDER BY seq`,
      flag,
      code,
      attempt,
    );
    const all = rows.toArray();
    return all.filter(({ sharePpm }, at) => sharePpm !== all[at - 1]?.sharePpm);
  }

  /** Newest first. */
  list(query: AuditQuery): readonly ListedEntry[] {
    const newest = this.#newest(query);
    if (query.actor !== null) return newest.map(listed);
    const share = Math.ceil(query.limit / 2);
    const loud = loudestIn(newest, share);
    if (loud === undefined) return newest.map(listed);
    const others = this.#actorsBut(loud)
      .flatMap((actor) => this.#newest({ ...query, actor, limit: query.limit - share }))
      .toSorted(newestFirst)
      .slice(0, query.limit - share);
    if (others.length === 0) return newest.map(listed);
    const own = newest.filter(({ actor }) => actor === loud);
    const shown = own.slice(0, query.limit - others.length);
    return this.#folded([...shown, ...others].toSorted(newestFirst), shown.at(-1), query);
  }

  /** Says at the last line of a loud actor how many of its lines are left out above the page's end. */
  #folded(
    page: readonly AuditEntry[],
    last: AuditEntry | undefined,
    { target }: AuditQuery,
  ): readonly ListedEntry[] {
    const end = page.at(-1)?.seq ?? 0;
    return page.map((entry) => {
      if (entry.seq !== last?.seq) return listed(entry);
      const { n } = this.#sql
        .exec<{ n: number }>(
          `SELECT count(*) AS n FROM audit
            WHERE actor = ?1 AND seq < ?2 AND seq > ?3 AND (?4 IS NULL OR target = ?4)`,
          entry.actor,
          entry.seq,
          end,
          target,
        )
        .one();
      return { ...entry, hidden: n };
    });
  }

  /** Lines that hold something of what is sought. Sessions are in no line. */
  #erasable({ account, sessionId, span }: Sought): { sql: string; values: (string | number)[] } {
    if (sessionId !== undefined) return { sql: "FALSE", values: [] };
    const conditions = [
      `(asked_from <> '' OR why <> '' OR who <> actor OR
      (before <> 'null' AND json_extract(before, '$.code') IS NULL) OR
      (after <> 'null' AND json_extract(after, '$.code') IS NULL))`,
    ];
    const values: (string | number)[] = [];
    if (account !== undefined) {
      conditions.push(
        `(target = ? OR target GLOB ? OR json_extract(after, '$.account') = ?
          OR actor IN (SELECT 'token:' || id FROM token WHERE account = ?))`,
      );
      const path = `/api/v1/accounts/${account}`;
      // GLOB tells cases apart, as ids do and LIKE does not; ids have none of its signs.
      values.push(path, `${path}/*`, account, account);
    }
    if (span !== undefined) {
      conditions.push("at_ms >= ? AND at_ms < ?");
      values.push(span.fromMs, span.toMs);
    }
    return { sql: conditions.join(" AND "), values };
  }

  /** How many lines have details that are sought. */
  countErasable(sought: Sought): number {
    const { sql, values } = this.#erasable(sought);
    const query = `SELECT count(*) AS n FROM audit WHERE ${sql}`;
    return this.#sql.exec<{ n: number }>(query, ...values).one().n;
  }

  /** Takes addresses, names, reasons and documents out of lines; that something was done stays. */
  eraseDetails(sought: Sought): void {
    const { sql, values } = this.#erasable(sought);
    // The judge reads what a flag's shares were from the documents of its lines: nobody is in them.
    this.#sql.exec(
      `UPDATE audit SET asked_from = '', why = '', who = actor,
          before = CASE WHEN json_extract(before, '$.code') IS NULL THEN 'null' ELSE before END,
          after = CASE WHEN json_extract(after, '$.code') IS NULL THEN 'null' ELSE after END
        WHERE ${sql}`,
      ...values,
    );
  }

  #newest({ target, actor, before, limit }: AuditQuery): readonly AuditEntry[] {
    const conditions = [
      "seq < ?",
      ...(target === null ? [] : ["target = ?"]),
      ...(actor === null ? [] : ["actor = ?"]),
    ];
    const select = `SELECT * FROM audit WHERE ${conditions.join(" AND ")} ORDER BY seq DESC LIMIT ?`;
    const values = [before ?? Number.MAX_SAFE_INTEGER, target, actor, limit];
    const given = values.filter((value) => value !== null);
    return this.#sql
      .exec<Row>(select, ...given)
      .toArray()
      .map(entryFrom);
  }

  /** By way of the index: one look for each actor, however many lines there are. */
  #actorsBut(loud: string): readonly string[] {
    const query = `WITH RECURSIVE each_one(actor) AS (
        SELECT min(actor) FROM audit
        UNION ALL
        SELECT (SELECT min(actor) FROM audit WHERE actor > each_one.actor)
          FROM each_one WHERE each_one.actor IS NOT NULL
      ) SELECT actor FROM each_one WHERE actor IS NOT NULL AND actor <> ?`;
    return this.#sql
      .exec<{ actor: string }>(query, loud)
      .toArray()
      .map(({ actor }) => actor);
  }
}

function listed(entry: AuditEntry): ListedEntry {
  return { ...entry, hidden: 0 };
}

function newestFirst(left: AuditEntry, right: AuditEntry): number {
  return right.seq - left.seq;
}

/** The actor of more lines than its share; there is one at most. */
function loudestIn(entries: readonly AuditEntry[], share: number): string | undefined {
  const counts = new Map<string, number>();
  for (const { actor } of entries) counts.set(actor, (counts.get(actor) ?? 0) + 1);
  return [...counts].find(([, count]) => count > share)?.[0];
}

function entryFrom({ at_ms, asked_from, before, after, ...rest }: Row): AuditEntry {
  return {
    ...rest,
    atMs: at_ms,
    from: asked_from,
    before: JSON.parse(before),
    after: JSON.parse(after),
  };
}
