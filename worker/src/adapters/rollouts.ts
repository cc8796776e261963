// What one flag's `Rollout` object answers: the counts of its arms.
import type { Arm } from "#flags/arms.ts";
import type { PointerKind } from "#src/delivery/pointer.ts";

/** Requests of one kind in one arm, while attempt, stage and share were the same. */
export type ArmCount = {
  readonly kind: PointerKind;
  readonly arm: Arm;
  readonly attempt: number;
  readonly stage: number;
  readonly sharePpm: number;
  readonly requests: number;
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
  readonly counts: readonly ArmCount[];
  /** Requests a minute by arm, over the last minutes that are complete; null before there is one. */
  readonly perMinute: Readonly<Record<Arm, number>> | null;
};

export type RolloutRpc = {
  count(batch: CountBatch): Promise<void>;
  counted(): Promise<Counted>;
};

export type Rollouts = (name: string) => RolloutRpc;

/** Stubs by name: a flag's key and code, or `*`. A fresh one each time: a broken one would stay broken. */
export function rolloutsFrom(namespace: DurableObjectNamespace): Rollouts {
  return (name) => namespace.get(namespace.idFromName(name)) as unknown as RolloutRpc;
}
