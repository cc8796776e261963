// How operands become numbers. Arrays, objects and NaN are refused.
import { isArray, isObject, notANumber, type Above, type Json, type Scope } from "./expression.ts";

/** Returns `value` for later coercion; throws for NaN, arrays and objects. */
export function numeric<T>(value: T): T {
  if (isObject(value) || Number.isNaN(value)) throw notANumber();
  return value;
}

type NumberOperand = {
  readonly run: (data: unknown, above: Above) => number;
  /** It is zero as it is written; false and null are found out when they are reached. */
  readonly zero: boolean;
};

/** An operand of generated arithmetic. A constant that is no number refuses the whole logic. */
export function operandNumber(operand: Json, scope: Scope): NumberOperand {
  if (isArray(operand)) throw notANumber();
  const { run, constant } = scope.build(operand, scope);
  if (constant === undefined) {
    return { run: (data, above) => Number(numeric(run(data, above))), zero: false };
  }
  const { value } = constant;
  if (value === undefined) return { run: () => Number.NaN, zero: false };
  if ((isObject(value) && !isEmptyLiteral(operand)) || Number.isNaN(value)) {
    return { run: refuse, zero: false };
  }
  const number = numeric(Number(numeric(value)));
  const written = typeof value === "number" || typeof value === "string";
  return { run: () => number, zero: written && number === 0 };
}

function refuse(): never {
  throw notANumber();
}

function isEmptyLiteral(operand: Json): boolean {
  return isObject(operand) && Object.keys(operand).length === 0;
}

/** Folds an array from the left, or from `initial`; throws for anything but an array. */
export function reduceNumbers(
  values: unknown,
  step: (left: number, right: number) => number,
  ...initial: readonly [] | readonly [number]
): unknown {
  if (!Array.isArray(values)) throw notANumber();
  const combine = (left: unknown, right: unknown): unknown =>
    step(Number(numeric(left)), Number(numeric(right)));
  return initial.length === 0 ? values.reduce(combine) : values.reduce(combine, initial[0]);
}
