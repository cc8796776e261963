// The statement that makes the ClickHouse sink's table, from the column table. A value
// that is absent is null and not zero; lists and maps are empty instead, because
// ClickHouse has no others. Of rows with one event id the table keeps one.
import { extrasName, tableColumns, type TableColumn } from "./table.ts";

// The order of the table: it has to have these, and they are never absent.
const keys = ["event_at", "account_id", "event_id"] as const;
const keyNames: ReadonlySet<string> = new Set(keys);

// A shard sends a batch a second at the most: what comes again comes within hours.
const remembered = 10_000;

/** `CREATE TABLE`, and nothing else. */
export function clickhouseTable(table: string): string {
  const columns = tableColumns.map(
    ({ name, type, unit, doc }) =>
      `  \`${name}\` ${typeOf({ name, type })} COMMENT ${quote(unit === "" ? doc : `${unit}. ${doc}`)}`,
  );
  const extras = `  \`${extrasName}\` Map(String, String) COMMENT 'The customer''s own: as text.'`;
  return `CREATE TABLE IF NOT EXISTS \`${table}\`
(
${[...columns, extras].join(",\n")}
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(event_at)
ORDER BY (${keys.join(", ")})
SETTINGS non_replicated_deduplication_window = ${remembered};
`;
}

function typeOf({ name, type }: Pick<TableColumn, "name" | "type">): string {
  const isKey = keyNames.has(name);
  switch (type) {
    case "number":
      return "Nullable(Float64)";
    case "integer":
      return "Nullable(Int64)";
    case "boolean":
      return "Nullable(Bool)";
    case "string":
      return isKey ? "String" : "Nullable(String)";
    case "instant":
      return isKey ? "DateTime64(3, 'UTC')" : "Nullable(DateTime64(3, 'UTC'))";
    case "strings":
      return "Array(String)";
    case "map":
      return "Map(String, String)";
  }
}

function quote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}
