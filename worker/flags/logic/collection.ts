// map filter some all none every merge in length keys: over arrays, with the
// element as the data of the second operand.
import {
  type Around,
  constant,
  innerScope,
  interpretLater,
  invalidArguments,
  isArray,
  isObject,
  type Above,
  type Budget,
  type Json,
  type Node,
  type Operator,
  type Operators,
  type Run,
  type Scope,
} from "./expression.ts";
import { maxRunSteps, spend, spendOnSearch } from "./budget.ts";
import { truthy } from "./truthy.ts";

type Visit = (element: unknown, index: number) => unknown;
type Iteration = (elements: readonly unknown[], visit: Visit) => unknown;

const iterations = {
  map: (elements, visit) => elements.map((element, index) => visit(element, index)),
  filter: (elements, visit) => elements.filter((element, index) => truthy(visit(element, index))),
  some: (elements, visit) => elements.some((element, index) => truthy(visit(element, index))),
  all: (elements, visit) => elements.every((element, index) => truthy(visit(element, index))),
} as const satisfies { readonly [name: string]: Iteration };

/** The elements of an operand; what is empty has none. */
function elementsOf(value: unknown): readonly unknown[] {
  if (!value) return [];
  if (!Array.isArray(value)) throw new TypeError("not an array");
  return value as readonly unknown[];
}

/** Generated code. */
function buildIteration(operand: readonly Json[], scope: Scope, iterate: Iteration): Node {
  const source = scope.build(operand[0], scope);
  const visitor = scope.build(operand[1], innerScope(scope, true)).run;
  const elements = source.unfenced?.({ after: (value) => value || [] }) ?? source.run;
  return { run: transformed(elements, visiting(visitor, scope), iterate) };
}

/** A visitor that takes a step for each element, also where it says the same of all. */
function visiting(visitor: Run, { budget }: Scope): Run {
  return (data, above) => {
    spend(budget, 1);
    return visitor(data, above);
  };
}

function transformed(source: Run, visitor: Run, iterate: Iteration): Run {
  return (data, above) => {
    const list = elementsOf(source(data, above));
    return iterate(list, (element, index) =>
      visitor(element, [{ iterator: list, index }, data, above]),
    );
  };
}

function isConstantIteration(
  operand: Json,
  fold: Parameters<Exclude<Operator["constant"], boolean>>[1],
): boolean {
  const [elements, visitor] = isArray(operand) ? operand : [];
  const inside = { ...fold, insideIterator: true };
  return fold.isConstant(elements, fold) && fold.isConstant(visitor, inside);
}

/** map and filter: elements with their index. */
function transformation(iterate: Iteration): Operator {
  return {
    constant: isConstantIteration,
    lazy: (operand, scope) => {
      if (!isArray(operand)) throw invalidArguments();
      const source = interpretLater(operand[0], scope);
      const visitor = interpretLater(operand[1], innerScope(scope, false));
      return transformed(source, visiting(visitor, scope), iterate);
    },
    build: (operand, scope) => {
      if (!isArray(operand)) throw invalidArguments();
      return buildIteration(operand, scope, iterate);
    },
  };
}

const filter: Operator = {
  ...transformation(iterations.filter),
  interpret: (operand, scope) => {
    if (!isArray(operand) || operand.length !== 2) return undefined;
    const keep = scope.interpret(operand[1], innerScope(scope, false));
    if (keep.constant === undefined) {
      const source = interpretLater(operand[0], scope);
      return { run: transformed(source, visiting(keep.run, scope), iterations.filter) };
    }
    return truthy(keep.constant.value) ? scope.interpret(operand[0], scope) : constant([]);
  },
};

/** The interpreter's some and all: also over the characters of a text; numbers have no elements. */
function search(found: boolean, onEmpty: boolean): NonNullable<Operator["lazy"]> {
  return (operand, scope) => {
    if (!isArray(operand)) throw invalidArguments();
    const source = interpretLater(operand[0], scope);
    const visitor = visiting(interpretLater(operand[1], innerScope(scope, false)), scope);
    return (data, above) => {
      const list = (source(data, above) || []) as ArrayLike<unknown>;
      if (Array.isArray(list) && list.length === 0) return onEmpty;
      const inside: Above = [list, data, above];
      for (let at = 0; at < list.length; at += 1) {
        if (truthy(visitor(list[at], inside)) === found) return found;
      }
      return !found;
    };
  };
}

const some: Operator = {
  ...transformation(iterations.some),
  lazy: search(true, false),
};

const none: Operator = {
  constant: isConstantIteration,
  lazy: (operand, scope) => {
    const run = search(true, false)(operand, scope);
    return (data, above) => !run(data, above);
  },
  build: (operand, scope) => {
    if (!isArray(operand)) throw invalidArguments();
    const { run } = buildIteration(operand, scope, iterations.some);
    return { run: (data, above) => !run(data, above) };
  },
};

const all: Operator = {
  constant: isConstantIteration,
  lazy: search(false, false),
  build: (operand, scope) => {
    if (!isArray(operand)) return undefined;
    const { run: source } = scope.build(operand[0], scope);
    const visitor = visiting(scope.build(operand[1], innerScope(scope, true)).run, scope);
    const { register } = scope;
    const unfenced = ({ concat, coalesce, after }: Around): Run => {
      if (coalesce !== undefined) throw invalidArguments();
      return (data, above) => {
        // Concatenated with a text, the test for an array is always true.
        const value = source(data, above);
        register.value = value;
        const isList = concat !== undefined || Array.isArray(value);
        if (isList && (value as ArrayLike<unknown>).length === 0) return false;
        const elements = elementsOf(value);
        const result = iterations.all(elements, (element, index) =>
          visitor(element, [{ iterator: elements, index }, data, above]),
        );
        return after === undefined ? result : after(result, data, above);
      };
    };
    return { run: unfenced({}), unfenced };
  },
};

const includes: Operator = {
  constant: true,
  method: (operands) => {
    const [item, within] = operands as readonly unknown[];
    return contains(within || [], item, freeBudget());
  },
  build: (operand, scope) => {
    if (!isArray(operand)) return undefined;
    const source = scope.build(operand[1], scope);
    const item = scope.build(operand[0], scope).run;
    const list = source.constant?.value;
    if (Array.isArray(list) && list.length > longList) {
      const members: ReadonlySet<unknown> = new Set(list);
      return { run: (data, above) => members.has(item(data, above)) };
    }
    const within = source.unfenced?.({ after: (value) => value || [] }) ?? source.run;
    const fenced = source.unfenced === undefined;
    return {
      run: (data, above) => {
        const value = within(data, above);
        return contains(fenced ? value || [] : value, item(data, above), scope.budget);
      },
    };
  },
};

/** From this length on a set is faster than a search. Sets and arrays agree on what is the same. */
const longList = 8;

function contains(within: unknown, item: unknown, budget: Budget): boolean {
  if (Array.isArray(within)) return within.includes(item);
  if (typeof within !== "string") throw new TypeError("neither text nor array");
  const part = String(item);
  spendOnSearch(budget, within, part);
  return within.includes(part);
}

/** Of the interpreter's one search, which has no scope to take from. */
const freeBudget = (): Budget => ({ left: maxRunSteps });

const length: Operator = {
  constant: (operand, fold) => fold.isConstant(operand, fold),
  lazy: (operand, scope) => {
    if (!operand) throw invalidArguments();
    const run = interpretLater(operand, scope);
    return (data, above) => {
      const value = run(data, above);
      return size(isArray(operand) ? (value as readonly unknown[])[0] : value);
    };
  },
};

function size(value: unknown): number {
  if (typeof value === "string" || Array.isArray(value)) return value.length;
  if (!isObject(value)) throw invalidArguments();
  return Object.keys(value).length;
}

export const collection: Operators = {
  map: transformation(iterations.map),
  filter,
  some,
  none,
  all,
  every: all,
  in: includes,
  length,
  merge: {
    constant: true,
    method: (operands) => (operands as readonly unknown[]).flat(),
  },
  keys: {
    constant: true,
    method: (operands) => {
      const [value] = operands as readonly unknown[];
      return typeof value === "object" ? Object.keys(value as object) : [];
    },
  },
};
