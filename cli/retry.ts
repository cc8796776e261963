// Another attempt after a failure that may pass: a few, ever further apart, or when
// the server said so.
import { setTimeout as sleep } from "node:timers/promises";
import { Failure } from "./failure.ts";

const firstDelayMs = 300;
const longestDelayMs = 5_000;
/** Longest that a command waits because the server says so. */
export const longestRetryAfterMs = 30_000;

export type RetryOptions = {
  readonly retries: number;
  readonly signal: AbortSignal;
  /** Told before each wait. */
  readonly onRetry: (failure: Failure, delayMs: number) => void;
};

/** The first success of `attempt`, or the last failure. */
export async function withRetries<T>(
  attempt: () => Promise<T>,
  { retries, signal, onRetry }: RetryOptions,
): Promise<T> {
  for (let made = 1; ; made += 1) {
    try {
      return await attempt();
    } catch (error) {
      const retry = error instanceof Failure ? error.details.retry : undefined;
      if (retry === undefined || made > retries) throw error;
      const delayMs = delayBefore(made, retry.afterMs);
      onRetry(error as Failure, delayMs);
      await sleep(delayMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}

/** The server's wish, within reason; else doubling, with jitter so that clients spread out. */
function delayBefore(attempt: number, afterMs: number | undefined): number {
  if (afterMs !== undefined) return Math.min(afterMs, longestRetryAfterMs);
  const ceiling = Math.min(firstDelayMs * 2 ** (attempt - 1), longestDelayMs);
  return Math.round(ceiling * (0.5 + Math.random() / 2));
}

/** `Retry-After` in ms: seconds or an HTTP date (RFC 9110, 10.2.3); undefined where absent. */
export function retryAfterMs(field: string | null, nowMs: number): number | undefined {
  if (field === null) return undefined;
  const ms = /^\d+$/.test(field) ? Number(field) * 1_000 : Date.parse(field) - nowMs;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}
