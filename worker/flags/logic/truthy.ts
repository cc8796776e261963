// JsonLogic's notion of truth: as in JavaScript, but empty arrays and empty
// objects are false.

/** Whether a condition with this value holds. */
export function truthy(value: unknown): boolean {
  if (typeof value !== "object") return Boolean(value);
  if (value === null) return false;
  if (Array.isArray(value)) return value.length > 0;
  return Object.keys(value).length > 0;
}
