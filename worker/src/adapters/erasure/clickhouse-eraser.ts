// Erases events from a table of ClickHouse by a lightweight DELETE, which answers once no query
// sees the rows; the bytes go when ClickHouse merges the parts next. Values travel as parameters
// of the query, never within it.
// Source: https://clickhouse.com/docs/sql-reference/statements/delete
import { post, type PostDependencies } from "#src/adapters/sinks/post.ts";
import type { ClickhouseConfig } from "#src/adapters/sinks/clickhouse.ts";
import type { Eraser, ErasureStep, Sought } from "./sought.ts";

type Where = { readonly sql: string; readonly parameters: Readonly<Record<string, string>> };

export function clickhouseEraser(
  { url, database, table, user, password }: ClickhouseConfig,
  dependencies: PostDependencies,
): Eraser {
  const headers = { "x-clickhouse-user": user, "x-clickhouse-key": password };

  return async (sought, { isDry }) => {
    const where = whereOf(sought);
    const before = await count(where);
    if (typeof before === "string") return step({ failure: before });
    if (isDry || before === 0) return step({ matched: before });
    const deleted = await ask(`DELETE FROM \`${table}\` WHERE ${where.sql}`, where, {
      lightweight_deletes_sync: "2",
    });
    if (deleted.answer !== "accepted") return step({ matched: before, failure: deleted.why });
    const left = await count(where);
    if (typeof left === "string") return step({ matched: before, failure: left });
    const failure = left === 0 ? null : "some came while they were erased";
    return step({ matched: before, erased: Math.max(0, before - left), failure });
  };

  /** How many rows there are; or why nobody knows. */
  async function count(where: Where): Promise<number | string> {
    const answer = await ask(`SELECT count() FROM \`${table}\` WHERE ${where.sql}`, where);
    if (answer.answer !== "accepted") return answer.why;
    const rows = Number(answer.text.trim() || Number.NaN);
    return Number.isInteger(rows) ? rows : "answers no number";
  }

  function ask(query: string, { parameters }: Where, settings: Record<string, string> = {}) {
    const given = Object.entries(parameters).map(([name, value]) => [`param_${name}`, value]);
    const all = { ...settings, database, query, ...Object.fromEntries(given) };
    const to = `${url}/?${new URLSearchParams(all).toString()}`;
    return post({ url: to, headers, body: "", refusing: () => false }, dependencies);
  }
}

function whereOf({ account, sessionId, span }: Sought): Where {
  const conditions = [
    ...(account === undefined ? [] : ["account_id = {account:String}"]),
    ...(sessionId === undefined ? [] : ["session_id = {session:String}"]),
    ...(span === undefined
      ? []
      : [
          "event_at >= fromUnixTimestamp64Milli({from:Int64}, 'UTC')",
          "event_at < fromUnixTimestamp64Milli({to:Int64}, 'UTC')",
        ]),
  ];
  const parameters = {
    ...(account !== undefined && { account }),
    ...(sessionId !== undefined && { session: sessionId }),
    ...(span !== undefined && { from: String(span.fromMs), to: String(span.toMs) }),
  };
  return { sql: conditions.join(" AND "), parameters };
}

function step(told: Partial<ErasureStep>): ErasureStep {
  return { looked: 1, matched: 0, erased: 0, next: null, failure: null, ...told };
}
