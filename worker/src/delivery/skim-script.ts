// What can be said of a script that nests deeper than a parser's stack: it is read word
// by word, its brackets are matched, and its deepest parts are blanked, so that a parser
// reaches the rest. It never says that what it blanked is right.
import { getLineInfo, tokenizer, tokTypes, type Comment, type Token } from "acorn";
import { scriptOptions } from "./parse-script.ts";

export type Skimmed = {
  /** The same lines, without what lies deeper than `reach`; what follows that on a line may have moved. */
  readonly shallow: string;
  readonly comments: readonly Comment[];
  /** How many brackets are open at once, at most. */
  readonly depth: number;
};

/** How many brackets deep the shallow text goes. */
export const reach = 100;

/** Names that stand in the shallow text for what was blanked. */
export const standIn = /^\$_\d+_$/;

const closerOf = new Map([
  [tokTypes.parenL, tokTypes.parenR],
  [tokTypes.bracketL, tokTypes.bracketR],
  [tokTypes.braceL, tokTypes.braceR],
  [tokTypes.dollarBraceL, tokTypes.braceR],
]);
const closers = new Set(closerOf.values());

// In these a group in parentheses is no expression, and has a grammar of its own.
const heads = new Set(["for", "if", "while", "with", "switch", "catch"]);

/** A bracketed group: its first token, the one before that but for `await`, and where its inside ends. */
type Group = { readonly opener: Token; readonly before: Token | undefined; readonly end: number };

/** Throws a SyntaxError with `loc` where a word cannot be read or brackets do not match. */
export function skimScript(text: string): Skimmed {
  const comments: Comment[] = [];
  const open: { readonly opener: Token; readonly before: Token | undefined }[] = [];
  const blank = new Blanking(text);
  let depth = 0;
  let before: Token | undefined;
  for (const token of tokenizer(text, { ...scriptOptions, onComment: comments })) {
    blank.next(token);
    if (closers.has(token.type)) {
      const group = open.pop();
      if (group === undefined || closerOf.get(group.opener.type) !== token.type) {
        throw unmatched(text, token);
      }
      if (open.length === reach) blank.close({ ...group, end: token.start });
    } else if (closerOf.has(token.type)) {
      open.push({ opener: token, before });
      depth = Math.max(depth, open.length);
    }
    // `for await (` begins a head as `for (` does.
    const isForAwait =
      before?.type === tokTypes._for && text.slice(token.start, token.end) === "await";
    if (!isForAwait) before = token;
  }
  const left = open.pop();
  if (left !== undefined) throw unmatched(text, left.opener);
  return { shallow: blank.text(), comments, depth };
}

/** Puts something that is as right in the place of what groups hold. */
class Blanking {
  readonly #text: string;
  readonly #parts: string[] = [];
  #from = 0;
  #made = 0;
  #pending: Group | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  // What a group in parentheses was shows in the token after it.
  next(token: Token): void {
    const group = this.#pending;
    this.#pending = undefined;
    if (group === undefined) return;
    const isExpression = token.type !== tokTypes.braceL && token.type !== tokTypes.arrow;
    if (isExpression && !heads.has(group.before?.type.keyword ?? "")) this.#blank(group, "._");
  }

  close(group: Group): void {
    const { type } = group.opener;
    if (type === tokTypes.parenL) this.#pending = group;
    else if (type === tokTypes.braceL) this.#blank(group, undefined);
    else this.#blank(group, "");
  }

  text(): string {
    return this.#parts.join("") + this.#text.slice(this.#from);
  }

  /** Leaves nothing, or a name with `suffix`, and all line ends. */
  #blank({ opener, end }: Group, suffix: string | undefined): void {
    const stand = suffix === undefined ? "" : `$_${this.#made}_${suffix}`;
    const inside = this.#text.slice(opener.end, end);
    if (inside.length < stand.length) return;
    this.#made += 1;
    // A name may not be cut in two by the end of a line.
    const lines = inside.replaceAll(/[^\n\r\u2028\u2029]/g, " ");
    const padding = lines.startsWith(" ".repeat(stand.length)) ? lines.slice(stand.length) : lines;
    this.#parts.push(this.#text.slice(this.#from, opener.end), stand, padding);
    this.#from = end;
  }
}

function unmatched(text: string, { start }: Token): SyntaxError {
  const loc = getLineInfo(text, start);
  const sign = text.slice(start, start + 1);
  const message = `'${sign}' has no other half (${loc.line}:${loc.column})`;
  return Object.assign(new SyntaxError(message), { loc });
}
