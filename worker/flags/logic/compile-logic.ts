// Compiles JsonLogic, as flagd extends it, into closures. Agrees with
// @openfeature/flagd-core to the letter: its generated code by default, its
// interpreter where generated code calls it. Generates no code itself.
import { affixes } from "./affix.ts";
import { arithmetic } from "./arithmetic.ts";
import {
  checkBudget,
  maxCompileSteps,
  maxExpressions,
  maxRunSteps,
  metered,
  repeats,
  spend,
} from "./budget.ts";
import { choice } from "./choice.ts";
import { collection } from "./collection.ts";
import { comparison } from "./comparison.ts";
import { control } from "./control.ts";
import {
  constant,
  isArray,
  isObject,
  LogicError,
  type Compile,
  type Fold,
  type Json,
  type Needs,
  type Node,
  type Operator,
  type Run,
  type Scope,
} from "./expression.ts";
import { fractions } from "./fractional.ts";
import { presence } from "./presence.ts";
import { reduction } from "./reduce.ts";
import { text } from "./text.ts";
import { variables } from "./variable.ts";
import { versions } from "./version.ts";

const operators: ReadonlyMap<string, Operator> = new Map(
  Object.entries({
    ...affixes,
    ...arithmetic,
    ...choice,
    ...collection,
    ...comparison,
    ...control,
    ...fractions,
    ...presence,
    ...reduction,
    ...text,
    ...variables,
    ...versions,
  }),
);

/** A compiled targeting. */
export type Logic = {
  /** Evaluates; throws where the reference does. */
  readonly run: (context: object) => unknown;
  /** Whether the context must be completed with `$flagd` and marked before `run`. */
  readonly needsContext: boolean;
};

/**
 * Compiles the logic of one flag.
 *
 * @throws LogicError for an unknown operator and for constants that cannot be
 *   evaluated: flagd's PARSE_ERROR; also for what costs more than `budget.ts` allows.
 */
export function compileLogic(source: Json, flagKey: string): Logic {
  const budget = { left: maxCompileSteps };
  const place = { flagKey, budget, metered: repeats(source) };
  const first = attempt(source, { ...place, tracked: false });
  const { run, needs, register } = first.needs.register
    ? attempt(source, { ...place, tracked: true })
    : first;
  checkBudget(budget);
  const outermost: readonly unknown[] = [];
  return {
    run: (context) => {
      if (needs.register) register.value = undefined;
      budget.left = maxRunSteps;
      const result = run(context, outermost);
      checkBudget(budget);
      return result;
    },
    needsContext: needs.context,
  };
}

function attempt(
  source: Json,
  place: Pick<Scope, "flagKey" | "budget" | "metered" | "tracked">,
): { readonly run: Run; readonly needs: Needs; readonly register: Scope["register"] } {
  const needs = { context: false, register: false };
  const register = { value: undefined };
  const expressions = { left: maxExpressions };
  const counted =
    (compile: Compile): Compile =>
    (each, scope) => {
      spend(place.budget, 1);
      const node = compile(each, scope);
      if (node.constant === undefined) spend(expressions, 1);
      return place.metered ? metered(node, scope) : node;
    };
  const dialects = { build: counted(build), interpret: counted(interpret) };
  const scope = { ...dialects, ...place, needs, root: true, index: "none" as const, register };
  const { run } = scope.build(source, scope);
  checkBudget(expressions);
  return { run, needs, register };
}

/** Finds the operator of an expression; undefined for an empty object. */
function operatorOf(
  source: object,
): { readonly operator: Operator; readonly operand: Json } | undefined {
  const [name, ...others] = Object.keys(source);
  if (name === undefined) return undefined;
  const operator = operators.get(name);
  if (operator === undefined || others.length > 0) throw new LogicError("Unknown Operator");
  return { operator, operand: (source as { readonly [key: string]: Json })[name] };
}

/** Generated code: constants are folded by the interpreter first. */
function build(source: Json, scope: Scope): Node {
  if (isArray(source)) return list(source.map((each) => scope.build(each, scope)));
  if (!isObject(source)) return constant(source);
  const found = operatorOf(source);
  if (found === undefined) return constant(source);
  const { operator } = found;
  if (isConstant(source, outside)) {
    return constant(scope.interpret(source, scope).run(undefined, []));
  }
  const eager = operator.lazy === undefined;
  const operand = eager && !isObject(found.operand) ? [found.operand] : found.operand;
  const node = operator.build?.(operand, scope);
  if (node !== undefined) return node;
  return operator.lazy === undefined
    ? call(operator, operand, (each) => scope.build(each, scope))
    : { run: reached(operator.lazy, found.operand, scope) };
}

/** The interpreter, which compiles as far as it can too. */
function interpret(source: Json, scope: Scope): Node {
  if (isArray(source)) return list(source.map((each) => scope.interpret(each, scope)));
  if (!isObject(source)) return constant(source);
  const found = operatorOf(source);
  if (found === undefined) return constant(source);
  const { operator, operand } = found;
  const node = operator.interpret?.(operand, scope) ?? interpretCall(operator, operand, scope);
  if (node.constant !== undefined || !isConstant(source, outside)) return node;
  return constant(node.run(undefined, []));
}

function interpretCall(operator: Operator, operand: Json, scope: Scope): Node {
  if (operator.lazy !== undefined) return { run: reached(operator.lazy, operand, scope) };
  const listed = operator.unary === true || isObject(operand) ? operand : [operand];
  return call(operator, listed, (each) => scope.interpret(each, scope));
}

/** An operator without code of its own: it complains when it is reached, not before. */
function reached(lazy: NonNullable<Operator["lazy"]>, operand: Json, scope: Scope): Run {
  try {
    return lazy(operand, scope);
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

/** Evaluates the operands and hands them to the operator's method. */
function call(operator: Operator, operand: Json, compile: (source: Json) => Node): Node {
  const { method, unary = false } = operator;
  if (method === undefined) throw new LogicError("Unknown Operator");
  const single = unary && isArray(operand) && operand.length === 1 && !isArray(operand[0]);
  const { run } = compile(single ? operand[0] : operand);
  if (unary || isArray(operand)) {
    return { run: (data, above) => method(run(data, above), data, above) };
  }
  return {
    run: (data, above) => {
      const value = run(data, above);
      return method(Array.isArray(value) ? value : [value], data, above);
    },
  };
}

/** A list of expressions. */
function list(nodes: readonly Node[]): Node {
  if (nodes.every((node) => node.constant !== undefined)) {
    return constant(nodes.map((node) => node.constant?.value));
  }
  const runs = nodes.map((node) => node.run);
  return { run: (data, above) => runs.map((run) => run(data, above)) };
}

/** Whether an expression gives the same for every context. */
function isConstant(source: Json, fold: Fold): boolean {
  if (isArray(source)) return source.every((each) => isConstant(each, fold));
  if (!isObject(source)) return true;
  const [name] = Object.keys(source);
  if (name === undefined) return true;
  const operator = operators.get(name);
  if (operator === undefined) throw new LogicError("Unknown Operator");
  const operand = source[name];
  if (typeof operator.constant === "function") return operator.constant(operand, fold);
  if (!operator.constant) return false;
  return operator.lazy !== undefined || isConstant(operand, fold);
}

const outside: Fold = { insideIterator: false, insideTry: false, isConstant };
