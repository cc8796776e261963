// What a command is: citty's definition, with examples for the help, typed values
// and a report instead of printing.
import type { ArgDef, ArgsDef, CommandDef, CommandMeta } from "citty";
import { defineCommand } from "citty";
import { commonOptions } from "./common-options.ts";
import type { Report } from "./report.ts";
import type { Session } from "./session.ts";

// citty types an absent option as a string.
type Value<D extends ArgDef> = D extends { type: "boolean" }
  ? boolean | undefined
  : D extends { required: true }
    ? string
    : string | undefined;

/** The values of the arguments `T`, by name. */
type Values<T extends ArgsDef> = { readonly [K in keyof T]: Value<T[K]> };

export type Input<T extends ArgsDef> = {
  readonly values: Values<T>;
  /** Every value of an option that may be given more than once. */
  readonly all: (option: string) => readonly string[];
  readonly session: Session;
};

/** What `Action.run` is handed through citty. */
export type ActionData = Pick<Input<ArgsDef>, "all" | "session">;

export type Action = CommandDef & {
  readonly meta: CommandMeta;
  readonly args: ArgsDef;
  readonly examples: readonly string[];
  /** What else its help says, a paragraph each. */
  readonly remarks: readonly string[];
  /** Options that may be given more than once; the last argument too. */
  readonly repeatable: readonly string[];
};

export type Group = {
  readonly meta: CommandMeta & { readonly name: string };
  readonly subCommands: Readonly<Record<string, Action | Group>>;
};

/** A command that does something. */
export function defineAction<const T extends ArgsDef>(definition: {
  readonly description: string;
  readonly args: T;
  readonly examples: readonly string[];
  readonly remarks?: readonly string[];
  readonly repeatable?: readonly string[];
  readonly run: (input: Input<T>) => Promise<Report>;
}): Action {
  const { description, examples, remarks = [], repeatable = [], run } = definition;
  const args: ArgsDef = { ...definition.args, ...commonOptions };
  const command = defineCommand({
    run: ({ args: values, data }) =>
      run({ values: values as unknown as Values<T>, ...(data as ActionData) }),
  });
  return { ...command, meta: { description }, args, examples, remarks, repeatable };
}

/** True for a command that does something, false for one that only has others below it. */
export function isAction(node: Action | Group): node is Action {
  return !("subCommands" in node && node.subCommands !== undefined);
}
