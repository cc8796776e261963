import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";
import { describe, expect, it, onTestFinished } from "vitest";
import { columnTable } from "#rum/columns.ts";
import type { WideEvent } from "#rum/wide-event.ts";
import { parquetSink } from "#src/adapters/sinks/parquet.ts";
import type { Sink } from "#src/adapters/sinks/sink.ts";
import { useBucket } from "./bucket.ts";
import { batchOf, pageView } from "./events.ts";
import { surviveOutage } from "./outage.ts";

const taken = { outcome: "taken", retry: [], refused: [] };
const config = { name: "archive", prefix: "events" };

const newBucket = useBucket();

function sinkOf(bucket: Pick<R2Bucket, "put">, timeoutMs = 20_000): Sink {
  return parquetSink(config, { bucket, timeoutMs });
}

type Row = Readonly<Record<string, unknown>>;
type Query = (sql: string) => Promise<readonly Row[]>;

type File = readonly [key: string, bytes: ArrayBuffer];

/** DuckDB over all files of a bucket, as the view `events`. */
async function duckdbOver(bucket: R2Bucket): Promise<Query> {
  const { objects } = await bucket.list();
  const files = objects.map(async ({ key }): Promise<File> => {
    const object = await bucket.get(key);
    return [key, (await object?.arrayBuffer()) ?? new ArrayBuffer(0)];
  });
  return duckdbOverFiles(await Promise.all(files));
}

async function duckdbOverFiles(files: readonly File[]): Promise<Query> {
  const folder = await mkdtemp(join(tmpdir(), "aviary-parquet-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [key, bytes] of files) {
    const path = join(folder, key);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, new Uint8Array(bytes));
  }
  const connection: DuckDBConnection = await (await DuckDBInstance.create(":memory:")).connect();
  onTestFinished(() => connection.closeSync());
  await connection.run(
    `CREATE VIEW events AS SELECT * FROM read_parquet('${folder}/events/**/*.parquet', hive_partitioning = true)`,
  );
  return async (sql) => (await connection.runAndReadAll(sql)).getRowObjectsJson();
}

describe("the Parquet sink, read back by DuckDB", () => {
  it("has every column of the table in its type, and one for the customer's own", async () => {
    const bucket = await newBucket();
    expect(await sinkOf(bucket).send(batchOf(3))).toEqual(taken);
    const query = await duckdbOver(bucket);
    const types = Object.fromEntries(
      (await query("DESCRIBE events")).map((row) => [row["column_name"], row["column_type"]]),
    );
    const columns = Object.keys(columnTable).map((name) => name.replaceAll(".", "_"));
    expect(Object.keys(types)).toEqual([...columns, "x", "date", "hour"]);
    expect(types).toMatchObject({
      lcp_value: "DOUBLE",
      dom_nodes: "BIGINT",
      browser_mobile: "BOOLEAN",
      event_at: "TIMESTAMP",
      url_domain: "VARCHAR",
      tp_entities: "VARCHAR[]",
      delivery_arms: "MAP(VARCHAR, VARCHAR)",
      x: "JSON",
    });
  });

  it("gives back every value of every event", async () => {
    const bucket = await newBucket();
    const bare: WideEvent = { "event.id": "bare", "event.at": "2026-11-23T12:00:01.000Z" };
    const batch = { shard: "s7", events: [...batchOf(1).events, { seq: 2, event: bare }] };
    await sinkOf(bucket).send(batch);
    const query = await duckdbOver(bucket);
    const [full, empty] = await query("SELECT * FROM events ORDER BY event_at");
    for (const [name, value] of Object.entries<unknown>(pageView())) {
      if (name.startsWith("x.")) continue;
      expect([name, full?.[name.replaceAll(".", "_")]]).toEqual([name, asDuckDb(name, value)]);
    }
    expect(JSON.parse(String(full?.["x"]))).toEqual({
      "event.added.count": 2,
      "event.added.value": 39.9,
      "mark.theme": "dark",
      "mark.member": true,
      "mark.basket": 3,
    });
    const filled = Object.entries(empty ?? {}).filter(([, value]) => value !== null);
    expect(filled.map(([name]) => name)).toEqual(["event_id", "event_at", "x", "date", "hour"]);
    const sums = await query(
      "SELECT sum(lcp_value) lcp, count(*) FILTER (delivery_arms['engine-6-7'] = 'canary') canary FROM events",
    );
    expect(sums).toEqual([{ lcp: 640, canary: "1" }]);
  });

  it("puts events under the day and hour when they happened, each file named after its lines", async () => {
    const bucket = await newBucket();
    const times = [
      "2026-11-23T22:59:59.999Z",
      "2026-11-23T23:00:00.000Z",
      "2026-11-24T00:00:00.000Z",
    ];
    const events = times.map((at, index) => ({
      seq: index + 5,
      event: pageView(index, Date.parse(at)),
    }));
    await sinkOf(bucket).send({ shard: "s7", events });
    expect((await bucket.list()).objects.map(({ key }) => key)).toEqual([
      "events/date=2026-11-23/hour=22/s7-5-5.parquet",
      "events/date=2026-11-23/hour=23/s7-6-6.parquet",
      "events/date=2026-11-24/hour=00/s7-7-7.parquet",
    ]);
    const query = await duckdbOver(bucket);
    expect(await query("SELECT count(*) n FROM events WHERE date = '2026-11-23'")).toEqual([
      { n: "2" },
    ]);
  });

  it("writes a batch that comes again over itself, byte for byte", async () => {
    const bucket = await newBucket();
    await sinkOf(bucket).send(batchOf(50));
    const before = (await bucket.list()).objects.map(({ key, etag }) => [key, etag]);
    await sinkOf(bucket).send(batchOf(50));
    expect((await bucket.list()).objects.map(({ key, etag }) => [key, etag])).toEqual(before);
    const query = await duckdbOver(bucket);
    expect(await query("SELECT count(*) n, count(DISTINCT event_id) ids FROM events")).toEqual([
      { n: "50", ids: "50" },
    ]);
  });

  it("takes as many events at once as it says", async () => {
    // The bucket's connection would not last as long as this process is busy.
    const files: File[] = [];
    const put = ((key: string, bytes: ArrayBuffer) => {
      files.push([key, bytes]);
      return Promise.resolve(null);
    }) as unknown as R2Bucket["put"];
    const sink = sinkOf({ put });
    expect(await sink.send(batchOf(sink.most.events))).toEqual(taken);
    const query = await duckdbOverFiles(files);
    const ids = await query("SELECT count(DISTINCT event_id) n FROM events");
    expect(ids).toEqual([{ n: String(sink.most.events) }]);
  });
});

describe("the Parquet sink and a bucket that is not well", () => {
  it.each<[string, () => Promise<never>, string]>([
    ["fails", () => Promise.reject(new Error("internal error (10001)")), "internal error (10001)"],
    ["never answers", () => new Promise(() => {}), "the bucket took longer than 250 ms"],
  ])("asks for the whole batch again when it %s", async (_, put, why) => {
    const sink = sinkOf({ put }, 250);
    expect(await sink.send(batchOf(2))).toEqual({ outcome: "failed", why });
  });

  it("comes through two hours of outage with every event once, and none parked", async () => {
    const bucket = await newBucket();
    let isWell = true;
    const put = ((key: string, bytes: ArrayBuffer) =>
      isWell ? bucket.put(key, bytes) : Promise.reject(new Error("not now"))) as R2Bucket["put"];
    const turn = (now: boolean): void => {
      isWell = now;
    };
    const { ids, ...rest } = await surviveOutage({ sink: sinkOf({ put }), turn });
    expect(rest).toMatchObject({ exported: 34, waiting: 0, parked: [] });
    const query = await duckdbOver(bucket);
    const rows = await query("SELECT event_id FROM events");
    expect(rows.map((row) => String(row["event_id"])).toSorted()).toEqual(ids.toSorted());
  });

  it("asks for the whole batch again when one of two hours was not written", async () => {
    const bucket = await newBucket();
    const put = ((key: string, ...rest: [ArrayBuffer]) =>
      key.includes("hour=13")
        ? Promise.reject(new Error("not now"))
        : bucket.put(key, ...rest)) as R2Bucket["put"];
    const events = ["12", "13"].map((hour, at) => ({
      seq: at + 1,
      event: pageView(at, Date.parse(`2026-11-23T${hour}:00:00.000Z`)),
    }));
    expect(await sinkOf({ put }).send({ shard: "s7", events })).toEqual({
      outcome: "failed",
      why: "not now",
    });
  });
});

/** A value as DuckDB prints it as JSON. */
function asDuckDb(name: string, value: unknown): unknown {
  if (Array.isArray(value)) return value;
  if (typeof value === "object" && value !== null) {
    return Object.entries(value).map(([key, each]: [string, unknown]) => ({ key, value: each }));
  }
  const { type } = columnTable[name as keyof typeof columnTable].kind;
  if (type === "integer") return String(value);
  if (type !== "instant") return value;
  return String(value)
    .replace("T", " ")
    .replace("Z", "")
    .replace(/\.?0+$/, "");
}
