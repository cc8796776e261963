// try throw preserve pipe eachKey: operators beyond flagd's schema that its
// engine offers all the same.
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
  type Run,
} from "./expression.ts";

/** What the alternatives of `try` see as their data. */
function failure(error: unknown): { readonly type: unknown } {
  if (error instanceof LogicError) return { type: error.type };
  if (error instanceof Thrown) return { type: error.value };
  return { type: error instanceof Error ? error.message : String(error) };
}

/** What `throw` throws. */
class Thrown extends Error {
  override readonly name = "Thrown";
  readonly value: unknown;

  constructor(value: unknown) {
    super("thrown by a targeting");
    this.value = isObject(value) && "type" in value ? value.type : value;
  }
}

const attempt: Operator = {
  constant: (operand, fold) => {
    const inside = { ...fold, insideTry: true };
    if (!isArray(operand)) return fold.isConstant(operand, inside);
    return (
      fold.isConstant(operand[0], inside) &&
      fold.isConstant(operand, { ...inside, insideIterator: true })
    );
  },
  lazy: (operand, scope) =>
    attempts(operand, (each, at) =>
      interpretLater(each, at === 0 ? scope : innerScope(scope, false)),
    ),
  build: (operand, scope) => {
    if (!isArray(operand) || operand.length === 0) return undefined;
    const compile = (each: Json, at: number): Run =>
      later(() => scope.build(each, at === 0 ? scope : innerScope(scope, false)));
    return { run: attempts(operand, compile) };
  },
};

function later(compile: () => Node): Run {
  try {
    return compile().run;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

function attempts(operand: Json, compile: (each: Json, at: number) => Run): Run {
  const [first, ...others] = (isArray(operand) ? operand : [operand]).map((each, at) =>
    compile(each, at),
  );
  return (data, above) => {
    let last: unknown;
    try {
      return first?.(data, above);
    } catch (error) {
      last = error;
    }
    for (const run of others) {
      try {
        return run(failure(last), [null, data, above]);
      } catch (error) {
        last = error;
      }
    }
    throw last;
  };
}

const raise: Operator = {
  unary: true,
  constant: (operand, fold) => fold.insideTry && fold.isConstant(operand, fold),
  method: (value) => {
    throw new Thrown(Array.isArray(value) ? value[0] : value);
  },
};

const pipe: Operator = {
  constant: (operand, fold) => {
    if (!isArray(operand)) return false;
    const [first, ...rest] = operand;
    return fold.isConstant(first, fold) && fold.isConstant(rest, { ...fold, insideIterator: true });
  },
  lazy: (operand, scope) => {
    if (!isArray(operand)) throw invalidArguments();
    const [first, ...rest] = operand;
    const head = interpretLater(first, scope);
    const tail = rest.map((each) => interpretLater(each, innerScope(scope, false)));
    return piped(head, tail, operand);
  },
  build: (operand, scope) => {
    if (!isArray(operand)) throw invalidArguments();
    const [first, ...rest] = operand;
    const tail = rest.map((each) => scope.build(each, innerScope(scope, false)).run);
    return { run: piped(scope.build(first, scope).run, tail, null) };
  },
};

function piped(head: Run, tail: readonly Run[], outermost: unknown): Run {
  return (data, above) => {
    const inside = [outermost, data, above];
    return tail.reduce((value, run) => run(value, inside), head(data, above));
  };
}

const eachKey: Operator = {
  constant: (operand, fold) => {
    if (!isObject(operand)) throw invalidArguments();
    return Object.values(operand).every((each: Json) => fold.isConstant(each, fold));
  },
  lazy: (operand, scope) => members(operand, (each) => interpretLater(each, scope)),
  build: (operand, scope) => ({
    run: members(operand, (each) => scope.build(each, scope).run),
  }),
};

function members(operand: Json, compile: (each: Json) => Run): Run {
  if (!isObject(operand)) throw invalidArguments();
  const runs = Object.entries(operand).map(([key, each]) => [key, compile(each)] as const);
  return (data, above) => Object.fromEntries(runs.map(([key, run]) => [key, run(data, above)]));
}

export const control: Operators = {
  try: attempt,
  throw: raise,
  preserve: { constant: true, lazy: (operand) => () => operand },
  pipe,
  eachKey,
};
