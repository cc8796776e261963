// ClickHouse over HTTP, a batch as one insert that answers once it is stored. What it
// refuses it refuses for the table or the account, not for one event: an operator can
// mend that, so everything is sent again. A batch has a token, so that a repeat is left
// out; the table itself leaves out what slips through.
// Source: https://clickhouse.com/docs/interfaces/http
import type { WideEvent } from "#rum/wide-event.ts";
import { mustEncode } from "#src/adapters/compression.ts";
import { outcomeOf } from "./outcome.ts";
import { post, type PostDependencies } from "./post.ts";
import { batchId, type Sink, type SinkBatch, type SinkOutcome } from "./sink.ts";
import { extrasName, extrasOf, tableColumns } from "./table.ts";

export type ClickhouseConfig = {
  readonly name: string;
  readonly url: string;
  readonly database: string;
  readonly table: string;
  readonly user: string;
  readonly password: string;
};

const settings = {
  async_insert: "1",
  wait_for_async_insert: "1",
  async_insert_deduplicate: "1",
  date_time_input_format: "best_effort",
  // A column that the table does not have is a fault to be seen, not a value to be lost.
  input_format_skip_unknown_fields: "0",
} as const;

/** A sink that inserts into one table, made by the statement in docs/operations. */
export function clickhouseSink(config: ClickhouseConfig, dependencies: PostDependencies): Sink {
  const { name, url, database, table, user, password } = config;
  const headers = {
    "content-type": "application/x-ndjson",
    "content-encoding": "gzip",
    "x-clickhouse-user": user,
    "x-clickhouse-key": password,
  };
  return { name, most: { events: 2_000, bytes: 4_000_000, ageMs: 1_000 }, send };

  async function send(batch: SinkBatch): Promise<SinkOutcome> {
    const query = new URLSearchParams({
      ...settings,
      database,
      query: `INSERT INTO \`${table}\` FORMAT JSONEachRow`,
      insert_deduplication_token: batchId(batch),
    });
    const text = batch.events.map(({ event }) => `${JSON.stringify(rowOf(event))}\n`).join("");
    const body = mustEncode(new TextEncoder().encode(text), "gzip", "quick");
    const to = `${url}/?${query.toString()}`;
    const posted = await post({ url: to, headers, body, refusing: neverForGood }, dependencies);
    return outcomeOf(posted, batch.events);
  }
}

function neverForGood(): boolean {
  return false;
}

function rowOf(event: WideEvent): object {
  const row = Object.fromEntries(tableColumns.map(({ name, read }) => [name, read(event)]));
  const extras = Object.entries(extrasOf(event)).map(([name, value]) => [name, String(value)]);
  return { ...row, [extrasName]: Object.fromEntries(extras) as object };
}
