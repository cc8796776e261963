// + - * / % min max. A result that is no number is an error, not a NaN.
import {
  type Around,
  invalidArguments,
  isArray,
  isObject,
  notANumber,
  type Json,
  type Node,
  type Operator,
  type Operators,
  type Run,
  type Scope,
} from "./expression.ts";
import { numeric, operandNumber, reduceNumbers } from "./number.ts";

type Step = (left: number, right: number) => number;

const add: Step = (left, right) => left + right;
const subtract: Step = (left, right) => left - right;
const multiply: Step = (left, right) => left * right;
const remainder: Step = (left, right) => left % right;

/** Generated code: every operand coerced, the whole checked once. */
function chain(operands: readonly Json[], scope: Scope, step: Step): Run {
  const runs = operands.map((operand) => operandNumber(operand, scope).run);
  return (data, above) => {
    let result = runs[0]?.(data, above) ?? 0;
    for (let at = 1; at < runs.length; at += 1) {
      result = step(result, (runs[at] as (typeof runs)[number])(data, above));
    }
    return numeric(result);
  };
}

/** Generated code over one operand that may turn out to be an array; it is left in the register. */
function computed(operand: Json, scope: Scope, finish: (value: unknown) => unknown): Node {
  const { run } = scope.build(operand, scope);
  const { register } = scope;
  return {
    run: (data, above) => {
      const value = run(data, above);
      register.value = value;
      return finish(value);
    },
  };
}

function atLeast(value: unknown, size: number): readonly unknown[] {
  if (!Array.isArray(value) || value.length < size) throw invalidArguments();
  return value as readonly unknown[];
}

const plus: Operator = {
  unary: true,
  constant: true,
  method: (value) => {
    if (!value) return 0;
    if (!isObject(value)) return numeric(Number(value));
    return sum(atLeast(value, 0));
  },
  build: (operand, scope) => {
    if (isArray(operand)) {
      return { run: operand.length === 0 ? () => 0 : chain(operand, scope, add) };
    }
    return computed(operand, scope, (value) => {
      if (!Array.isArray(value)) return numeric(Number(value));
      return value.reduce((total: number, next: unknown) => total + Number(numeric(next)), 0);
    });
  },
};

function sum(values: readonly unknown[]): unknown {
  return numeric(values.reduce((total: number, next) => total + Number(plain(next)), 0));
}

/** Refuses arrays and objects, as the interpreter's arithmetic does. */
function plain(value: unknown): unknown {
  if (isObject(value)) throw notANumber();
  return value;
}

const minus: Operator = {
  unary: true,
  constant: true,
  method: (value) => {
    if (!value) return 0;
    if (!isObject(value)) return numeric(-Number(value));
    if (!Array.isArray(value)) throw notANumber();
    const [first, ...rest] = atLeast(value, 1);
    plain(first);
    if (rest.length === 0) return -Number(first);
    return numeric(rest.reduce((left: number, next) => left - Number(plain(next)), Number(first)));
  },
  build: (operand, scope) => {
    if (isArray(operand)) {
      if (operand.length === 0) throw invalidArguments();
      const run = chain(operand, scope, subtract);
      if (operand.length > 1) return { run };
      return { run: (data, above) => -Number(run(data, above)) };
    }
    return computed(operand, scope, (value) => {
      if (!Array.isArray(value)) return -numeric(Number(value));
      if (value.length === 1) return -Number(numeric(value[0]));
      return reduceNumbers(atLeast(value, 1), subtract);
    });
  },
};

const times: Operator = {
  constant: true,
  method: (values) =>
    numeric((values as unknown[]).reduce((left: number, next) => left * Number(plain(next)), 1)),
  build: (operand, scope) => {
    if (isArray(operand)) return { run: chain(operand, scope, multiply) };
    const { run } = scope.build(operand, scope);
    return { run: (data, above) => reduceNumbers(run(data, above), multiply, 1) };
  },
};

const over: Operator = {
  constant: true,
  method: (values) => {
    const operands = values as readonly unknown[];
    plain(operands[0]);
    if (operands.length === 0) throw invalidArguments();
    if (operands.length === 1) return 1 / nonZero(Number(operands[0]));
    let result = Number(operands[0]);
    for (const next of operands.slice(1)) {
      if (!plain(next)) throw notANumber();
      result /= Number(next);
    }
    if (result === Infinity) throw notANumber();
    return numeric(result);
  },
  build: (operand, scope) => {
    if (isArray(operand)) return { run: quotient(operand, scope) };
    const { run } = scope.build(operand, scope);
    const { register } = scope;
    const unfenced = ({ coalesce, after }: Around): Run => {
      if (coalesce !== undefined) throw invalidArguments();
      return (data, above) => {
        const values = atLeast(run(data, above), 1);
        register.value = values;
        if (values.length === 1) return 1 / Number(numeric(values[0] || Number.NaN));
        const result = divideAll(values);
        return after === undefined ? result : after(result, data, above);
      };
    };
    return { run: unfenced({}), unfenced };
  },
};

/** Only the divisors are checked: a quotient that is no number is handed on. */
function divideAll(values: readonly unknown[]): unknown {
  return values.reduce(
    (left, right) => Number(numeric(left)) / Number(numeric(right || Number.NaN)),
  );
}

function quotient(operands: readonly Json[], scope: Scope): Run {
  if (operands.length === 0) throw invalidArguments();
  const whole = operands.length === 1 ? [1, ...operands] : operands;
  const runs = whole.map((operand, at) => {
    const { run, zero } = operandNumber(operand, scope);
    if (at > 0 && zero) throw notANumber();
    return run;
  });
  return (data, above) => {
    let result = runs[0]?.(data, above) ?? 0;
    for (let at = 1; at < runs.length; at += 1) {
      result /= nonZero((runs[at] as (typeof runs)[number])(data, above));
    }
    return numeric(result);
  };
}

function nonZero(value: number): number {
  if (!value) throw notANumber();
  return value;
}

const modulo: Operator = {
  constant: true,
  method: (values) => {
    const operands = values as readonly unknown[];
    plain(operands[0]);
    if (operands.length < 2) throw invalidArguments();
    return numeric(operands.map((operand) => Number(plain(operand))).reduce(remainder));
  },
  build: (operand, scope) => {
    if (!isArray(operand)) {
      const { run } = scope.build(operand, scope);
      return { run: (data, above) => reduceNumbers(atLeast(run(data, above), 2), remainder) };
    }
    if (operand.length < 2) throw invalidArguments();
    return { run: chain(operand, scope, remainder) };
  },
};

function extreme(better: (candidate: number, best: number) => boolean): Operator {
  return {
    constant: true,
    method: (values) => {
      const numbers = values as readonly unknown[];
      if (numbers.length === 0) throw invalidArguments();
      let best: number | undefined;
      for (const value of numbers) {
        if (typeof value !== "number") throw invalidArguments();
        if (best === undefined || better(value, best)) best = value;
      }
      return best;
    },
  };
}

export const arithmetic: Operators = {
  "+": plus,
  "-": minus,
  "*": times,
  "/": over,
  "%": modulo,
  max: extreme((candidate, best) => candidate > best),
  min: extreme((candidate, best) => candidate < best),
};
