// From the words on the command line to the command that they name. Options may
// stand before it.
import { isAction, type Action, type Group } from "./action.ts";
import { commonValueOptions } from "./common-options.ts";
import { usageFailure } from "./failure.ts";
import { suggest } from "./suggest.ts";

export type Located = {
  readonly node: Action | Group;
  /** The words that led here, the program's name first. */
  readonly path: readonly string[];
  /** All that is not a command's name. */
  readonly rest: readonly string[];
};

/** The deepest command that `args` names. Throws a usage failure for an unknown one. */
export function locate(root: Group, args: readonly string[]): Located {
  const path = [root.meta.name];
  const rest: string[] = [];
  let node: Action | Group = root;
  let index = 0;
  while (index < args.length && !isAction(node)) {
    const word = args[index] ?? "";
    if (word.startsWith("-")) {
      rest.push(word);
      if (commonValueOptions.includes(word.slice(2))) rest.push(...args.slice(++index, index + 1));
    } else {
      node = childOf(node, word, path);
      path.push(word);
    }
    index += 1;
  }
  return { node, path, rest: [...rest, ...args.slice(index)] };
}

function childOf(group: Group, word: string, path: readonly string[]): Action | Group {
  const child = Object.hasOwn(group.subCommands, word) ? group.subCommands[word] : undefined;
  if (child !== undefined) return child;
  const names = Object.keys(group.subCommands);
  const hint = suggest(word, names) ?? `There are ${names.join(", ")}.`;
  throw usageFailure(`unknown command: ${[...path, word].join(" ")}`, hint);
}
