import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { columnTable } from "#rum/columns.ts";
import type { WideEvent } from "#rum/wide-event.ts";
import { clickhouseSink } from "#src/adapters/sinks/clickhouse.ts";
import { clickhouseTable } from "#src/adapters/sinks/clickhouse-table.ts";
import type { Sink } from "#src/adapters/sinks/sink.ts";
import { startClickhouse, type Engine } from "../../clickhouse-engine.ts";
import { dependencies, itBearsBadDays } from "./bad-days.ts";
import { batchOf, pageView } from "./events.ts";
import { standIn, type Asked, type StandIn } from "./stand-in.ts";

// ClickHouse's own engine, in this process: it has one data directory and no HTTP.
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

type Row = Readonly<Record<string, unknown>>;

function rows(sql: string): readonly Row[] {
  const settings = "output_format_json_quote_64bit_integers = 0";
  const text = engine.query(`${sql} SETTINGS ${settings} FORMAT JSONEachRow`);
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Row);
}

/** The HTTP interface in front of the engine: settings are parameters, the insert is the body. */
async function clickhouse(
  own = dependencies,
): Promise<{ readonly server: StandIn; readonly sink: Sink }> {
  const server = await standIn(({ method, path, headers, body }: Asked) => {
    const { searchParams } = new URL(path, "http://localhost");
    const { database, query, ...settings } = Object.fromEntries(searchParams);
    if (headers["x-clickhouse-user"] !== "aviary" || headers["x-clickhouse-key"] !== "pa55") {
      return { status: 403, body: "Code: 516. DB::Exception: Authentication failed" };
    }
    if (method !== "POST" || database !== "web") return { status: 404 };
    const asSql = Object.entries(settings).map(([name, value]) => `${name} = '${value}'`);
    const insert = /^INSERT INTO `(\w+)` FORMAT JSONEachRow$/.exec(query ?? "");
    if (insert === null) return { status: 400, body: "Code: 62. DB::Exception: Syntax error" };
    try {
      const [, table] = insert;
      engine.query(
        `INSERT INTO web.\`${table}\` SETTINGS ${asSql.join(", ")} FORMAT JSONEachRow ${body.toString()}`,
      );
      return { status: 200 };
    } catch (error) {
      return { status: 400, body: String(error) };
    }
  });
  return { server, sink: sinkFor(server, {}, own) };
}

type Changed = { readonly table?: string; readonly password?: string };

function sinkFor({ url }: StandIn, changed: Changed = {}, own = dependencies): Sink {
  const usual = { database: "web", table: "events", user: "aviary", password: "pa55" };
  return clickhouseSink({ name: "ch", url, ...usual, ...changed }, own);
}

const taken = { outcome: "taken", retry: [], refused: [] };

describe("the ClickHouse sink, into ClickHouse's own engine", () => {
  itBearsBadDays({
    start: async (own) => ({
      ...(await clickhouse(own)),
      received: () => rows("SELECT event_id FROM web.events").map((row) => String(row["event_id"])),
    }),
    afterBadRequest: "failed",
  });

  it("has a column for every column of the table, and one for the customer's own", () => {
    const types = Object.fromEntries(
      rows("SELECT name, type FROM system.columns WHERE database = 'web' AND table = 'events'").map(
        ({ name, type }) => [name, type],
      ),
    );
    const columns = Object.keys(columnTable).map((name) => name.replaceAll(".", "_"));
    expect(Object.keys(types).toSorted()).toEqual([...columns, "x"].toSorted());
    expect(types).toMatchObject({
      event_at: "DateTime64(3, 'UTC')",
      lcp_value: "Nullable(Float64)",
      dom_nodes: "Nullable(Int64)",
      tp_entities: "Array(String)",
      delivery_arms: "Map(String, String)",
    });
  });

  it("gives back every value of every event", async () => {
    const { sink } = await clickhouse();
    const bare: WideEvent = { "event.id": "bare", "event.at": "2026-11-23T12:00:01.000Z" };
    const events = [...batchOf(1).events, { seq: 2, event: bare }];
    expect(await sink.send({ shard: "s7", events })).toEqual(taken);
    const [full, empty] = rows("SELECT * FROM web.events ORDER BY event_at");
    for (const [name, value] of Object.entries<unknown>(pageView())) {
      if (name.startsWith("x.")) continue;
      const { type } = columnTable[name as keyof typeof columnTable].kind;
      const said = type === "instant" ? String(value).replace("T", " ").replace("Z", "") : value;
      expect([name, full?.[name.replaceAll(".", "_")]]).toEqual([name, said]);
    }
    expect(full?.["x"]).toEqual({
      "event.added.count": "2",
      "event.added.value": "39.9",
      "mark.theme": "dark",
      "mark.member": "true",
      "mark.basket": "3",
    });
    expect(empty).toMatchObject({ event_id: "bare", lcp_value: null, account_id: "", x: {} });
  });

  it("leaves out a batch that comes again, and an event that comes in another batch", async () => {
    const { sink } = await clickhouse();
    await sink.send(batchOf(3));
    await sink.send(batchOf(3));
    await sink.send(batchOf(3, 2));
    const [count] = rows("SELECT count() n, uniqExact(event_id) ids FROM web.events FINAL");
    expect(count).toEqual({ n: 4, ids: 4 });
  });

  it("keeps events for an operator who makes the table, or mends the password", async () => {
    const { server } = await clickhouse();
    const nowhere = await sinkFor(server, { table: "nowhere" }).send(batchOf(1));
    expect(nowhere).toMatchObject({
      outcome: "failed",
      why: expect.stringContaining("nowhere") as string,
    });
    const stranger = await sinkFor(server, { password: "old" }).send(batchOf(1));
    expect(stranger).toMatchObject({ outcome: "failed" });
  });

  it("keeps events, and names the column, while the table lacks one", async () => {
    const { sink } = await clickhouse();
    engine.query("ALTER TABLE web.events DROP COLUMN lcp_value");
    expect(await sink.send(batchOf(1))).toMatchObject({
      outcome: "failed",
      why: expect.stringContaining("lcp_value") as string,
    });
  });
});
