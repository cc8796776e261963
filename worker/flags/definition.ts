// flagd's flag definitions, schema v0 (flagd.dev/schema/v0/flags.json), as they
// come from outside. Whatever passes can be compiled without harm; that its
// targeting makes sense is found out by compiling it.
import * as v from "valibot";
import { err, ok, type Result } from "#base/result.ts";
import { issuesOf, type Issue } from "./issue.ts";
import { isBounded, reservedNames } from "./json-bounds.ts";
import { isObject, type Json } from "./logic/expression.ts";

const name = v.pipe(v.string(), v.nonEmpty("must not be empty"));

/** A record by name. valibot would drop reserved names in silence; here they are refused. */
function recordOf<const S extends v.GenericSchema>(value: S) {
  const names = v.custom<{ [key: string]: unknown }>(
    (input) => isObject(input) && !Array.isArray(input),
    "must be an object",
  );
  return v.pipe(
    names,
    v.check(
      (input) => !Object.getOwnPropertyNames(input).some((key) => reservedNames.has(key)),
      `must not use the names ${[...reservedNames].join(", ")}`,
    ),
    v.record(name, value),
  );
}

const json = v.custom<Json>(isBounded, "is nested too deeply or too large");
/** A JSON object that is safe to recurse into. */
export const jsonObject = v.custom<{ readonly [key: string]: Json }>(
  (input) => isObject(input) && !Array.isArray(input) && isBounded(input),
  "must be an object that is not nested too deeply",
);

const metadata = recordOf(
  v.union([v.string(), v.number(), v.boolean()], "must be a string, a number or a boolean"),
);

const value = v.union(
  [v.boolean(), v.string(), v.number(), jsonObject],
  "must be a boolean, a string, a number or an object",
);

/** One flag. */
const flagSchema = v.pipe(
  v.object({
    state: v.picklist(["ENABLED", "DISABLED"], "must be ENABLED or DISABLED"),
    variants: v.pipe(
      recordOf(value),
      v.check(
        (variants) => new Set(Object.values(variants).map((each) => typeof each)).size <= 1,
        "must all be of one type",
      ),
    ),
    defaultVariant: v.nullish(v.string()),
    targeting: v.nullish(jsonObject),
    metadata: v.optional(metadata),
  }),
  v.forward(
    v.check(
      ({ defaultVariant, variants }) => !defaultVariant || Object.hasOwn(variants, defaultVariant),
      "must name a variant",
    ),
    ["defaultVariant"],
  ),
);

/** A whole file of definitions. */
const flagSetSchema = v.object({
  $schema: v.optional(v.string()),
  flags: recordOf(flagSchema),
  $evaluators: v.optional(recordOf(json)),
  metadata: v.optional(metadata),
});

export type FlagDefinition = v.InferOutput<typeof flagSchema>;
export type FlagSet = v.InferOutput<typeof flagSetSchema>;
export type FlagValue = v.InferOutput<typeof value>;
export type FlagMetadata = v.InferOutput<typeof metadata>;

export type DefinitionError = {
  readonly reason: "invalid_definition";
  readonly issues: readonly Issue[];
};

/** Checks definitions; the first twenty issues name the fields that break the schema. */
export function parseFlagSet(input: unknown): Result<FlagSet, DefinitionError> {
  return checked(v.safeParse(flagSetSchema, input));
}

/** Checks a file's text: what is no JSON is refused like what breaks the schema. */
export function parseFlagSetText(text: string): Result<FlagSet, DefinitionError> {
  let input: unknown;
  try {
    input = JSON.parse(text);
  } catch (error) {
    const message = error instanceof Error ? error.message : "is no JSON";
    return err({ reason: "invalid_definition", issues: [{ path: "", message }] });
  }
  return parseFlagSet(input);
}

type Parsed<T> =
  | { readonly success: true; readonly output: T }
  | { readonly success: false; readonly issues: readonly v.BaseIssue<unknown>[] };

function checked<T>(parsed: Parsed<T>): Result<T, DefinitionError> {
  if (parsed.success) return ok(parsed.output);
  return err({ reason: "invalid_definition", issues: issuesOf(parsed.issues) });
}
