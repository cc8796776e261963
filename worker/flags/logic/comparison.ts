// < <= > >= == === != !==, two operands or a chain of them. Text is compared as
// text, anything else as numbers; what is no number is an error.
import {
  constant,
  interpretLater,
  invalidArguments,
  isArray,
  notANumber,
  type Json,
  type Node,
  type Operator,
  type Operators,
  type Run,
  type Scope,
} from "./expression.ts";
import { numeric } from "./number.ts";

type Compare = (left: never, right: never) => boolean;
type Loose = (left: unknown, right: unknown) => boolean;

const comparisons: { readonly [name: string]: Compare } = {
  "<": (left: number, right: number) => left < right,
  "<=": (left: number, right: number) => left <= right,
  ">": (left: number, right: number) => left > right,
  ">=": (left: number, right: number) => left >= right,
  // The coercing comparisons are the operators' very meaning.
  // oxlint-disable-next-line eqeqeq
  "==": (left: unknown, right: unknown) => left == right,
  "===": (left: unknown, right: unknown) => left === right,
  // oxlint-disable-next-line eqeqeq
  "!=": (left: unknown, right: unknown) => left != right,
  "!==": (left: unknown, right: unknown) => left !== right,
};

function isText(value: unknown): boolean {
  return typeof value === "string" || value === null;
}

function notNumber(value: unknown): boolean {
  return Number.isNaN(Number(numeric(value)));
}

/** The right operand, fit to be compared with `left` by JavaScript's own operator. */
function fit(right: unknown, left: unknown): unknown {
  if (isText(right) && isText(left)) return right;
  if (notNumber(right) && left !== null) throw notANumber();
  if (notNumber(left)) throw notANumber();
  // JavaScript says null <= 0 but not null == 0; here null equals what is empty.
  if (left === null && !right) return null;
  if (right === null && !left) return 0;
  return right;
}

/** The interpreter's comparison of two values. */
function interpreted(compare: Loose, strict: boolean): Loose {
  if (strict) return compare;
  return (left, right) => {
    if (isText(left) && isText(right)) return compare(left, right);
    if (notNumber(left)) throw notANumber();
    if (notNumber(right) && left !== null) throw notANumber();
    return compare(Number(left), Number(right));
  };
}

function interpretChain(operands: readonly Json[], scope: Scope, compare: Loose): Node {
  const nodes = operands.map((operand) => scope.interpret(operand, scope));
  const [first, ...rest] = nodes;
  const run: Run = (data, above) => {
    let left = first?.run(data, above);
    for (const node of rest) {
      const right = node.run(data, above);
      if (!compare(left, right)) return false;
      left = right;
    }
    return true;
  };
  const known = nodes.every((node) => node.constant !== undefined);
  return known ? constant(run(undefined, [])) : { run };
}

/** Four operands and more: every value must be a number, even where text was compared. */
function longChain(operands: readonly Json[], scope: Scope, name: string): Run {
  const compare = comparisons[name] as Loose;
  const strict = name.length === 3;
  const [first, ...rest] = operands.map((operand) => interpretLater(operand, scope));
  return (data, above) => {
    let left = first?.(data, above);
    for (const run of rest) {
      const right = run(data, above);
      if ((strict || (isText(left) && isText(right))) && !compare(left, right)) return false;
      if (notNumber(right) && left !== null) throw notANumber();
      if (run === rest[0] && notNumber(left)) throw notANumber();
      if (!compare(Number(left), Number(right))) return false;
      left = right;
    }
    return true;
  };
}

/** Generated code. The left value waits in the register, where the right operand may overwrite it. */
function buildPair(operands: readonly Json[], scope: Scope, name: string): Node {
  const compare = comparisons[name] as Loose;
  const strict = name.length === 3;
  const left = scope.build(operands[0], scope);
  const { register, tracked } = scope;
  const right = scope.build(operands[1], { ...scope, tracked: tracked || !strict });
  if (right.constant !== undefined && !tracked) {
    return { run: withConstant(left.run, right.constant.value, { name, compare, strict }) };
  }
  return {
    run: (data, above) => {
      const first = left.run(data, above);
      register.value = first;
      const second = right.run(data, above);
      return compare(first, strict ? second : fit(second, register.value));
    },
  };
}

function withConstant(
  left: Run,
  value: unknown,
  {
    name,
    compare,
    strict,
  }: { readonly name: string; readonly compare: Loose; readonly strict: boolean },
): Run {
  if (typeof value === "string" && (name === "==" || name === "===")) {
    return equalTo(left, value, strict);
  }
  if (strict) return (data, above) => compare(left(data, above), value);
  if (typeof value !== "string") {
    return (data, above) => {
      const first = left(data, above);
      return compare(first, fit(value, first));
    };
  }
  return (data, above) => {
    const first = left(data, above);
    return compare(first, typeof first === "string" ? value : fit(value, first));
  };
}

/** What audiences are mostly made of. */
function equalTo(left: Run, value: string, strict: boolean): Run {
  return (data, above) => {
    const first = left(data, above);
    if (strict || typeof first === "string") return first === value;
    // oxlint-disable-next-line eqeqeq
    return first == fit(value, first);
  };
}

function buildChain(operands: readonly Json[], scope: Scope, name: string): Node {
  const compare = comparisons[name] as Loose;
  const strict = name.length === 3;
  const { register } = scope;
  const inside = { ...scope, tracked: true };
  const [first, ...rest] = operands.map((operand) => scope.build(operand, inside).run);
  return {
    run: (data, above) => {
      register.value = first?.(data, above);
      for (const run of rest) {
        const left = register.value;
        const value = run(data, above);
        const right = strict ? value : fit(value, register.value);
        register.value = right;
        if (!compare(left, right)) return false;
      }
      return true;
    },
  };
}

function operator(name: string): Operator {
  const strict = name.length === 3;
  const compare = interpreted(comparisons[name] as Loose, strict);
  return {
    constant: (operand, fold) => fold.isConstant(operand, fold),
    lazy: (operand, scope) => {
      if (!isArray(operand) || operand.length < 2) throw invalidArguments();
      return longChain(operand, scope, name);
    },
    interpret: (operand, scope) => {
      if (!isArray(operand) || (operand.length !== 2 && operand.length !== 3)) return undefined;
      return interpretChain(operand, scope, compare);
    },
    build: (operand, scope) => {
      if (!isArray(operand) || operand.length < 2) return undefined;
      const build = operand.length === 2 ? buildPair : buildChain;
      return build(operand, scope, name);
    },
  };
}

export const comparison: Operators = Object.fromEntries(
  Object.keys(comparisons).map((name) => [name, operator(name)]),
);
