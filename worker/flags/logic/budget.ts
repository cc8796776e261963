// What one targeting may cost. Iterators can multiply their work with each level of nesting,
// so that a kilobyte of logic would run for seconds: logic that has any counts each step and
// the size of each value, and has no result once it is over its budget.
import {
  isObject,
  LogicError,
  type Budget,
  type Json,
  type Node,
  type Scope,
} from "./expression.ts";

/** Steps of one evaluation: expressions evaluated, members and eighths of characters made. */
export const maxRunSteps = 2_000;
/** Steps of compiling one targeting, constants evaluated included. */
export const maxCompileSteps = 50_000;
/** Expressions in one targeting that are not constants: without iterators each runs at most once. */
export const maxExpressions = 1_000;
/** Characters compared in the worst case of one search for a text within a text. */
const freeSearch = 4_096;

const overBudget = new LogicError("takes more steps than a request may");

/** Takes steps. Throws LogicError where none is left; what was caught is still over. */
export function spend(budget: Budget, steps: number): void {
  budget.left -= steps;
  if (budget.left < 0) throw overBudget;
}

/** Takes the steps that searching a text for a part costs; short ones are free. */
export function spendOnSearch(budget: Budget, text: string, part: string): void {
  const comparisons = text.length * part.length;
  if (comparisons > freeSearch) spend(budget, Math.ceil(comparisons / 64));
}

/** Throws LogicError where a budget was overdrawn, whatever became of it in between. */
export function checkBudget(budget: Budget): void {
  if (budget.left < 0) throw overBudget;
}

/** Takes what a text that was made cost, where expressions are not metered; short ones are free. */
export function spendOnText(budget: Budget, text: unknown): void {
  if (typeof text === "string" && text.length > 64) spend(budget, text.length >> 6);
}

// What makes text or lists grows only by what repeats it.
const repeating: ReadonlySet<string> = new Set([
  "map",
  "filter",
  "reduce",
  "some",
  "none",
  "all",
  "every",
  "eachKey",
  "pipe",
]);

/** Whether a logic names an operator that runs others again and again. */
export function repeats(source: Json): boolean {
  if (!isObject(source)) return false;
  if (Array.isArray(source)) return source.some(repeats);
  return Object.entries(source).some(([name, operand]) => repeating.has(name) || repeats(operand));
}

/** The same node, which takes a step, and the size of its value, from the scope's budget. */
export function metered(node: Node, { budget }: Scope): Node {
  const { run } = node;
  // A constant costs something only where it is long: it may be made text again and again.
  if (node.constant !== undefined && !isObject(node.constant.value)) return node;
  return {
    ...node,
    run: (data, above) => {
      const value = run(data, above);
      spend(budget, 1);
      spendOnSize(budget, value);
      return value;
    },
  };
}

function spendOnSize(budget: Budget, value: unknown): void {
  if (typeof value === "string") spend(budget, value.length >> 3);
  else if (Array.isArray(value)) {
    spend(budget, value.length);
    for (const member of value as readonly unknown[]) spendOnSize(budget, member);
  }
}
