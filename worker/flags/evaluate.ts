// Evaluates one flag for one context. Never throws: a targeting that does falls
// to an error of its own flag alone.
import type { CompiledFlag, CompiledFlags } from "./compile.ts";
import { asText } from "./logic/expression.ts";
import { failed, type Resolution } from "./resolution.ts";
import { runLogic, type Subject } from "./subject.ts";

/**
 * Resolves a flag as flagd does, with its error codes and OpenFeature's reasons.
 *
 * @returns a resolution without a value where the caller's own default counts:
 *   for errors, for disabled flags, and where neither targeting nor default
 *   variant chose one. Resolutions are shared: do not change them.
 */
export function evaluate(set: CompiledFlags, flagKey: string, subject: Subject): Resolution {
  const flag = set.flags.get(flagKey);
  if (flag === undefined) {
    return failed("FLAG_NOT_FOUND", `flag '${flagKey}' not found`, set.metadata);
  }
  if (!flag.enabled) return { reason: "DISABLED", flagMetadata: flag.metadata };
  return resolve(flag, subject);
}

function resolve(flag: CompiledFlag, subject: Subject): Resolution {
  const { logic } = flag;
  if (flag.fault !== undefined) return flag.fault;
  if (logic === undefined) return flag.fallback;
  try {
    const result = runLogic(logic, flag.key, subject);
    if (result === null || result === undefined) return flag.fallback;
    const variant = typeof result === "string" ? result : asText(result);
    return flag.matches.get(variant) ?? unknownVariant(flag, variant);
  } catch {
    const message = `Error evaluating targeting rule for flag '${flag.key}'`;
    return failed("GENERAL", message, flag.metadata);
  }
}

function unknownVariant(flag: CompiledFlag, variant: string): Resolution {
  const message = `Variant '${variant}' not found in flag with key '${flag.key}'`;
  return failed("GENERAL", message, flag.metadata);
}

/** The same resolution, or TYPE_MISMATCH where its value is of another type. */
export function expectType(
  resolution: Resolution,
  flagKey: string,
  type: "boolean" | "string" | "number" | "object",
): Resolution {
  const { value } = resolution;
  if (value === undefined || typeof value === type) return resolution;
  const message = `Evaluated type of the flag ${flagKey} does not match. Expected ${type}, got ${typeof value}`;
  return failed("TYPE_MISMATCH", message, resolution.flagMetadata);
}
