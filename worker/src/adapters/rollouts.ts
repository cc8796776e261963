// What one flag's `Rollout` object answers: the counts of its arms, what became of evidence,
// and verdicts with all that they were computed from.
import type { Result } from "#base/result.ts";
import type { Arm } from "#flags/arms.ts";
import type { IdTraffic, Traffic } from "#flags/traffic.ts";
import type { Batch, FoldError } from "#src/canary/evidence.ts";
import type { Verdict } from "#src/canary/judge.ts";
import type { Outcome } from "#src/canary/outcome.ts";
import type { VerdictInput } from "#src/canary/verdict-input.ts";
import type { PointerKind } from "#src/delivery/pointer.ts";

/** Requests of one kind in one arm, while attempt, stage and share were the same. */
export type ArmCount = {
  readonly kind: PointerKind;
  readonly arm: Arm;
  readonly attempt: number;
  readonly stage: number;
  readonly sharePpm: number;
  readonly requests: number;
  /** Of them, those that are held against arrivals: see `FirstVisits`. */
  readonly visits: number;
  /** Of those, how many are in each bucket of units; missing in sums of a former build. */
  readonly buckets?: readonly number[];
};

/** What one isolate counted since its last batch. */
export type CountBatch = {
  readonly isolate: string;
  /** Grows with every batch of the isolate: a batch that comes again counts once. */
  readonly seq: number;
  readonly counts: readonly ArmCount[];
};

/** Sums since the beginning, and the requests of the last whole minutes. */
export type Counted = {
  readonly counts: readonly Omit<ArmCount, "buckets">[];
  /** Requests a minute by arm, over the last minutes that are complete; null before there is one. */
  readonly perMinute: Readonly<Record<Arm, number>> | null;
};

/** A stored verdict without what it was computed from. */
export type VerdictLine = {
  readonly seq: number;
  readonly atMs: number;
  readonly attempt: number;
  readonly action: Verdict["action"];
  readonly reasons: Verdict["reasons"];
  readonly outcome: Outcome;
};

/** A stored verdict: its input gives it again. */
export type StoredVerdict = VerdictLine & {
  readonly verdict: Verdict;
  readonly input: VerdictInput;
};

/** How a flag stands now. */
export type Standing = {
  /** What a verdict of this moment is computed from. */
  readonly input: VerdictInput;
  /** Whether verdicts are acted on. */
  readonly isAutomatic: boolean;
  /** The newest stored verdict. */
  readonly latest: VerdictLine | null;
  readonly notices: { readonly pending: number; readonly failed: number };
};

export type VerdictQuery = { readonly beforeSeq: number | null; readonly limit: number };

export type RolloutRpc = {
  count(batch: CountBatch): Promise<void>;
  counted(): Promise<Counted>;
  /** Adds to the traffic of all ids; only the object called `everything` is asked. */
  addTraffic(ids: readonly IdTraffic[]): Promise<void>;
  /** The last day's; null where nothing was counted. */
  traffic(): Promise<Traffic | null>;
  /** Folds a batch into the evidence, once; durable when it resolves. What is not on trial needs none. */
  take(batch: Batch): Promise<Result<"taken" | "not_live", FoldError>>;
  /** Null before it ever was on trial. */
  standing(): Promise<Standing | null>;
  /** Newest first. */
  verdicts(query: VerdictQuery): Promise<readonly VerdictLine[]>;
  /** The newest one that is not after `atMs`; null where there is none. */
  verdictAt(atMs: number): Promise<StoredVerdict | null>;
};

/** The name of the object that keeps the traffic of all ids, whatever flags there are. */
export const everything = "*";

export type Rollouts = (name: string) => RolloutRpc;

/** Stubs by name: a flag's key and code, or `*`. A fresh one each time: a broken one would stay broken. */
export function rolloutsFrom(namespace: DurableObjectNamespace): Rollouts {
  return (name) => namespace.get(namespace.idFromName(name)) as unknown as RolloutRpc;
}
