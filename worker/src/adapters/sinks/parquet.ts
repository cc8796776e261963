// Parquet files in R2, for the long term: `date=/hour=` of when events happened, so that
// whatever reads Parquet finds what it needs. A file is named after the lines that are in
// it, so that a batch that comes again writes over itself.
import { parquetWriteBuffer, type ColumnSource, type ParquetWriteOptions } from "hyparquet-writer";
import { mustEncode } from "#src/adapters/compression.ts";
import { withDeadline } from "#src/adapters/deadline.ts";
import { allTaken } from "./outcome.ts";
import { batchId, type Sink, type SinkBatch, type SinkEvent, type SinkOutcome } from "./sink.ts";
import { extrasName, extrasOf, tableColumns, type TableColumn } from "./table.ts";

export type ParquetConfig = {
  readonly name: string;
  /** What keys begin with, without a slash at its end. */
  readonly prefix: string;
};

export type ParquetDependencies = {
  readonly bucket: Pick<R2Bucket, "put">;
  readonly timeoutMs: number;
};

// Five minutes or some thousands of views of a shard: larger files read faster, but an
// object's memory, of 128 MB, holds the batch as events, as columns and as bytes.
const most = { events: 5_000, bytes: 8_000_000, ageMs: 300_000 } as const;

/** A sink that writes a file for each hour of a batch. */
export function parquetSink(config: ParquetConfig, dependencies: ParquetDependencies): Sink {
  return { name: config.name, most, send };

  async function send({ shard, events }: SinkBatch): Promise<SinkOutcome> {
    const hours = Map.groupBy(events, ({ event }) => event["event.at"]?.slice(0, 13) ?? epochHour);
    const writes = [...hours].map(([hour, own]) => write(hour, { shard, events: own }));
    const results = await Promise.all(writes);
    return results.find(({ outcome }) => outcome === "failed") ?? allTaken;
  }

  async function write(hour: string, batch: SinkBatch): Promise<SinkOutcome> {
    const { bucket, timeoutMs } = dependencies;
    const [date, hh] = hour.split("T");
    const key = `${config.prefix}/date=${date}/hour=${hh}/${batchId(batch)}.parquet`;
    const httpMetadata = { contentType: "application/vnd.apache.parquet" };
    try {
      const put = bucket.put(key, parquetOf(batch.events), { httpMetadata });
      await withDeadline(put, timeoutMs, "the bucket");
      return allTaken;
    } catch (error) {
      return { outcome: "failed", why: error instanceof Error ? error.message : String(error) };
    }
  }
}

// Every event has a time; a partition must have one.
const epochHour = "1970-01-01T00";

type Element = NonNullable<ParquetWriteOptions["schema"]>[number];

function parquetOf(events: readonly SinkEvent[]): ArrayBuffer {
  const columnData: ColumnSource[] = tableColumns.map(({ name, type, read }) => ({
    name,
    data: events.map(({ event }) => valueOf(type, read(event))),
  }));
  columnData.push({ name: extrasName, data: events.map(({ event }) => extrasOf(event)) });
  return fileOf(columnData, events.length);
}

/** A file of rows that were read from another one, by the names of the table. */
export function parquetFrom(rows: readonly Readonly<Record<string, unknown>>[]): ArrayBuffer {
  const names = [...tableColumns.map(({ name }) => name), extrasName];
  const columnData = names.map((name) => ({ name, data: rows.map((row) => row[name]) }));
  return fileOf(columnData, rows.length);
}

function fileOf(columnData: ColumnSource[], rowGroupSize: number): ArrayBuffer {
  return parquetWriteBuffer({ columnData, schema: [...schema], rowGroupSize, ...coding });
}

// A fifth fewer bytes than the library's snappy.
const coding = {
  codec: "ZSTD",
  compressors: { ZSTD: (page: Uint8Array) => mustEncode(page, "zstd", "quick") },
} as const;

function valueOf(type: TableColumn["type"], value: unknown): unknown {
  if (value === undefined) return undefined;
  if (type === "integer") return BigInt(value as number);
  return type === "instant" ? new Date(value as string) : value;
}

const optional = { repetition_type: "OPTIONAL" } as const;
const text = { type: "BYTE_ARRAY", converted_type: "UTF8" } as const;

/** Source: https://github.com/apache/parquet-format/blob/master/LogicalTypes.md */
function elementsOf({ name, type }: Pick<TableColumn, "name" | "type">): readonly Element[] {
  switch (type) {
    case "number":
      return [{ name, type: "DOUBLE", ...optional }];
    case "integer":
      return [{ name, type: "INT64", ...optional }];
    case "boolean":
      return [{ name, type: "BOOLEAN", ...optional }];
    case "string":
      return [{ name, ...text, ...optional }];
    case "instant":
      return [{ name, type: "INT64", converted_type: "TIMESTAMP_MILLIS", ...optional }];
    case "strings":
      return [
        { name, converted_type: "LIST", num_children: 1, ...optional },
        { name: "list", repetition_type: "REPEATED", num_children: 1 },
        { name: "element", ...text, ...optional },
      ];
    case "map":
      return [
        { name, converted_type: "MAP", num_children: 1, ...optional },
        { name: "key_value", repetition_type: "REPEATED", num_children: 2 },
        { name: "key", ...text, repetition_type: "REQUIRED" },
        { name: "value", ...text, ...optional },
      ];
  }
}

const schema: readonly Element[] = [
  { name: "root", num_children: tableColumns.length + 1 },
  ...tableColumns.flatMap((column) => elementsOf(column)),
  { name: extrasName, type: "BYTE_ARRAY", converted_type: "JSON", ...optional },
];
