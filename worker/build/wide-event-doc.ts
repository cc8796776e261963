// Writes docs/wide-event.md from the column table. Run by `npm run columns`.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Column } from "#rum/column.ts";
import { columnGroups, columnTable, schemaVersion } from "#rum/columns.ts";
import { carriedFields } from "#rum/columns/carried.ts";
import { wireVersion } from "#rum/wire-version.ts";

/** Where the document stands in the repository. */
export const documentPath = join(import.meta.dirname, "..", "..", "docs", "wide-event.md");

type Group = Readonly<Record<string, Column>>;

const heading = `# The wide event

Each page view becomes one row: ${Object.keys(columnTable).length} columns, version ${schemaVersion}.
This page is made from the table in \`worker/rum/columns.ts\` by \`npm run columns\`.

A column without a value is absent: null is not zero. Moments are in ms since
\`performance.timeOrigin\` unless the unit says otherwise. Tier 1 is filled wherever the
browser can say, tier 2 where that is cheap.

Who says it: **early** and **late** are the page's beacons, with the position in the
array that they are; **server** is the edge, by the request; **token** is the arms token,
once its signature was verified; **stitch** is worked out when the view is sealed.

Columns under \`x.\` are the customer's own: \`x.event.<name>.count\`, \`x.event.<name>.value\`
and \`x.mark.<name>\`, 40 at most.
`;

const carriedHeading = `## Carried, and no columns

What beacons (wire format ${wireVersion}) carry for the server to work columns out of. No sink sees it.
`;

/** The document, with a new line at its end. */
export function wideEventText(): string {
  const groups = Object.entries<Group>(columnGroups).map(
    ([title, columns]) => `## ${title}\n\n${table(columns)}`,
  );
  return [heading, ...groups, `${carriedHeading}\n${table(carriedFields)}`].join("\n");
}

function table(columns: Group): string {
  const rows = Object.entries(columns).map(
    ([name, column]) => `| ${cells(name, column).join(" | ")} |\n`,
  );
  return `| column | type, unit | bounds | said by | tier | meaning |\n|---|---|---|---|---|---|\n${rows.join("")}`;
}

function cells(name: string, column: Column): readonly string[] {
  const { type, unit, bounds } = column.kind;
  const said = unit === "" ? type : `${type}, ${unit}`;
  return [`\`${name}\``, said, bounds, saidBy(column), String(column.tier), column.doc];
}

function saidBy({ source, places }: Column): string {
  const said = Object.entries(places).map(([kind, at]) => `${kind} ${at}`);
  return said.length === 0 ? source : said.join(", ");
}

if (import.meta.main) await writeFile(documentPath, wideEventText());
