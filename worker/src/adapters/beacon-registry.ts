// What the Registry answers about beacons: their versions, and what holds for all of
// them. Not on the request path: what a request needs rides in pointers and snapshots.
import type { Result } from "#base/result.ts";
import type { BeaconBuild } from "#src/delivery/beacon.ts";
import type { StaleRevision } from "#base/stale-revision.ts";

/** A published version; sizes are of the prepared texts, in bytes. */
export type Beacon = BeaconBuild & {
  readonly earlyBytes: number;
  readonly collectorBytes: number;
  readonly publishedAtMs: number;
};

/** What holds for all snippets. */
export type BeaconPolicy = {
  /** The version that snippets get which nobody has chosen one for; null for none. */
  readonly current: string | null;
  /** The rate that they get, 1 in n. */
  readonly sampleRate: number;
  /** Accounts whose pages are not measured, whatever else says that they are. */
  readonly mutedAccounts: readonly string[];
  readonly revision: number;
};

export type BeaconConflict = { readonly reason: "beacon_exists"; readonly version: string };
export type UnknownBeacon = { readonly reason: "unknown_beacon"; readonly version: string | null };

export type BeaconRegistryRpc = {
  /** Idempotent; refused where the version exists with other bytes. */
  publishBeacon(beacon: Beacon): Promise<Result<{ readonly created: boolean }, BeaconConflict>>;
  beacon(version: string): Promise<Beacon | null>;
  /** Newest first. */
  beacons(): Promise<readonly Beacon[]>;
  beaconPolicy(): Promise<BeaconPolicy>;
  setBeaconPolicy(
    policy: Omit<BeaconPolicy, "revision">,
    expected: number | null,
  ): Promise<Result<BeaconPolicy, StaleRevision | UnknownBeacon>>;
};
