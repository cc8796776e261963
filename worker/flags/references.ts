// $ref: shared evaluators put in the place of their references, as flagd does.
// An evaluator may refer to evaluators that are listed after it, never to itself
// or an earlier one: so every resolution ends.
import { maxDepth, maxValues } from "./json-bounds.ts";
import { isArray, isObject, LogicError, type Json } from "./logic/expression.ts";

type Resolved = { readonly logic: Json; readonly values: number; readonly depth: number };

/** Replaces the references of a targeting. */
export type Resolve = (logic: Json) => Json;

/**
 * Reads the evaluators once, for all flags that refer to them.
 *
 * @returns a function that throws LogicError where the resolved logic exceeds the
 *   bounds of `json-bounds.ts`: few references can stand for very much logic.
 *   Unknown references stay, and are refused as unknown operators.
 */
export function resolverOf(evaluators: { readonly [name: string]: Json } = {}): Resolve {
  const names = Object.keys(evaluators);
  if (names.length === 0) return (logic) => logic;
  const resolved = new Map<string, Resolved>();
  for (const name of names.toReversed()) {
    const own = resolve(evaluators[name], resolved);
    resolved.set(name, own);
  }
  return (logic) => {
    const whole = resolve(logic, resolved);
    if (whole.values > maxValues || whole.depth > maxDepth) throw new LogicError("Too Large");
    return whole.logic;
  };
}

function resolve(logic: Json, known: ReadonlyMap<string, Resolved>): Resolved {
  if (!isObject(logic)) return { logic, values: 1, depth: 0 };
  const referred = referenceOf(logic, known);
  if (referred !== undefined) return referred;
  if (isArray(logic)) {
    const parts = logic.map((each) => resolve(each, known));
    return { logic: parts.map((part) => part.logic), ...extent(parts) };
  }
  const parts = Object.entries(logic).map(([key, each]) => [key, resolve(each, known)] as const);
  const members = parts.map(([key, part]) => [key, part.logic] as const);
  return { logic: Object.fromEntries(members), ...extent(parts.map(([, part]) => part)) };
}

/** What `{ "$ref": name }`, and nothing else beside it, stands for. */
function referenceOf(logic: object, known: ReadonlyMap<string, Resolved>): Resolved | undefined {
  if (!("$ref" in logic) || typeof logic.$ref !== "string") return undefined;
  return Object.keys(logic).length === 1 ? known.get(logic.$ref) : undefined;
}

function extent(parts: readonly Resolved[]): Pick<Resolved, "values" | "depth"> {
  let values = 1;
  let depth = 0;
  for (const part of parts) {
    values += part.values;
    depth = Math.max(depth, part.depth + 1);
  }
  return { values, depth };
}
