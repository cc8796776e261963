// Help, from the same definitions that the arguments are read by.
import type { ArgDef } from "citty";
import { isAction, type Action, type Group } from "./action.ts";
import { commonOptions } from "./common-options.ts";
import { exitCodeMeanings, exitCodes } from "./exit-codes.ts";
import { paint } from "./paint.ts";
import { columns } from "./table.ts";
import { wrap } from "./wrap.ts";

const environment: readonly (readonly [string, string])[] = [
  ["AVIARY_URL", "Where Aviary is; http://localhost:8787 unless set"],
  ["AVIARY_TOKEN", "Token of the control API. Where it is not set and the URL is this machine's,"],
  ["", "AVIARY_ADMIN_TOKEN from .dev.vars in this folder is used"],
  ["AVIARY_CDN_URL", "Where pages load from, if that is another host than AVIARY_URL"],
  ["NO_COLOR", "Set: no colour"],
  ["AVIARY_DEBUG", "Set: an unexpected error is printed with its stack"],
];

/** What `--help` prints for the command that `path` leads to. */
export function helpText(node: Action | Group, path: readonly string[]): string {
  const sections = isAction(node) ? actionSections(node, path) : groupSections(node, path);
  const command = paint("bold", path.join(" "));
  const intro = `${node.meta.description}.`;
  const blocks = sections
    .filter(([, body]) => body !== "")
    .map(([title, body]) => section(title, body));
  return [`${command}: ${intro}`, ...blocks].join("\n\n");
}

type Section = readonly [title: string, body: string];

function groupSections(group: Group, path: readonly string[]): readonly Section[] {
  const leaves = Object.entries(group.subCommands).flatMap(([name, node]) =>
    isAction(node)
      ? [[name, node.meta.description ?? ""]]
      : Object.entries(node.subCommands).map(([below, { meta }]) => [
          `${name} ${below}`,
          meta.description ?? "",
        ]),
  );
  const sections: Section[] = [
    ["Usage", `  ${path.join(" ")} <command> [options]`],
    ["Commands", named(leaves)],
    ["Options", optionLines(commonOptions)],
  ];
  if (path.length === 1) sections.push(["Environment", named(environment)]);
  const codes = Object.entries(exitCodes).map(([name, code]) => [
    String(code),
    exitCodeMeanings[name as keyof typeof exitCodes],
  ]);
  if (path.length === 1) sections.push(["Exit codes", named(codes)]);
  sections.push(["More", `  ${path.join(" ")} <command> --help`]);
  return sections;
}

function actionSections(action: Action, path: readonly string[]): readonly Section[] {
  const { args, examples, remarks, repeatable } = action;
  const entries = Object.entries(args);
  const positionals = entries.filter(([, { type }]) => type === "positional");
  const options = entries.filter(([, { type }]) => type !== "positional");
  const required = options.filter(([, definition]) => definition.required === true);
  const usage = [
    ...path,
    ...positionals.map(([name, definition]) => {
      const word = definition.required === false ? `[${name}]` : `<${name}>`;
      return repeatable.includes(name) ? `${word}…` : word;
    }),
    ...required.map(([name, definition]) => flag(name, definition)),
    "[options]",
  ];
  return [
    ["Usage", `  ${usage.join(" ")}`],
    [
      "Arguments",
      named(positionals.map(([name, { description = "" }]) => [`<${name}>`, description])),
    ],
    ["Options", optionLines(Object.fromEntries(options))],
    ["Notes", remarks.map(remarkText).join("\n\n")],
    ["Examples", examples.map((example) => `  ${example}`).join("\n")],
    ["Environment and exit codes", `  ${path[0]} --help`],
  ];
}

function optionLines(options: Readonly<Record<string, ArgDef>>): string {
  return named(
    Object.entries(options).map(([name, definition]) => {
      const { description = "", required } = definition;
      return [
        flag(name, definition),
        required === true ? `${description} (required)` : description,
      ];
    }),
  );
}

function flag(name: string, definition: ArgDef): string {
  const short = "alias" in definition ? `-${String(definition.alias)}, ` : "";
  const value = definition.type === "string" ? ` <${definition.valueHint ?? "value"}>` : "";
  return `${short}--${name}${value}`;
}

function named(rows: readonly (readonly string[])[]): string {
  return columns(
    rows.map(([name = "", meaning = ""]) => [paint("cyan", name), meaning]),
    "  ",
  );
}

function section(title: string, body: string): string {
  return `${paint("bold", title)}\n${body}`;
}

function remarkText(remark: string): string {
  return wrap(remark, 76)
    .map((line) => `  ${line}`)
    .join("\n");
}
