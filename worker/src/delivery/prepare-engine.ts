// An engine as it arrives may hold things that only work at the start of a file
// or that are wrong once it is not alone in it. They are dealt with once, at
// publish; nothing that runs is changed (docs/decisions/0002-composition.md).
import { parse, type Comment, type Program } from "acorn";
import { err, ok, type Result } from "#base/result.ts";
import { strictDirective } from "./compose.ts";

export type PreparedEngine = {
  /** A complete classic script that ends in a new line; opens with the directive if strict. */
  readonly code: string;
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

/** Checks that `source` is a classic script and makes it fit to follow other code. */
export function prepareEngine(source: string): Result<PreparedEngine, EngineReject> {
  const text = source.startsWith("\uFEFF") ? source.slice(1) : source;
  const comments: Comment[] = [];
  let program: Program;
  try {
    program = parse(text, {
      ecmaVersion: "latest",
      sourceType: "script",
      allowHashBang: true,
      onComment: comments,
    });
  } catch (error) {
    return err(rejectFrom(error));
  }
  const strict = program.body.some(
    (statement) => "directive" in statement && statement.directive === "use strict",
  );
  const code = `${withoutMisleadingComments(text, comments)}\n`;
  return ok({
    code: strict && !code.startsWith(strictDirective) ? strictDirective + code : code,
    warnings: lexicalWarnings(program),
  });
}

// `sourceMappingURL` would map the wrong lines, `sourceURL` would rename the
// whole snippet in stack traces and long-animation-frame entries.
const misleading = /^[#@]\s*source(?:MappingURL|URL)\s*=/;

/** Cuts those comments, and a hashbang, out; each leaves a new line or a space where it was. */
function withoutMisleadingComments(text: string, comments: readonly Comment[]): string {
  let code = "";
  let from = 0;
  for (const comment of comments) {
    const hashbang = comment.start === 0 && text.startsWith("#!");
    if (!hashbang && !misleading.test(comment.value.trim())) continue;
    code += text.slice(from, comment.start);
    if (comment.type === "Block") code += comment.value.includes("\n") ? "\n" : " ";
    from = comment.end;
  }
  return code + text.slice(from);
}

function lexicalWarnings(program: Program): readonly string[] {
  const names = program.body.flatMap((statement) => {
    if (statement.type === "ClassDeclaration") return [statement.id.name];
    if (statement.type !== "VariableDeclaration" || statement.kind === "var") return [];
    return statement.declarations.flatMap(({ id }) => (id.type === "Identifier" ? [id.name] : []));
  });
  if (names.length === 0) return [];
  return [
    `top-level let, const or class (${names.slice(0, 5).join(", ")}): a page that has the same ` +
      "global name, or loads the script twice, runs none of it; wrap the engine in a function",
  ];
}

function rejectFrom(error: unknown): EngineReject {
  if (!(error instanceof SyntaxError)) throw error;
  const { line, column } = (error as SyntaxError & { loc: { line: number; column: number } }).loc;
  return { reason: "not_javascript", detail: error.message, line, column };
}
