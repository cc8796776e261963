// A classic script as acorn reads it, made fit for whole bundles: a chain of operators
// takes no stack, however long, and functions are forgotten once they are read, for the
// tree of 4.8 MB of script takes 170 MB and an isolate has 128.
import { Parser, type Comment, type Options, type Program } from "acorn";

export type Script = {
  readonly program: TopLevel;
  readonly comments: readonly Comment[];
};

/** A program whose functions have no body. */
export type TopLevel = Program;

/** How a script is read, by the parser and by the tokenizer alone. */
export const scriptOptions = { ecmaVersion: "latest", sourceType: "script" } as const;

/** Throws a SyntaxError with `loc`, or a RangeError where `text` nests deeper than the stack is. */
export function parseScript(text: string): Script {
  const comments: Comment[] = [];
  const program = new ScriptParser({ ...scriptOptions, onComment: comments }, text).parse();
  return { program, comments };
}

/** Whether a script opens with the directive "use strict"; told without parsing it. */
export function isStrict(text: string): boolean {
  return new ScriptParser(scriptOptions, text).strict;
}

type Expression = { readonly left?: Expression };

/** The operators read so far at one precedence, and what they became. */
type Chain = { readonly left: Expression; grown: Expression | undefined };

// What plugins of acorn build on; not in its types.
type Inside = {
  readonly strict: boolean;
  parseExprOp(left: Expression, ...rest: readonly unknown[]): Expression;
  parseFunctionBody(node: { body: unknown }, ...rest: readonly unknown[]): void;
  catchStackOverflow<T>(read: () => T): T;
  enterScope(flags: number): void;
  currentScope(): Record<"var" | "lexical" | "functions", string[]>;
};
const Open = Parser as unknown as new (options: Options, text: string) => Parser & Inside;

/** Names of one scope, which acorn looks through for each further one. */
class Names extends Array<string> {
  #seen: Set<string> | undefined;

  override push(name: string): number {
    this.#seen?.add(name);
    return super.push(name);
  }

  override indexOf(name: string): number {
    if (this.length < 32) return super.indexOf(name);
    this.#seen ??= new Set(this);
    return this.#seen.has(name) ? 0 : -1;
  }
}

class ScriptParser extends Open {
  #chain: Chain | undefined;

  // acorn calls itself for each further operator of a chain, with what it has so far as
  // the next one's left side. That call is answered at once and made from here instead.
  override parseExprOp(left: Expression, ...rest: readonly unknown[]): Expression {
    const outer = this.#chain;
    if (outer !== undefined && left.left === outer.left) {
      outer.grown = left;
      return left;
    }
    for (let operand = left; ;) {
      const chain: Chain = { left: operand, grown: undefined };
      this.#chain = chain;
      const read = super.parseExprOp(operand, ...rest);
      this.#chain = outer;
      if (chain.grown === undefined) return read;
      operand = chain.grown;
    }
  }

  override parseFunctionBody(node: { body: unknown }, ...rest: readonly unknown[]): void {
    super.parseFunctionBody(node, ...rest);
    node.body = null;
  }

  override enterScope(flags: number): void {
    super.enterScope(flags);
    const scope = this.currentScope();
    for (const kind of ["var", "lexical", "functions"] as const) scope[kind] = new Names();
  }

  // acorn would call it a syntax error.
  override catchStackOverflow<T>(read: () => T): T {
    return read();
  }
}
