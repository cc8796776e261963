// Compiles definitions once per snapshot. A flag whose targeting cannot be
// compiled keeps its place and answers PARSE_ERROR; the others are unharmed.
import type { FlagDefinition, FlagMetadata, FlagSet, FlagValue } from "./definition.ts";
import { compileLogic, type Logic } from "./logic/compile-logic.ts";
import { resolverOf, type Resolve } from "./references.ts";
import { failed, type Resolution } from "./resolution.ts";

/** A flag ready to be evaluated. Its answers exist already: evaluating picks one. */
export type CompiledFlag = {
  readonly key: string;
  readonly enabled: boolean;
  /** Undefined for a flag without targeting. */
  readonly logic: Logic | undefined;
  readonly metadata: FlagMetadata;
  /** What targeting that names a variant resolves to. */
  readonly matches: ReadonlyMap<string, Resolution>;
  /** What a flag without targeting, or whose targeting has no result, resolves to. */
  readonly fallback: Resolution;
  /** What the flag always resolves to, where its targeting could not be compiled. */
  readonly fault: Resolution | undefined;
};

export type CompiledFlags = {
  readonly flags: ReadonlyMap<string, CompiledFlag>;
  readonly metadata: FlagMetadata;
  /** Keys of the flags that could not be compiled. */
  readonly faults: readonly string[];
};

/** Compiles checked definitions. Never throws for a definition that `parseFlagSet` accepted. */
export function compileFlags(set: FlagSet): CompiledFlags {
  const resolve = resolverOf(set.$evaluators);
  const shared = set.metadata ?? {};
  const flags = new Map<string, CompiledFlag>();
  for (const [key, definition] of Object.entries(set.flags)) {
    const metadata = { ...shared, ...definition.metadata };
    flags.set(key, compileFlag(key, definition, { resolve, metadata }));
  }
  const faults = [...flags.values()].filter((flag) => flag.fault).map((flag) => flag.key);
  return { flags, metadata: shared, faults };
}

type Surroundings = { readonly resolve: Resolve; readonly metadata: FlagMetadata };

function compileFlag(
  key: string,
  definition: FlagDefinition,
  { resolve, metadata }: Surroundings,
): CompiledFlag {
  const { targeting, variants } = definition;
  const matches = new Map<string, Resolution>();
  for (const [variant, value] of Object.entries(variants)) {
    matches.set(variant, { value, variant, reason: "TARGETING_MATCH", flagMetadata: metadata });
  }
  const targeted = targeting && Object.keys(targeting).length > 0 ? targeting : undefined;
  const reason = targeted === undefined ? "STATIC" : "DEFAULT";
  const enabled = definition.state === "ENABLED";
  const fallback = fallbackOf(definition, reason, metadata);
  const common = { key, enabled, metadata, matches, fallback };
  try {
    const logic = targeted && compileLogic(resolve(targeted), key);
    return { ...common, logic, fault: undefined };
  } catch {
    const message = `Invalid targeting configuration for flag '${key}'`;
    return { ...common, logic: undefined, fault: failed("PARSE_ERROR", message, metadata) };
  }
}

/** Without a default variant the caller's own default counts: a resolution without a value. */
function fallbackOf(
  { defaultVariant, variants }: FlagDefinition,
  reason: "STATIC" | "DEFAULT",
  flagMetadata: FlagMetadata,
): Resolution {
  if (!defaultVariant) return { reason: "DEFAULT", flagMetadata };
  const value = variants[defaultVariant] as FlagValue;
  return { value, variant: defaultVariant, reason, flagMetadata };
}
