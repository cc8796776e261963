// Writes docs/operations/clickhouse.sql from the column table. Run by `npm run columns`.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { clickhouseTable } from "#src/adapters/sinks/clickhouse-table.ts";

/** Where the statement stands in the repository. */
export const statementPath = join(
  import.meta.dirname,
  "..",
  "..",
  "docs",
  "operations",
  "clickhouse.sql",
);

/** The statement, with a new line at its end. */
export function statementText(): string {
  return clickhouseTable("events");
}

if (import.meta.main) await writeFile(statementPath, statementText());
