// if ?: and or ?? ! !! not: what is evaluated depends on what is true.
import {
  type Around,
  interpretLater,
  invalidArguments,
  isArray,
  type Json,
  type Node,
  type Operator,
  type Operators,
  type Run,
  type Scope,
} from "./expression.ts";
import { truthy } from "./truthy.ts";

type Branch = { readonly when: Run; readonly result: Run };

/** Conditions with their results, and what is left where none holds. */
function branches(
  operands: readonly Json[],
  compile: (operand: Json) => Run,
): { readonly tests: readonly Branch[]; readonly otherwise: Run } {
  const even = operands.length % 2 === 0;
  const runs = operands.map((operand) => compile(operand));
  const otherwise = even ? (): null => null : (runs.at(-1) as Run);
  const tests: Branch[] = [];
  for (let at = 0; at + 1 < runs.length; at += 2) {
    tests.push({ when: runs[at] as Run, result: runs[at + 1] as Run });
  }
  return { tests, otherwise };
}

function choose({ tests, otherwise }: ReturnType<typeof branches>): Run {
  const [only, ...more] = tests;
  if (only !== undefined && more.length === 0) {
    const { when, result } = only;
    return (data, above) =>
      truthy(when(data, above)) ? result(data, above) : otherwise(data, above);
  }
  return (data, above) => {
    for (const { when, result } of tests) {
      if (truthy(when(data, above))) return result(data, above);
    }
    return otherwise(data, above);
  };
}

const conditional: Operator = {
  constant: (operand, fold) => fold.isConstant(operand, fold),
  lazy: (operand, scope) => {
    if (!isArray(operand)) throw invalidArguments();
    if (operand.length === 0) return () => null;
    return choose(branches(operand, (each) => interpretLater(each, scope)));
  },
  interpret: (operand, scope) => {
    if (!isArray(operand) || operand.length !== 3) return undefined;
    const [test, then, otherwise] = operand.map((each) => scope.interpret(each, scope));
    if (test === undefined || then === undefined || otherwise === undefined) return undefined;
    if (test.constant !== undefined) return truthy(test.constant.value) ? then : otherwise;
    return {
      run: (data, above) =>
        truthy(test.run(data, above)) ? then.run(data, above) : otherwise.run(data, above),
    };
  },
  // Fewer than three operands have no code: they are interpreted, as all below them.
  build: (operand, scope) => {
    if (!isArray(operand) || operand.length < 3) return undefined;
    return { run: choose(branches(operand, (each) => scope.build(each, scope).run)) };
  },
};

/** `and` and `or`: the first value that decides, else the last one. */
function junction(decides: (value: unknown) => boolean, negated: boolean): Operator {
  return {
    constant: (operand, fold) => fold.isConstant(operand, fold),
    lazy: (operand, scope) => {
      if (!isArray(operand)) throw invalidArguments();
      if (operand.length === 0) return () => null;
      return firstDeciding(
        operand.map((each) => interpretLater(each, scope)),
        decides,
      );
    },
    build: (operand, scope) => {
      if (!isArray(operand)) return undefined;
      const runs = operand.map((each) => scope.build(each, scope).run);
      const unfenced = (around: Around): Run =>
        captured({ runs, decides, negated, around, register: scope.register });
      if (scope.tracked) return { run: unfenced({}), unfenced };
      return { run: firstDeciding(runs, decides), unfenced };
    },
  };
}

function firstDeciding(runs: readonly Run[], decides: (value: unknown) => boolean): Run {
  const [first, second, ...more] = runs;
  if (first !== undefined && second !== undefined && more.length === 0) {
    return (data, above) => {
      const value = first(data, above);
      return decides(value) ? value : second(data, above);
    };
  }
  return (data, above) => {
    let value: unknown;
    for (const run of runs) {
      value = run(data, above);
      if (decides(value)) return value;
    }
    return value;
  };
}

/** The same with every value kept in the register, and neighbours that capture its ends. */
function captured(junctionOf: {
  readonly runs: readonly Run[];
  readonly decides: (value: unknown) => boolean;
  readonly negated: boolean;
  readonly around: Around;
  readonly register: Scope["register"];
}): Run {
  const { runs, decides, negated, around, register } = junctionOf;
  return (data, above) => {
    const left = around.concat?.();
    const instead = around.coalesce?.(data, above);
    for (const run of runs) {
      const first = run === runs[0];
      if (first && instead !== null && instead !== undefined) {
        if (instead) return register.value;
        continue;
      }
      register.value = run(data, above);
      const captures = first && left !== undefined;
      // Any text is true; only an empty value after an empty text is not.
      const holds = captures
        ? left !== "" || negated || register.value !== ""
        : decides(register.value);
      if (holds) return register.value;
    }
    return around.after === undefined ? register.value : around.after(register.value, data, above);
  };
}

const coalesce: Operator = {
  constant: (operand, fold) => fold.isConstant(operand, fold),
  lazy: (operand, scope) => {
    if (!isArray(operand)) throw invalidArguments();
    return firstPresent(operand.map((each) => interpretLater(each, scope)));
  },
  build: (operand, scope) => {
    if (!isArray(operand) || operand.length === 0) {
      const { run } = scope.build(operand, scope);
      return {
        run: (data, above) => {
          const values = run(data, above);
          if (!Array.isArray(values)) throw invalidArguments();
          return values.find((value) => value !== null && value !== undefined) ?? null;
        },
      };
    }
    const nodes = operand.map((each) => scope.build(each, scope));
    const earlier = nodes.slice(0, -1).map((node) => node.run);
    const last = nodes.at(-1) as Node;
    if (earlier.length === 0) return { run: last.run };
    return { run: coalesceInto(firstPresent(earlier), last, scope) };
  },
};

function firstPresent(runs: readonly Run[]): Run {
  return (data, above) => {
    for (const run of runs) {
      const value = run(data, above);
      if (value !== null && value !== undefined) return value;
    }
    return null;
  };
}

/** `value ?? last`, where `last` may be an expression whose condition `??` captures. */
export function coalesceInto(value: Run, last: Node, scope: Scope): Run {
  if (last.unfenced !== undefined) {
    // The last value stored in the register may be somebody else's.
    scope.needs.register = true;
    return last.unfenced({ coalesce: value });
  }
  return (data, above) => value(data, above) ?? last.run(data, above);
}

function negation(negated: boolean): Operator {
  return {
    unary: true,
    constant: true,
    method: (value) => truthy(Array.isArray(value) ? value[0] : value) !== negated,
    build: (operand, scope) => {
      const { run } = scope.build(isArray(operand) ? operand[0] : operand, scope);
      return { run: (data, above) => truthy(run(data, above)) !== negated };
    },
  };
}

export const choice: Operators = {
  if: conditional,
  "?:": conditional,
  or: junction(truthy, false),
  and: junction((value) => !truthy(value), true),
  "??": coalesce,
  "!": negation(true),
  not: negation(true),
  "!!": negation(false),
};
