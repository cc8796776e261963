// reduce: folds an array. What is carried along may be a value or a flat list,
// never a nested one, so that no expression grows without bound.
import {
  innerScope,
  interpretLater,
  invalidArguments,
  isArray,
  isObject,
  LogicError,
  type Json,
  type Node,
  type Operator,
  type Operators,
  type Scope,
} from "./expression.ts";
import { spend } from "./budget.ts";

/** Throws where an array or object holds another one. */
function flat<T>(value: T): T {
  if (!isObject(value)) return value;
  for (const member of Object.values(value)) {
    if (isObject(member)) throw new LogicError("Exceeded Allowed Depth");
  }
  return value;
}

/** One step of a fold. */
function reduced<T>(value: T, { budget }: Scope): T {
  spend(budget, 1);
  return flat(value);
}

type Combine = (accumulator: unknown, current: unknown) => unknown;

function fold(elements: unknown, combine: Combine, initial: unknown): unknown {
  const list = elements || [];
  if (!Array.isArray(list)) throw new TypeError("not an array");
  return initial === undefined ? list.reduce(combine) : list.reduce(combine, initial);
}

/** The interpreter adds and multiplies without a loop. */
function asArithmetic(operands: readonly Json[], scope: Scope): Node | undefined {
  const [elements, combine, initial] = operands;
  if (combine === null || combine === undefined) throw invalidArguments();
  if (isSimple(combine, "+")) {
    return scope.interpret({ "+": [{ "+": elements }, initial || 0] }, scope);
  }
  if (isSimple(combine, "*")) {
    return scope.interpret(
      { "*": [{ "*": elements }, initial === undefined ? 1 : initial] },
      scope,
    );
  }
  return undefined;
}

/** `{ <operator>: [accumulator, current] }`, either way round. */
function isSimple(source: Json, operator: string): boolean {
  const operands = isObject(source) ? (source as { readonly [key: string]: Json })[operator] : null;
  if (!isArray(operands) || operands.length !== 2) return false;
  const named = (name: string): boolean =>
    operands.some((each) => isObject(each) && "var" in each && each.var === name);
  return named("accumulator") && named("current");
}

const reduce: Operator = {
  constant: (operand, folding) => {
    const [elements, combine] = isArray(operand) ? operand : [];
    const inside = { ...folding, insideIterator: true };
    return folding.isConstant(elements, folding) && folding.isConstant(combine, inside);
  },
  interpret: (operand, scope) => (isArray(operand) ? asArithmetic(operand, scope) : undefined),
  lazy: (operand, scope) => {
    if (!isArray(operand)) throw invalidArguments();
    const [source, combine, initial] = operand;
    const elements = interpretLater(source, scope);
    const start = interpretLater(initial, scope);
    const step = interpretLater(combine, innerScope(scope, false));
    return (data, above) => {
      const from = flat(start(data, above));
      const list = elements(data, above);
      const inside = [list, data, above];
      const combined: Combine = (accumulator, current) =>
        reduced(step({ accumulator, current }, inside), scope);
      return fold(list, combined, from);
    };
  },
  build: (operand, scope) => {
    if (!isArray(operand)) throw invalidArguments();
    const source = scope.build(operand[0], scope);
    const elements = source.unfenced?.({ after: (value) => value || [] }) ?? source.run;
    const start = operand[2] === undefined ? undefined : scope.build(operand[2], scope).run;
    const step = scope.build(operand[1], innerScope(scope, false)).run;
    return {
      run: (data, above) => {
        const list = elements(data, above);
        const inside = [null, data, above];
        const combined: Combine = (accumulator, current) =>
          reduced(step({ accumulator, current }, inside), scope);
        if (start === undefined) return fold(list, combined, undefined);
        const from = flat(start(data, above));
        if (from !== undefined) return fold(list, combined, from);
        return [undefined, ...((list || []) as unknown[])].reduce(combined);
      },
    };
  },
};

export const reduction: Operators = { reduce };
