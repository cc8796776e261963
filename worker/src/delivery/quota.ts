// How much one account may have and do. What is there already is never taken away by a quota,
// and what removes or goes back is never refused by one.
import { err, ok, type Result } from "#base/result.ts";

export type Quotas = {
  /** Snippets and datafiles together. */
  readonly ids: number;
  /** Bytes that its revisions hold in the stores, in every coding, each artifact once. */
  readonly bytes: number;
  readonly publishesPerHour: number;
};

export type QuotaName = keyof Quotas;

/** What an account has, and what it did in the last hour. */
export type Usage = {
  readonly ids: number;
  readonly bytes: number;
  /** When it published in the last hour, ms since the epoch, oldest first. */
  readonly publishesAtMs: readonly number[];
};

/** A publish of so many plain bytes, under an id that the account has or has not. */
export type Wanted = {
  readonly isNew: boolean;
  readonly bytes: number;
  /** Ms since the epoch. */
  readonly atMs: number;
};

/** One that was admitted and is under way; `isNoted` once its usage counts it as a publish. */
export type OpenPublish = Wanted & { isNoted: boolean };

export type QuotaExceeded = {
  readonly reason: "quota_exceeded";
  readonly quota: QuotaName;
  readonly limit: number;
  readonly used: number;
  /** When the same will be taken; null where only room or another limit helps. */
  readonly retryAtMs: number | null;
};

export const hourMs = 3_600_000;

/** The usage as it will be if all that is under way succeeds. */
export function withOpen(usage: Usage, open: readonly OpenPublish[]): Usage {
  const publishes = open.filter(({ isNoted }) => !isNoted).map(({ atMs }) => atMs);
  return {
    ids: usage.ids + open.filter(({ isNew }) => isNew).length,
    bytes: open.reduce((sum, { bytes }) => sum + bytes, usage.bytes),
    publishesAtMs: [...usage.publishesAtMs, ...publishes].toSorted((a, b) => a - b),
  };
}

/** Whether a publish fits. */
export function admit(
  usage: Usage,
  quotas: Quotas,
  { isNew, bytes }: Pick<Wanted, "isNew" | "bytes">,
): Result<null, QuotaExceeded> {
  const { publishesAtMs } = usage;
  if (publishesAtMs.length >= quotas.publishesPerHour) {
    const last = publishesAtMs[publishesAtMs.length - quotas.publishesPerHour];
    const retryAtMs = last === undefined ? null : last + hourMs;
    const used = publishesAtMs.length;
    return exceeded("publishesPerHour", { limit: quotas.publishesPerHour, used, retryAtMs });
  }
  if (isNew && usage.ids >= quotas.ids) {
    return exceeded("ids", { limit: quotas.ids, used: usage.ids, retryAtMs: null });
  }
  if (usage.bytes + bytes > quotas.bytes) {
    return exceeded("bytes", { limit: quotas.bytes, used: usage.bytes, retryAtMs: null });
  }
  return ok(null);
}

function exceeded(
  quota: QuotaName,
  rest: Pick<QuotaExceeded, "limit" | "used" | "retryAtMs">,
): Result<never, QuotaExceeded> {
  return err({ reason: "quota_exceeded", quota, ...rest });
}
