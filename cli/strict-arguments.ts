// Arguments, checked before citty reads them: it takes unknown options in silence
// and keeps only the last of an option that was given twice.
import { parseArgs } from "node:util";
import type { ArgDef } from "citty";
import type { Action } from "./action.ts";
import { usageFailure } from "./failure.ts";
import { suggest } from "./suggest.ts";

type OptionToken = { readonly name: string; readonly rawName: string } & (
  | { readonly value: string; readonly inlineValue: boolean }
  | { readonly value: undefined; readonly inlineValue: undefined }
);

/** Every value that was given, by option. Throws a usage failure that names what is wrong. */
export function checkArguments(
  action: Action,
  args: readonly string[],
): ReadonlyMap<string, readonly string[]> {
  const definitions = Object.entries(action.args);
  const options = definitions.filter(([, { type }]) => type !== "positional");
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      options.map(([name, definition]) => [name, nodeOption(definition)]),
    ),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values = new Map<string, string[]>();
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    checkOption(action, token);
    const earlier = values.get(token.name);
    if (earlier !== undefined && !action.repeatable.includes(token.name)) {
      throw usageFailure(`${token.rawName} was given twice`);
    }
    values.set(token.name, [...(earlier ?? []), token.value ?? ""]);
  }
  const words = tokens.filter(({ kind }) => kind === "positional");
  const given = words.map((token) => (token as { value: string }).value);
  const missing = options.find(([name, { required }]) => required === true && !values.has(name));
  const more = checkPositionals(action, given);
  if (missing !== undefined)
    throw usageFailure(`--${missing[0]} is missing`, missing[1].description);
  return new Map([...values, ...more]);
}

function checkOption({ args }: Action, { name, rawName, value, inlineValue }: OptionToken): void {
  const type = Object.hasOwn(args, name) ? args[name]?.type : undefined;
  if (type === undefined || type === "positional") {
    const known = Object.entries(args).filter(([, definition]) => definition.type !== "positional");
    const hint = suggest(
      rawName,
      known.map(([option]) => `--${option}`),
    );
    throw usageFailure(`unknown option: ${rawName}`, hint);
  }
  if (type === "boolean" && value !== undefined) throw usageFailure(`${rawName} takes no value`);
  const looksLikeOption = !inlineValue && value?.startsWith("-") && value !== "-";
  if (type === "string" && (value === undefined || value === "" || looksLikeOption)) {
    throw usageFailure(`${rawName} needs a value`);
  }
}

/** The values of the last argument, where it may be given more than once. */
function checkPositionals(
  { args, repeatable }: Action,
  given: readonly string[],
): ReadonlyMap<string, readonly string[]> {
  const wanted = Object.entries(args).filter(([, { type }]) => type === "positional");
  const last = wanted.at(-1)?.[0] ?? "";
  const missing = wanted.slice(given.length).find(([, { required }]) => required !== false);
  if (missing !== undefined) throw usageFailure(`<${missing[0]}> is missing`);
  const empty = given.indexOf("");
  if (empty >= 0) throw usageFailure(`<${wanted[empty]?.[0] ?? last}> is empty`);
  if (repeatable.includes(last)) return new Map([[last, given.slice(wanted.length - 1)]]);
  const surplus = given[wanted.length];
  if (surplus !== undefined) throw usageFailure(`unexpected argument: ${surplus}`);
  return new Map();
}

function nodeOption(definition: ArgDef): { type: "boolean" | "string"; short?: string } {
  const type = definition.type === "boolean" ? "boolean" : "string";
  const short = "alias" in definition ? definition.alias : undefined;
  return typeof short === "string" ? { type, short } : { type };
}
