// An engine as it arrives may hold things that only work at the start of a file
// or that are wrong once it is not alone in it. They are dealt with once, at
// publish; nothing that runs is changed (docs/decisions/0002-composition.md).
import type { Comment, Pattern } from "acorn";
import { err, ok, type Result } from "#base/result.ts";
import { strictDirective } from "./compose.ts";
import { isStrict, parseScript, type TopLevel } from "./parse-script.ts";
import { reach, skimScript, standIn } from "./skim-script.ts";

export type PreparedEngine = {
  /** A complete classic script that ends in a new line; opens with the directive if strict. */
  readonly code: string;
  /** Whether all of its grammar was checked: not where it nests deeper than a parser reaches. */
  readonly isChecked: boolean;
  /** Things that work but that the publisher may not expect. */
  readonly warnings: readonly string[];
};

export type EngineReject = {
  readonly reason: "not_javascript";
  /** The parser's message. */
  readonly detail: string;
  /** 1-based line, 0-based column. */
  readonly line: number;
  readonly column: number;
};

/**
 * Checks that `source` is a classic script and makes it fit to follow other code. What
 * browsers take is not refused: where the parser's stack ends before theirs, it warns.
 */
export function prepareEngine(source: string): Result<PreparedEngine, EngineReject> {
  const text = withoutHead(source);
  let read: Read;
  try {
    read = readScript(text);
  } catch (error) {
    return err(rejectFrom(error));
  }
  const { topLevel, comments, unchecked } = read;
  const code = `${withoutMisleadingComments(text, comments)}\n`;
  const isMissing = isStrict(text) && !code.startsWith(strictDirective);
  return ok({
    code: isMissing ? strictDirective + code : code,
    isChecked: unchecked === undefined,
    warnings: [
      ...(topLevel === undefined ? [] : lexicalWarnings(topLevel)),
      ...(unchecked === undefined ? [] : [unchecked]),
    ],
  });
}

type Read = {
  /** Undefined where not even the top level could be parsed. */
  readonly topLevel: TopLevel | undefined;
  readonly comments: readonly Comment[];
  /** What was not checked, and why; undefined where everything was. */
  readonly unchecked?: string;
};

/** Reads as much of a script as the stack allows. Throws a SyntaxError with `loc`. */
function readScript(text: string): Read {
  const whole = unlessTooDeep(() => parseScript(text));
  if (whole !== undefined) return { topLevel: whole.program, comments: whole.comments };
  const { shallow, comments, depth } = skimScript(text);
  const rest = unlessTooDeep(() => parseScript(shallow));
  const checked =
    rest === undefined
      ? "only its words and brackets were checked, and no names at its top level were looked for"
      : `only words and brackets were checked where it is more than ${reach} (up to ${depth}) brackets deep`;
  const unchecked = `the script nests deeper than the parser's stack: ${checked}; if it is wrong there, nothing of a snippet runs, so load it in a browser first`;
  return { topLevel: rest?.program, comments, unchecked };
}

function unlessTooDeep<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Without a byte-order mark, and without a hashbang but for its line's end. */
function withoutHead(source: string): string {
  const text = source.startsWith("\uFEFF") ? source.slice(1) : source;
  return text.startsWith("#!") ? text.slice(text.search(/[\n\r\u2028\u2029]|$/)) : text;
}

// `sourceMappingURL` would map the wrong lines, `sourceURL` would rename the
// whole snippet in stack traces and long-animation-frame entries.
const misleading = /^[#@]\s*source(?:MappingURL|URL)\s*=/;

/** Cuts those comments out; each leaves a new line or a space where it was. */
function withoutMisleadingComments(text: string, comments: readonly Comment[]): string {
  let code = "";
  let from = 0;
  for (const comment of comments) {
    if (!misleading.test(comment.value.trim())) continue;
    code += text.slice(from, comment.start);
    if (comment.type === "Block") code += comment.value.includes("\n") ? "\n" : " ";
    from = comment.end;
  }
  return code + text.slice(from);
}

function lexicalWarnings(topLevel: TopLevel): readonly string[] {
  const names = topLevel.body
    .flatMap((statement) => {
      if (statement.type === "ClassDeclaration") return [statement.id.name];
      if (statement.type !== "VariableDeclaration" || statement.kind === "var") return [];
      return statement.declarations.flatMap(({ id }) => boundNames(id));
    })
    .filter((name) => !standIn.test(name));
  if (names.length === 0) return [];
  const more = names.length > 5 ? ` and ${names.length - 5} more` : "";
  return [
    `top-level let, const or class (${names.slice(0, 5).join(", ")}${more}): a page that has ` +
      "the same global name, or loads the script twice, runs none of it; wrap the engine in a function",
  ];
}

/** Every name that a declaration's pattern binds, in the order of the text (ECMA-262, BoundNames). */
function boundNames(pattern: Pattern): readonly string[] {
  const names: string[] = [];
  // Patterns nest as deep as scripts do, and are as long: no recursion, no arguments.
  const rest: (Pattern | null)[] = [pattern];
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    if (next?.type === "Identifier") names.push(next.name);
    else if (next !== null) for (const part of partsOf(next).toReversed()) rest.push(part);
  }
  return names;
}

function partsOf(pattern: Pattern): readonly (Pattern | null)[] {
  switch (pattern.type) {
    case "ArrayPattern":
      return pattern.elements;
    case "ObjectPattern":
      return pattern.properties.map((part) => (part.type === "Property" ? part.value : part));
    case "AssignmentPattern":
      return [pattern.left];
    case "RestElement":
      return [pattern.argument];
    case "Identifier":
    case "MemberExpression":
      return [];
  }
}

function rejectFrom(error: unknown): EngineReject {
  if (!(error instanceof SyntaxError)) throw error;
  const { line, column } = (error as SyntaxError & { loc: { line: number; column: number } }).loc;
  return { reason: "not_javascript", detail: error.message, line, column };
}
