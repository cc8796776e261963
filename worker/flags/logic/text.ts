// cat substr: text made of values.
import {
  asText,
  isArray,
  type Above,
  type Node,
  type Operator,
  type Operators,
  type Scope,
} from "./expression.ts";
import { spendOnText } from "./budget.ts";

const cat: Operator = {
  unary: true,
  constant: true,
  method: (value) => {
    if (typeof value === "string") return value;
    if (!Array.isArray(value)) return textOf(value);
    let result = "";
    for (const part of value) if (part !== null && part !== undefined) result += asText(part);
    return result;
  },
  // Generated code joins with +, which writes null as "null".
  build: (operand, scope) => {
    if (!isArray(operand)) return undefined;
    const nodes = operand.map((each) => scope.build(each, scope));
    const [first, second] = nodes;
    if (nodes.length === 2 && first && second && !first.unfenced && !second.unfenced) {
      const known = first.constant === undefined ? undefined : joined("", first.constant.value);
      if (known !== undefined)
        return { run: (data, above) => paid(joined(known, second.run(data, above)), scope) };
    }
    const run = join(nodes);
    return { run: (data, above) => paid(run("", data, above), scope) };
  },
};

function paid<T>(text: T, { budget }: Scope): T {
  spendOnText(budget, text);
  return text;
}

function joined(left: string, right: unknown): string {
  return typeof right === "string" ? left + right : `${left}${asText(right)}`;
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) throw new TypeError("nothing to write");
  return asText(value);
}

type Join = (left: unknown, data: unknown, above: Above) => unknown;

/** Joins from the left; an unfenced operand takes all before it into its condition. */
function join(nodes: readonly Node[]): Join {
  const open = nodes.findIndex((node) => node.unfenced !== undefined);
  const runs = (open === -1 ? nodes : nodes.slice(0, open)).map((node) => node.run);
  const plain: Join = (left, data, above) => {
    let text = left;
    for (const run of runs) text = add(text, run(data, above));
    return text;
  };
  const unfenced = nodes[open]?.unfenced;
  if (unfenced === undefined) return plain;
  const after = join(nodes.slice(open + 1));
  return (left, data, above) => {
    const text = asText(plain(left, data, above));
    return unfenced({ concat: () => text, after })(data, above);
  };
}

/** JavaScript's `+`, whatever it is given. */
function add(left: unknown, right: unknown): unknown {
  return (left as string) + (right as string);
}

const substr: Operator = {
  constant: true,
  method: (operands) => {
    const [text, from, end] = operands as readonly [string, number, number | undefined];
    if (typeof text !== "string") throw new TypeError("not a text");
    const start = integer(from);
    const begin = start < 0 ? Math.max(text.length + start, 0) : start;
    const rest = text.slice(begin);
    if (end === undefined) return rest;
    const count = integer(end);
    // A negative length is an end counted from the back.
    if (end < 0) return rest.slice(0, Math.max(rest.length + count, 0));
    return rest.slice(0, Math.max(count, 0));
  },
};

function integer(value: number): number {
  const number = Math.trunc(value);
  return Number.isNaN(number) ? 0 : number;
}

export const text: Operators = { cat, substr };
