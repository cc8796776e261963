// Which columns of the page each browser fills, as kept in told.json and shown in
// docs/browser-columns.md. `npm run columns:browsers` visits the browsers and writes both.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Column } from "#rum/column.ts";
import { columnGroups } from "#rum/columns.ts";
import type { WideEvent } from "#rum/wide-event.ts";
import { browserNames, type BrowserName } from "../browsers/browser.ts";

export const toldPath = join(import.meta.dirname, "told.json");
export const documentPath = join(import.meta.dirname, "..", "..", "docs", "browser-columns.md");

/** A browser's version, and the columns that it fills where a page gives it the chance. */
export type ToldBy = { readonly version: string; readonly columns: readonly string[] };
export type Told = Readonly<Record<BrowserName, ToldBy>>;

/** What is kept in the repository. */
export function keptTold(): Told {
  return JSON.parse(readFileSync(toldPath, "utf8")) as Told;
}

const groupsOfPage = Object.entries(columnGroups)
  .filter(([title]) => !["Event", "Stitching"].includes(title))
  .map(([title, columns]) => {
    const ofPage = Object.entries<Column>(columns).filter(
      ([, { source }]) => source !== "server" && source !== "token",
    );
    return [title, ofPage.map(([name]) => name)] as const;
  })
  .filter(([, names]) => names.length > 0);

/** Columns that follow from what the page says, in the order of the table. */
export const columnsOfPage: readonly string[] = groupsOfPage.flatMap(([, names]) => names);

/** What may be zero on the pages of the visits, and why that is true. */
const trueZeros: ReadonlySet<string> = new Set([
  // Connections are kept, and clocks coarse.
  "snippet.queue_ms",
  "snippet.dns_ms",
  "snippet.connect_ms",
  "snippet.download_ms",
  "snippet.compile_ms",
  "nav.dns_ms",
  "nav.connect_ms",
  "nav.download_ms",
  "inp.input_delay",
  "inp.presentation_delay",
  // None of these pages is prerendered.
  "nav.activation_start",
  // An error that a browser says nothing of is nobody's.
  "snippet.error_count",
]);

/** The columns of the page that these events fill, be it with a zero that is true. */
export function columnsIn(events: readonly WideEvent[]): readonly string[] {
  const zeros = zerosIn(events);
  return columnsOfPage.filter(
    (name) => events.some((event) => name in event) && !zeros.includes(name),
  );
}

/** The columns that say nothing but zero in all of these events, on whose pages all happened. */
export function zerosIn(events: readonly WideEvent[]): readonly string[] {
  return columnsOfPage.filter((name) => {
    const values = events.map((event) => event[name as keyof WideEvent]);
    const told = values.filter((value) => value !== undefined);
    return told.length > 0 && told.every((value) => value === 0) && !trueZeros.has(name);
  });
}

const titles: Readonly<Record<BrowserName, string>> = {
  chromium: "Chromium",
  firefox: "Firefox",
  webkit: "WebKitGTK",
};

/** Why columns are missing in some browsers: the standard that these have not. */
const missing: readonly (readonly [columns: RegExp, because: string])[] = [
  [/^edge\./, "`Server-Timing` of other origins is not told"],
  [/^privacy\.gpc/, "no Global Privacy Control"],
  [/^snippet\.(transfer|encoded|decoded)_size|^tp\.bytes/, "sizes of other origins are not told"],
  [/content_encoding/, "no `contentEncoding`"],
  [/delivery_type/, "no `deliveryType`"],
  [/http_status/, "no `responseStatus`"],
  [/render_blocking|blocking_scripts/, "no `renderBlockingStatus`"],
  [/tls_ms/, "the test's pages are plain HTTP"],
  [/first_interim/, "the test's server speaks HTTP/1.1, where browsers take no 103"],
  [/activation_start/, "no prerendering"],
  [/confidence/, "no `confidence`"],
  [/^lcp\./, "no Largest Contentful Paint"],
  [/^cls\./, "no Layout Instability"],
  [/^inp\.longest|^loaf\.|compile_ms|forced_layout/, "no Long Animation Frames"],
  [/^inp\.|^interaction\./, "no `interactionId` in Event Timing"],
  [/^longtask\.|^tbt\./, "no Long Tasks"],
  [/^memory\./, "no `performance.memory`"],
  [/^device\.memory/, "no Device Memory"],
  [/cpu_performance/, "no `navigator.cpuPerformance`"],
  [/^network\.(effective|rtt|downlink|save)/, "no Network Information"],
  [/not_restored/, "no `notRestoredReasons`"],
];

function rowOf(told: Told, name: string): string {
  const has = browserNames.map((browser) => told[browser].columns.includes(name));
  const because = missing.find(([columns]) => columns.test(name))?.[1] ?? "";
  const marks = has.map((each) => (each ? "yes" : "–"));
  return `| \`${name}\` | ${marks.join(" | ")} | ${has.includes(false) ? because : ""} |`;
}

/** Columns that a browser leaves empty without a reason that is written down here. */
export function unexplained(told: Told): readonly string[] {
  return columnsOfPage.filter(
    (name) =>
      !missing.some(([columns]) => columns.test(name)) &&
      browserNames.some((browser) => !told[browser].columns.includes(name)),
  );
}

/** The text of docs/browser-columns.md. */
export function documentOf(told: Told): string {
  const head = browserNames.map(
    (name) => `${titles[name]} ${/^\d+\.\d+/.exec(told[name].version)?.[0]}`,
  );
  const tables = groupsOfPage.map(([title, names]) =>
    [
      `## ${title}`,
      "",
      `| column | ${head.join(" | ")} | where not |`,
      "|---|---|---|---|---|",
      ...names.map((name) => rowOf(told, name)),
    ].join("\n"),
  );
  return `# Columns by browser

What a browser does not tell is absent from its events, and never zero. This table is made by
visiting pages on which everything happens, in each browser: \`npm run columns:browsers\` visits
them and writes it, and a test compares it with what comes.

${tables.join("\n\n")}
`;
}
