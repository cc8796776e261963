// A rollout as it was stored, perhaps before a rule came that it breaks. It goes on as far as it
// may: fields of its patch that no flag may set any more are left out, and named.
import { headerFault } from "./header-rules.ts";
import { isObject } from "./logic/expression.ts";
import type { Rollout } from "./rollout.ts";

/** The document without the header fields that are not to be sent, each of them in `withdrawn`. */
export function withoutWithdrawn<T>(stored: T): T {
  const { patch, withdrawn } = (isObject(stored) ? stored : {}) as Partial<Rollout>;
  const headers = isObject(patch) ? patch.headers : undefined;
  if (!isObject(headers)) return stored;
  const fields = Object.entries(headers);
  const ill = fields.filter(isIll);
  if (ill.length === 0) return stored;
  const kept = Object.fromEntries(fields.filter((field) => !isIll(field)));
  const named = { ...withdrawn, ...Object.fromEntries(ill) };
  return { ...stored, patch: { ...patch, headers: kept }, withdrawn: named };
}

function isIll([name, value]: readonly [string, unknown]): boolean {
  return typeof value === "string" && headerFault(name, value) !== undefined;
}

/** What is wrong with a rollout, by field: each is left out of what requests get. */
export function illsOf({ withdrawn = {} }: Pick<Rollout, "withdrawn">): readonly {
  readonly field: string;
  readonly detail: string;
}[] {
  return Object.entries(withdrawn).map(([name, value]) => ({
    field: `patch.headers.${name}`,
    detail: headerFault(name, value) ?? "was refused when it was last read",
  }));
}
