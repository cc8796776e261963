// How large a JSON value from outside may be before anything recursive touches it.
import { isObject } from "./logic/expression.ts";

/** Deepest nesting of a targeting or a variant's value. */
export const maxDepth = 256;
/** Most values in one targeting, references resolved: 200 KB of the shortest ones fit twice. */
export const maxValues = 262_144;

/** Names that no record may have: JavaScript finds them on every object. */
export const reservedNames: ReadonlySet<string> = new Set([
  "__proto__",
  "constructor",
  "prototype",
]);

/** The number of values in `json`, itself included; undefined where it is nested too deeply. */
function countValues(json: unknown): number | undefined {
  let level: unknown[] = [json];
  let count = 0;
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > maxDepth) return undefined;
    count += level.length;
    level = level.filter(isObject).flatMap((value) => Object.values(value) as unknown[]);
  }
  return count;
}

/** Whether a value stays within the bounds. */
export function isBounded(json: unknown): boolean {
  const count = countValues(json);
  return count !== undefined && count <= maxValues;
}
