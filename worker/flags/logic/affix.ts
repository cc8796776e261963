// starts_with ends_with: flagd's comparisons of two texts; null for anything else.
import type { Method, Operator, Operators } from "./expression.ts";
import { contextualOperator } from "./contextual.ts";

function affix(holds: (text: string, part: string) => boolean): Operator {
  const method: Method = (operands) => {
    const [text, part, ...others] = operands as readonly unknown[];
    if (others.length > 0 || typeof text !== "string" || typeof part !== "string") return null;
    return holds(text, part);
  };
  return contextualOperator(method);
}

export const affixes: Operators = {
  starts_with: affix((text, part) => text.startsWith(part)),
  ends_with: affix((text, part) => text.endsWith(part)),
};
