// An expected failure is a value. Exceptions are left for bugs and platform faults.

/** Either a value or a tagged error; `ok` tells which. */
export type Result<T, E extends { readonly reason: string }> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: E };

/** A success that carries `value`. */
export function ok<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

/** A failure that carries `error`, whose `reason` names it. */
export function err<const E extends { readonly reason: string }>(
  error: E,
): { readonly ok: false; readonly error: E } {
  return { ok: false, error };
}
