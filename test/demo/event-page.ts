// The shop's last page view as the wide event that it became: column by column, by who
// said it. Columns without a value are left out and counted.
import { html } from "hono/html";
import { columnTable } from "#rum/columns.ts";
import type { Column } from "#rum/column.ts";
import type { SeenEvent } from "./seen-events.ts";

type Group = { readonly title: string; readonly sources: readonly Column["source"][] };

const groups: readonly Group[] = [
  { title: "Early beacon", sources: ["early"] },
  { title: "Late beacon", sources: ["late"] },
  { title: "Both beacons", sources: ["both"] },
  { title: "Server", sources: ["server", "token"] },
  { title: "Worked out when the view was sealed", sources: ["stitch"] },
];

const columns = Object.entries<Column>(columnTable);

/** The page's HTML; says what to do where there was no page view yet. */
export async function eventPage(events: readonly SeenEvent[]): Promise<string> {
  const event = events.findLast((each) => String(each["event.kind"]).startsWith("page_"));
  const body =
    event === undefined
      ? html`<p>No page view was sealed yet. Load <a href="/">the shop</a>, leave it, and wait.</p>`
      : groups.map((group) => groupTable(group, event));
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="refresh" content="5" />
        <title>The last page view</title>
        <style>
          ${style}
        </style>
      </head>
      <body>
        <h1>The last page view</h1>
        <p><a href="/">The shop</a> · <a href="/events">the last fifty events as JSON</a></p>
        ${body}
      </body>
    </html>`;
}

function groupTable({ title, sources }: Group, event: SeenEvent): ReturnType<typeof html> {
  const own = columns.filter(([, { source }]) => sources.includes(source));
  const filled = own.filter(([name]) => event[name] !== undefined);
  const rows = filled.map(
    ([name, { kind, doc }]) =>
      html`<tr>
        <th title="${doc}">${name}</th>
        <td>${textOf(event[name])} <small>${kind.unit}</small></td>
      </tr>`,
  );
  return html`<h2>${title} <small>${filled.length} of ${own.length} columns</small></h2>
    <table>
      ${rows}
    </table>`;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

const style = `
body { font: 15px/1.5 system-ui, sans-serif; max-width: 54rem; margin: 2rem auto; padding: 0 1rem; color: #1c2522; }
table { border-collapse: collapse; width: 100%; }
th { text-align: left; font-weight: 500; width: 22rem; }
th, td { padding: 0.15rem 0; border-bottom: 1px solid #e6e4d9; vertical-align: top; }
td { font-family: ui-monospace, monospace; overflow-wrap: anywhere; }
small { color: #69736e; font-weight: 400; }
`;
