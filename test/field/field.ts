// npm run field: scripts that nobody here wrote, and datafiles as SDKs poll them, are
// published, served in every encoding, and loaded by real browsers beside the script alone.
import { parseArgs } from "node:util";
import { SingleBar } from "cli-progress";
import { browserNames, type BrowserName } from "../browsers/browser.ts";
import { startBrowser } from "../browsers/start-browser.ts";
import { formatBytes } from "../../cli/format.ts";
import { table } from "../../cli/table.ts";
import { datafiles } from "./datafiles.ts";
import { encodings } from "./forms.ts";
import { scripts } from "./scripts.ts";
import { startField, type Field } from "./trial.ts";
import type { Tried, TriedScript } from "./publish-trial.ts";

const usage = `npm run field -- [--browser chromium,firefox] [--only lodash,vue] [--json]

Publishes ${scripts.length} scripts from npm and ${datafiles.length} datafiles to an Aviary of its own, and checks that
each is served in br, zstd, gzip and as it is, byte for byte; that a page of each browser has
the same globals, exceptions and console with the script out of Aviary as with the script
alone: without a beacon, with one, and with one whose collector is inlined. What npm has to
give is kept in node_modules/.cache/field. Ends with 1 where anything differs.

  --browser   which browsers load them, with commas between: ${browserNames.join(", ")}; or none
  --only      only what has one of these texts in its name, with commas between
  --json      one JSON document in place of the table`;

const { values } = parseArgs({
  options: {
    browser: { type: "string", default: "chromium,firefox" },
    only: { type: "string", default: "" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});

type Row = Omit<Tried, "faults"> & {
  readonly kind: "script" | "datafile";
  /** In the order of finding. */
  readonly faults: string[];
};

async function trial(): Promise<void> {
  const browsers = browsersIn(values.browser);
  const field = await startField();
  const rows: Row[] = [];
  try {
    const tried = await publishAll(field, rows);
    for (const name of browsers) await loadAll({ field, name, tried }, rows);
  } finally {
    await field.stop();
  }
  const faults = rows.flatMap(({ name, faults: own }) => own.map((each) => `${name}: ${each}`));
  if (values.json) console.log(JSON.stringify({ browsers, rows, faults }));
  else console.log(textOf(rows, { browsers, faults }));
  process.exitCode = faults.length === 0 ? 0 : 1;
}

function browsersIn(text: string): readonly BrowserName[] {
  const wanted = text.split(",").filter((name) => name !== "" && name !== "none");
  const wrong = wanted.find((name) => !browserNames.some((known) => known === name));
  if (wrong === undefined) return wanted as BrowserName[];
  throw new Error(`--browser ${wrong}: must be ${browserNames.join(", ")}, or none`);
}

const isWanted = ({ name }: { readonly name: string }): boolean =>
  values.only.split(",").some((text) => name.includes(text));

async function publishAll(field: Field, rows: Row[]): Promise<readonly TriedScript[]> {
  const wantedScripts = scripts.filter(isWanted);
  const wantedDatafiles = datafiles.filter(isWanted);
  const total = wantedScripts.length + wantedDatafiles.length;
  if (total === 0) throw new Error(`--only ${values.only}: nothing has that in its name`);
  const bar = startBar("published", total);
  const tried: TriedScript[] = [];
  for (const datafile of wantedDatafiles) {
    bar.increment({ what: datafile.name });
    const { faults, ...seen } = await field.tryDatafile(datafile);
    rows.push({ ...seen, kind: "datafile", faults: [...faults] });
  }
  for (const script of wantedScripts) {
    bar.increment({ what: script.name });
    const { faults, paths, ...seen } = await field.tryScript(script);
    tried.push({ ...seen, faults, paths });
    rows.push({ ...seen, kind: "script", faults: [...faults] });
  }
  bar.stop();
  return tried;
}

type Loading = {
  readonly field: Field;
  readonly name: BrowserName;
  readonly tried: readonly TriedScript[];
};

async function loadAll({ field, name, tried }: Loading, rows: readonly Row[]): Promise<void> {
  if (tried.length === 0) return;
  const browser = await startBrowser(name);
  const bar = startBar(`in ${name}`, tried.length);
  try {
    for (const script of tried) {
      bar.increment({ what: script.name });
      const tab = await browser.open();
      const seen = await field.compare(tab, script).catch((error: unknown) => [String(error)]);
      const row = rows.find((each) => each.kind === "script" && each.name === script.name);
      row?.faults.push(...seen.map((difference) => `${name}, ${difference}`));
      await tab.close().catch(() => undefined);
    }
  } finally {
    bar.stop();
    await browser.kill();
  }
}

function startBar(doing: string, total: number): SingleBar {
  const format = `{bar} {value}/{total} ${doing} {what}`;
  const bar = new SingleBar({ format, stream: process.stderr, clearOnComplete: true });
  bar.start(total, 0, { what: "" });
  return bar;
}

function textOf(
  rows: readonly Row[],
  {
    browsers,
    faults,
  }: { readonly browsers: readonly string[]; readonly faults: readonly string[] },
): string {
  const cells = rows.map((row) => [
    row.kind,
    row.name,
    formatBytes(row.bytes),
    ...encodings.slice(0, -1).map((encoding) => formatBytes(row.wire[encoding])),
    `${(row.publishMs / 1_000).toFixed(2)} s`,
    row.faults.length === 0 ? "same" : `${row.faults.length} differences`,
  ]);
  const heading = ["KIND", "NAME", "PLAIN", "BR", "ZSTD", "GZIP", "PUBLISHED IN", "SEEN"];
  const count = (kind: Row["kind"]): number => rows.filter((row) => row.kind === kind).length;
  const where = browsers.length === 0 ? "no browser" : browsers.join(" and ");
  const verdict =
    faults.length === 0
      ? `nothing differs from what was published, or from the scripts alone in ${where}`
      : `${faults.length} differences, in ${where}`;
  const summary = `${count("script")} scripts and ${count("datafile")} datafiles, each in ${encodings.join(", ")}: ${verdict}.`;
  return [table(heading, cells), "", ...faults, ...(faults.length > 0 ? [""] : []), summary].join(
    "\n",
  );
}

if (values.help) console.log(usage);
else {
  await trial().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 2;
  });
}
