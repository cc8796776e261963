// aviary flag: delivery changes behind a percentage, and the flagd file of all.
import { writeFile } from "node:fs/promises";
import { limits } from "#src/admin/contract.ts";
import { defineAction, type Group } from "../action.ts";
import { armsText, historyText } from "../arms-report.ts";
import { checkFlag } from "../checks.ts";
import { headline } from "../details.ts";
import { usageFailure } from "../failure.ts";
import { flagText, patchText, stateText } from "../flag-report.ts";
import { counted, formatAge } from "../format.ts";
import { checkJson, isSystemError, readInput } from "../input-file.ts";
import { paint } from "../paint.ts";
import { formatShare } from "../share.ts";
import { table } from "../table.ts";
import { jsonText } from "../visible.ts";
import { flagCreate } from "./flag-create.ts";

const key = { type: "positional", required: true, description: "The flag" } as const;
const why = { type: "string", valueHint: "text", description: "For the audit log" } as const;

const show = defineAction({
  description: "Show a flag, and the requests that its arms got",
  args: { key },
  examples: ["aviary flag show engine-6-7"],
  async run({ values, session }) {
    const flag = await session.api.flags.show(checkFlag("<key>", values.key));
    const title = paint("bold", `flag ${flag.key}`);
    const about = `${title}\n${flagText(flag, session.nowMs)}`;
    const blocks = [about, armsText(flag), historyText(flag)].filter((block) => block !== "");
    return { json: flag, text: blocks.join("\n\n") };
  },
});

const list = defineAction({
  description: "List all flags",
  args: {},
  examples: ["aviary flag list"],
  async run({ session }) {
    const document = await session.api.flags.list();
    if (document.flags.length === 0) return { json: document, text: "There are no flags yet." };
    const rows = document.flags.map((flag) => [
      flag.key,
      stateText(flag.state),
      formatShare(flag.sharePpm),
      flag.unit,
      patchText(flag.patch),
      formatAge(flag.changedAt, session.nowMs),
      flag.stale ? paint("yellow", "stale") : "",
    ]);
    const heading = ["FLAG", "STATE", "SHARE", "UNIT", "CHANGES", "CHANGED", ""];
    return { json: document, text: table(heading, rows) };
  },
});

const dryRunOption = {
  type: "boolean",
  description: "Say what it would do, and do nothing",
} as const;

const remove = defineAction({
  description: "Delete a flag that touches nobody",
  args: { key, "dry-run": dryRunOption, why },
  examples: ["aviary flag delete engine-6-7"],
  remarks: ["A flag that is live or promoted must be rolled back or killed first."],
  async run({ values, session }) {
    const flag = checkFlag("<key>", values.key);
    const dryRun = values["dry-run"] ?? false;
    const { flags } = session.api;
    const { counts: _counts, perMinute: _perMinute, ...before } = await flags.show(flag);
    const json = await flags.remove(before, { why: values.why ?? "", dryRun });
    const did = dryRun ? "could be deleted" : "is gone";
    const text = headline({ changed: !dryRun, subject: `flag ${flag}`, did, already: did });
    return { json, text };
  },
});

const exportAll = defineAction({
  description: "Write all flags as one flagd file",
  args: {
    file: { type: "positional", required: false, description: "Where to; stdout unless given" },
  },
  examples: ["aviary flag export flags.flagd.json", "aviary flag export | jq .flags"],
  async run({ values, session }) {
    const document = await session.api.flags.exportAll();
    const text = jsonText(document);
    if (values.file === undefined) return { json: document, text };
    await write(values.file, `${text}\n`);
    const count = Object.keys(document.flags).length;
    const did = `${counted(count, "flag")} ${count === 1 ? "is" : "are"} in ${values.file}`;
    return { json: { file: values.file, flags: count }, text: `${paint("green", "✔")} ${did}` };
  },
});

const importAll = defineAction({
  description: "Replace the plain definitions by those of a flagd file",
  args: {
    file: { type: "positional", required: true, description: "The file; - for standard input" },
    "dry-run": dryRunOption,
    why,
  },
  examples: ["aviary flag import flags.flagd.json --dry-run"],
  remarks: ["Flags that were made here are left alone, also where the file has their names."],
  async run({ values, session }) {
    const { stdin, api } = session;
    const file = { path: values.file, argument: "<file>", limit: limits.flags, stdin };
    const body = await readInput(file);
    checkJson(body, file);
    const dryRun = values["dry-run"] ?? false;
    const done = await api.flags.importAll(body, { why: values.why ?? "", dryRun });
    const groups = [
      ["added", done.added],
      ["changed", done.changed],
      ["removed", done.removed],
      ["left alone", done.kept],
      ["cannot be evaluated", done.unusable],
    ] as const;
    const lines = groups
      .filter(([, keys]) => keys.length > 0)
      .map(([name, keys]) => `  ${paint("dim", name)}  ${keys.join(", ")}`);
    const did = dryRun ? "would be imported" : "is imported";
    const title = `${paint("green", "✔")} ${paint("bold", values.file)} ${did}`;
    return {
      json: done,
      text: [title, ...(lines.length > 0 ? lines : ["  nothing changes"])].join("\n"),
    };
  },
});

async function write(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text);
  } catch (error) {
    throw isSystemError(error) ? usageFailure(`${path} cannot be written: ${error.code}`) : error;
  }
}

export const flag: Group = {
  meta: { name: "flag", description: "Delivery changes behind a percentage" },
  subCommands: {
    create: flagCreate,
    show,
    list,
    delete: remove,
    export: exportAll,
    import: importAll,
  },
};
