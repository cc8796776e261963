// The one object that removes artifacts which nothing names any more
// (docs/decisions/0027-taking-back.md).
import type { Digest } from "#src/delivery/representation.ts";

export type SweeperStatus = {
  /** When the cycle that is under way began, ms since the epoch; null between cycles. */
  readonly startedAtMs: number | null;
  /** When the last one ended; null before the first has. */
  readonly endedAtMs: number | null;
  /** What the last one saw in the stores, and what it removed. */
  readonly seen: number;
  readonly removed: number;
  /** What is to be removed unless something names it. */
  readonly condemned: number;
};

export type SweeperRpc = {
  /**
   * To be called before artifacts are stored or named, by whoever will name them within a day.
   * Resolves once nothing is removing them.
   */
  retain(digests: readonly Digest[]): Promise<void>;
  status(): Promise<SweeperStatus>;
};

/** A fresh stub of the one Sweeper: a broken one would stay broken. */
export function sweeperFrom(namespace: DurableObjectNamespace): () => SweeperRpc {
  return () => namespace.get(namespace.idFromName("sweeper")) as unknown as SweeperRpc;
}
