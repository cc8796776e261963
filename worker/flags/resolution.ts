// What a flag resolves to, in OpenFeature's words.
import type { FlagMetadata, FlagValue } from "./definition.ts";

/** Source: OpenFeature specification 2.0, "Resolution details", and OFREP 0.3. */
export type ErrorCode = "FLAG_NOT_FOUND" | "PARSE_ERROR" | "TYPE_MISMATCH" | "GENERAL";
type Reason = "STATIC" | "TARGETING_MATCH" | "DEFAULT" | "DISABLED" | "ERROR";

export type Resolution = {
  /** Undefined where the caller's own default counts. */
  readonly value?: FlagValue;
  readonly variant?: string;
  readonly reason: Reason;
  readonly errorCode?: ErrorCode;
  readonly errorMessage?: string;
  readonly flagMetadata: FlagMetadata;
};

export function failed(
  errorCode: ErrorCode,
  errorMessage: string,
  flagMetadata: FlagMetadata,
): Resolution {
  return { reason: "ERROR", errorCode, errorMessage, flagMetadata };
}
