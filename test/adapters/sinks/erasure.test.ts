// Erasing from real stores: R2 as Miniflare has it, read back by DuckDB, and ClickHouse's own engine.
import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import type { WideEvent } from "#rum/wide-event.ts";
import { clickhouseEraser } from "#src/adapters/erasure/clickhouse-eraser.ts";
import { deadLetterEraser } from "#src/adapters/erasure/dead-letter-eraser.ts";
import { parquetEraser } from "#src/adapters/erasure/parquet-eraser.ts";
import type { Eraser, Sought } from "#src/adapters/erasure/sought.ts";
import { clickhouseTable } from "#src/adapters/sinks/clickhouse-table.ts";
import { clickhouseSink } from "#src/adapters/sinks/clickhouse.ts";
import { deadLettersIn } from "#src/adapters/sinks/dead-letters.ts";
import { parquetSink } from "#src/adapters/sinks/parquet.ts";
import type { SinkBatch } from "#src/adapters/sinks/sink.ts";
import { startClickhouse, type Engine } from "../../clickhouse-engine.ts";
import { dependencies } from "./bad-days.ts";
import { useBucket } from "./bucket.ts";
import { pageView } from "./events.ts";
import { standIn, type Asked } from "./stand-in.ts";

const newBucket = useBucket();
const sessionOf = (at: number): string => String(at % 4).repeat(32);
const startMs = Date.parse("2026-11-23T22:30:00.000Z");

/** Forty views, a minute apart, of two accounts and four sessions. */
function batch(first = 1, count = 40): SinkBatch {
  const events = Array.from({ length: count }, (_, index) => {
    const at = first + index;
    const own = { "account.id": at % 2 === 0 ? "acme" : "rival", "session.id": sessionOf(at) };
    const event = { ...pageView(at, startMs + at * 60_000), ...own } as WideEvent;
    return { seq: at, event };
  });
  return { shard: "s7", events };
}

const cases: readonly (readonly [string, Sought, (at: number) => boolean])[] = [
  ["an account", { account: "acme" }, (at) => at % 2 === 0],
  ["a session", { sessionId: sessionOf(3) }, (at) => at % 4 === 3],
  [
    "a span of time",
    { span: { fromMs: startMs + 25 * 60_000, toMs: startMs + 35 * 60_000 } },
    (at) => at >= 25 && at < 35,
  ],
  [
    "a session of another account: nothing",
    { account: "acme", sessionId: sessionOf(3) },
    () => false,
  ],
  ["everything", { span: { fromMs: 0, toMs: startMs * 2 } }, () => true],
];

const numbers = Array.from({ length: 40 }, (_, index) => index + 1);

/** Every step from the beginning; throws where one fails. */
async function walk(erase: Eraser, sought: Sought, isDry = false) {
  const sum = { matched: 0, erased: 0 };
  let after: string | undefined;
  for (;;) {
    const step = await erase(sought, { after, isDry });
    if (step.failure !== null) throw new Error(step.failure);
    sum.matched += step.matched;
    sum.erased += step.erased;
    if (step.next === null) return sum;
    after = step.next;
  }
}

/** All rows of all files, as DuckDB reads them. */
async function rowsIn(bucket: R2Bucket): Promise<readonly Record<string, unknown>[]> {
  const { objects } = await bucket.list();
  if (objects.length === 0) return [];
  const folder = await mkdtemp(join(tmpdir(), "aviary-erasure-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const { key } of objects) {
    const object = await bucket.get(key);
    await mkdir(dirname(join(folder, key)), { recursive: true });
    await writeFile(join(folder, key), new Uint8Array((await object?.arrayBuffer()) ?? []));
  }
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  onTestFinished(() => connection.closeSync());
  const read = await connection.runAndReadAll(
    `SELECT * FROM read_parquet('${folder}/events/**/*.parquet', hive_partitioning = true) ORDER BY pv_id`,
  );
  return read.getRowObjectsJson();
}

const archive = async (): Promise<R2Bucket> => {
  const bucket = await newBucket();
  await parquetSink({ name: "archive", prefix: "events" }, { bucket, timeoutMs: 20_000 }).send(
    batch(),
  );
  return bucket;
};

describe("erasing from Parquet files", () => {
  it.each(cases)("of %s leaves every other row as it was", async (_what, sought, isGone) => {
    const bucket = await archive();
    const before = await rowsIn(bucket);
    const gone = numbers.filter(isGone).length;
    const erase = parquetEraser("events", bucket);
    expect(await walk(erase, sought, true)).toEqual({ matched: gone, erased: 0 });
    expect(await rowsIn(bucket)).toEqual(before);
    expect(await walk(erase, sought)).toEqual({ matched: gone, erased: gone });
    const left = before.filter((_row, index) => !isGone(index + 1));
    expect(await rowsIn(bucket)).toEqual(left);
    expect(await walk(erase, sought)).toEqual({ matched: 0, erased: 0 });
  });

  it("that is cut off by a fault goes on where it was, and never takes another's row", async () => {
    const bucket = await archive();
    const before = await rowsIn(bucket);
    let calls = 0;
    let failing = 1;
    const faulty = new Proxy(bucket, {
      get: (target, name) => {
        const method = (Reflect.get(target, name) as (...rest: unknown[]) => unknown).bind(target);
        return async (...rest: unknown[]) => {
          calls += 1;
          if (calls === failing) throw new Error("the bucket is failing");
          return method(...rest);
        };
      },
    });
    const sought = { account: "acme" };
    // The first call of the first try fails, the second of the second, until none is left to fail.
    for (; failing <= 8; failing += 1) {
      calls = 0;
      await walk(parquetEraser("events", faulty), sought).catch(() => undefined);
      const left = await rowsIn(bucket);
      expect(left.filter(({ account_id: account }) => account === "rival")).toHaveLength(20);
    }
    const rival = before.filter(({ account_id: account }) => account === "rival");
    expect(await rowsIn(bucket)).toEqual(rival);
  });

  it("names a file that cannot be read, and goes on behind it", async () => {
    const bucket = await archive();
    const torn = "events/date=2026-01-01/hour=00/torn.parquet";
    await bucket.put(torn, "PAR1 and no more");
    const erase = parquetEraser("events", bucket);
    const first = await erase({ account: "acme" }, { isDry: false });
    expect(first).toMatchObject({ next: torn, failure: `${torn}: cannot be read as Parquet` });
    const rest = await erase({ account: "acme" }, { after: torn, isDry: false });
    expect(rest).toMatchObject({ erased: 20, failure: null });
  });

  it("does not write over what was written meanwhile", async () => {
    const bucket = await archive();
    const [first] = (await bucket.list()).objects;
    const racing = new Proxy(bucket, {
      get: (target, name) => {
        const method = (Reflect.get(target, name) as (...rest: unknown[]) => unknown).bind(target);
        if (name !== "get") return method;
        return async (key: string) => {
          const object = (await target.get(key)) as R2ObjectBody;
          const bytes = await object.arrayBuffer();
          if (key === first?.key) await target.put(key, "another's");
          return { etag: object.etag, arrayBuffer: async () => bytes };
        };
      },
    });
    const step = await parquetEraser("events", racing)({ account: "acme" }, { isDry: false });
    expect(step.failure).toContain("meanwhile");
    expect(await (await bucket.get(first?.key ?? ""))?.text()).toBe("another's");
  });
});

describe("erasing from dead letters", () => {
  it.each(cases)("of %s leaves every other event parked", async (_what, sought, isGone) => {
    const letters = deadLettersIn(await newBucket());
    for (let first = 1; first <= 40; first += 2)
      await letters.park("hook", batch(first, 2), "answers 500");
    const gone = numbers.filter(isGone).length;
    const erase = deadLetterEraser("hook", letters);
    expect(await walk(erase, sought, true)).toEqual({ matched: gone, erased: 0 });
    expect(await walk(erase, sought)).toMatchObject({ erased: gone });
    const { letters: left } = await letters.list("hook", { most: 100 });
    const batches = await Promise.all(left.map(({ key }) => letters.open(key)));
    const seqs = batches.flatMap((each) => each?.events.map(({ seq }) => seq) ?? []);
    const expected = numbers.filter((at) => !isGone(at));
    expect(seqs.toSorted((a, b) => a - b)).toEqual(expected);
    for (const { why } of left) expect(why).toBe("answers 500");
    expect(await walk(erase, sought)).toEqual({ matched: 0, erased: 0 });
  });
});

describe("erasing from ClickHouse", () => {
  let engine: Engine;
  beforeAll(() => {
    engine = startClickhouse();
    engine.query("CREATE DATABASE web");
  });
  afterAll(() => engine.close());
  beforeEach(() => {
    engine.query("DROP TABLE IF EXISTS web.events SYNC");
    engine.query("USE web");
    engine.query(clickhouseTable("events"));
  });

  const config = { name: "ch", database: "web", table: "events", user: "aviary", password: "pa55" };

  /** The HTTP interface in front of the engine: what is `param_x` is a parameter of the query. */
  function answer({ path, headers, body }: Asked) {
    const { searchParams } = new URL(path, "http://localhost");
    if (headers["x-clickhouse-key"] !== "pa55") return { status: 403 };
    const { database: _database, query = "", ...settings } = Object.fromEntries(searchParams);
    try {
      for (const [name, value] of Object.entries(settings)) {
        if (name === "insert_deduplication_token") continue;
        engine.query(`SET ${name} = '${value.replaceAll("'", "''")}'`);
      }
      return { status: 200, body: engine.query(`${query} ${body.toString()}`) };
    } catch (error) {
      return { status: 400, body: String(error) };
    }
  }

  const idsLeft = (): readonly string[] =>
    engine
      .query("SELECT pv_id FROM web.events ORDER BY pv_id FORMAT TabSeparated")
      .split("\n")
      .filter((line) => line !== "");

  it.each(cases)("of %s leaves every other row", async (_what, sought, isGone) => {
    const { url } = await standIn(answer);
    expect(await clickhouseSink({ ...config, url }, dependencies).send(batch())).toMatchObject({
      outcome: "taken",
    });
    const before = idsLeft();
    expect(before).toHaveLength(40);
    const gone = numbers.filter(isGone).length;
    const erase = clickhouseEraser({ ...config, url }, dependencies);
    expect(await walk(erase, sought, true)).toEqual({ matched: gone, erased: 0 });
    expect(idsLeft()).toEqual(before);
    expect(await walk(erase, sought)).toEqual({ matched: gone, erased: gone });
    expect(idsLeft()).toEqual(before.filter((_id, index) => !isGone(index + 1)));
    expect(await walk(erase, sought)).toEqual({ matched: 0, erased: 0 });
  });

  it("keeps what is asked for out of the statement, and says why where it cannot", async () => {
    const { url } = await standIn(answer);
    await clickhouseSink({ ...config, url }, dependencies).send(batch());
    const erase = clickhouseEraser({ ...config, url }, dependencies);
    expect(await walk(erase, { account: "x' OR '1' = '1" })).toEqual({ matched: 0, erased: 0 });
    expect(idsLeft()).toHaveLength(40);
    const shut = clickhouseEraser({ ...config, url, password: "wrong" }, dependencies);
    const { failure } = await shut({ account: "acme" }, { isDry: false });
    expect(failure).toContain("answers 403");
  });
});
