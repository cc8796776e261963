// The one kind of error that the command throws on purpose. What is not a Failure
// is a bug, and ends with exit code 1.
import type { Problem } from "#src/admin/contract.ts";
import { exitCodes, type FailureKind } from "./exit-codes.ts";

export type FailureDetails = {
  /** What to do about it, as a sentence. */
  readonly hint?: string | undefined;
  /** The server's problem document, where it sent one. */
  readonly problem?: Problem | undefined;
  readonly cause?: unknown;
  /** True where the request may have been carried out although no answer came. */
  readonly ambiguous?: boolean;
  /** Present where the same request may succeed later. */
  readonly retry?: { readonly afterMs?: number | undefined };
};

export class Failure extends Error {
  readonly kind: FailureKind;
  readonly details: FailureDetails;

  constructor(kind: FailureKind, message: string, details: FailureDetails = {}) {
    super(message, { cause: details.cause });
    this.kind = kind;
    this.details = details;
  }

  /** The same failure, as one that another attempt must not follow. */
  withoutRetry(): Failure {
    const { retry: _retry, ...details } = this.details;
    return new Failure(this.kind, this.message, details);
  }

  /** The failure as the JSON document that `--json` prints. */
  toDocument(): { readonly error: Record<string, unknown> } {
    const { kind, message } = this;
    const { hint, problem } = this.details;
    const optional = { ...(hint && { hint }), ...(problem && { problem }) };
    return { error: { kind, exitCode: exitCodes[kind], message, ...optional } };
  }
}

/** A failure of the command line itself: nothing was sent. */
export function usageFailure(message: string, hint?: string): Failure {
  return new Failure("usage", message, { hint });
}

/** `error` as a Failure: itself, or an unexpected one. */
export function failureFrom(error: unknown): Failure {
  if (error instanceof Failure) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new Failure("unexpected", message, { cause: error });
}
