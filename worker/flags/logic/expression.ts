// What JsonLogic is made of once compiled. Operators know these types alone and
// reach each other through the scope, never by import.

/** A JSON value; undefined stands for an operand that was left out. */
export type Json =
  | null
  | boolean
  | number
  | string
  | undefined
  | readonly Json[]
  | { readonly [key: string]: Json };

/**
 * The scopes around the current one, as the reference engine keeps them: what is
 * iterated over, the data outside of it, then the scopes around that.
 */
export type Above = readonly unknown[];

/** A compiled expression. `data` is what `var` reads. Throws what it cannot evaluate. */
export type Run = (data: unknown, above: Above) => unknown;

/** A compiled expression, and what is known of it before it runs. */
export type Node = {
  readonly run: Run;
  /** The value, where it is the same for every evaluation. */
  readonly constant?: { readonly value: unknown };
  /** The same expression inside a larger one whose operators bind tighter; see `Around`. */
  readonly unfenced?: (around: Around) => Run;
};

/**
 * The reference engine generates source text, and fences few expressions with
 * parentheses: an operator written left or right of a bare `a ? b : c` captures
 * its condition or its last branch. Whoever agrees with the reference keeps that.
 */
export type Around = {
  /** Text that stands left of the condition and is concatenated with it. */
  readonly concat?: () => string;
  /** A value that replaces the condition unless it is null. */
  readonly coalesce?: Run;
  /** What follows the last branch. */
  readonly after?: (value: unknown, data: unknown, above: Above) => unknown;
};

/** Compiles one expression, in one of the reference engine's two dialects. */
export type Compile = (source: Json, scope: Scope) => Node;

/** What a compiled logic needs from whoever runs it; filled in while compiling. */
export type Needs = {
  /** It reads `$flagd` or the context as a whole. */
  context: boolean;
  /** It may read the register before anything was stored in it. */
  register: boolean;
};

/** What is left of it; whoever runs a compiled logic fills it first. */
export type Budget = { left: number };

/** Where an expression stands while it is compiled. */
export type Scope = {
  /** The dialect of generated code, which flagd runs by default. */
  readonly build: Compile;
  /** The dialect of the interpreter, which folds constants and runs operators that have no code. */
  readonly interpret: Compile;
  readonly flagKey: string;
  /** False inside iterators, where the data are an element and not the evaluation context. */
  readonly root: boolean;
  /** Whether generated code knows the element's index; in a function inside an iterator it is lost. */
  readonly index: "none" | "known" | "lost";
  /** The variable that one generated function keeps intermediate values in. */
  readonly register: { value: unknown };
  /** Whether somebody may read the register after this expression. */
  readonly tracked: boolean;
  readonly needs: Needs;
  /** What compiling, and later each run, may still cost. */
  readonly budget: Budget;
  /** Whether expressions take what they cost from the budget. */
  readonly metered: boolean;
};

/** What folding needs to know to tell a constant expression. */
export type Fold = {
  readonly insideIterator: boolean;
  readonly insideTry: boolean;
  readonly isConstant: (source: Json, fold: Fold) => boolean;
};

/** An operator over operands that are evaluated first. */
export type Method = (operands: unknown, data: unknown, above: Above) => unknown;

/** An operator, in both dialects. */
export type Operator = {
  /** For operators whose operands are evaluated first. */
  readonly method?: Method;
  /** The method takes a single operand as it is, not in an array. */
  readonly unary?: boolean;
  /** For operators that evaluate their operands themselves, or not at all. */
  readonly lazy?: (operand: Json, scope: Scope) => Run;
  /** The interpreter's shortcuts; undefined leaves it to the method or to `lazy`. */
  readonly interpret?: (operand: Json, scope: Scope) => Node | undefined;
  /** Generated code; undefined leaves it to the method. */
  readonly build?: (operand: Json, scope: Scope) => Node | undefined;
  /** Whether an expression of constants is a constant. */
  readonly constant: boolean | ((operand: Json, fold: Fold) => boolean);
};

export type Operators = { readonly [name: string]: Operator };

/** What an expression throws where it has no value; `type` is what `try` hands on. */
export class LogicError extends Error {
  override readonly name = "LogicError";
  readonly type: string;

  constructor(type: string) {
    super(type);
    this.type = type;
  }
}

// Thrown in ordinary evaluations too, below `try`: one of each, since writing
// down the stack costs more than all the rest, and nobody reads it.
const invalid = new LogicError("Invalid Arguments");
const noNumber = new LogicError("NaN");

export function invalidArguments(): LogicError {
  return invalid;
}

export function notANumber(): LogicError {
  return noNumber;
}

export function constant(value: unknown): Node {
  return { run: () => value, constant: { value } };
}

/** Text as JavaScript's own conversion makes it: of an object, its kind. */
export function asText(value: unknown): string {
  // oxlint-disable-next-line typescript/no-base-to-string
  return String(value);
}

/** True for arrays too, as in JsonLogic. */
export function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

export function isArray(value: unknown): value is readonly Json[] {
  return Array.isArray(value);
}

/** The scope of an iterator's second operand: a function of its own, with a register of its own. */
export function innerScope(scope: Scope, iterator: boolean): Scope {
  const register = { value: undefined };
  const index = iterator ? "known" : scope.index === "none" ? "none" : "lost";
  return { ...scope, root: false, index, register, tracked: false };
}

/** Compiles for the interpreter; what cannot be compiled throws when it is reached. */
export function interpretLater(source: Json, scope: Scope): Run {
  try {
    return scope.interpret(source, scope).run;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}
