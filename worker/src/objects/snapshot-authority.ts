// The authority for the snapshot that the edge reads: its text, and what rides in it
// beside the flags, because it must hold at every edge within seconds.
import type { StaleRevision } from "#base/stale-revision.ts";
import { err, ok, type Result } from "#base/result.ts";
import type { Snapshot } from "#flags/snapshot.ts";
import type { RingChanging, SnapshotAnswer } from "#src/adapters/flag-registry.ts";
import { changeRings, firstRing, handOverMs, type Ring } from "#rum/window/ring.ts";
import type { BeaconPolicy, UnknownBeacon } from "#src/adapters/beacon-registry.ts";
import type { PointerRecord } from "#src/delivery/pointer.ts";
import type { Digest } from "#src/delivery/representation.ts";
import type { FlagAuthorityDependencies } from "./flag-authority.ts";
import type { FlagTable } from "./flag-table.ts";
import { randomHex } from "./random-hex.ts";

type SnapshotAuthorityDependencies = FlagAuthorityDependencies & { readonly table: FlagTable };

const dayMs = 24 * 3_600_000;
const pointerRidesMs = 2 * 60_000;
// An engine pushed to all customers at once must not make the snapshot a giant:
// what does not fit reaches the edge through KV, in a minute.
const mostPointers = 200;
const keptKeys = 2;

export class SnapshotAuthority {
  readonly #deps: SnapshotAuthorityDependencies;
  readonly #table: FlagTable;
  #text: SnapshotAnswer = { edition: -1, text: null };

  constructor(dependencies: SnapshotAuthorityDependencies) {
    this.#deps = dependencies;
    this.#table = dependencies.table;
  }

  /** Whether a sink waits, from now on; the snapshot tells the shards. */
  pauseSink(name: string, isPaused: boolean): void {
    const others = this.#table.pausedSinks().filter((each) => each !== name);
    this.#commit(() => {
      this.#table.savePausedSinks(isPaused ? [...others, name].toSorted() : others);
      this.#table.advance({ flags: false });
    });
    this.#deps.onChange();
  }

  /** How many shards each region has from now on; the snapshot tells edges. */
  setShards(shards: number, nowMs: number): Result<Ring, RingChanging> {
    const [present = firstRing, ...former] = this.#table.rings();
    if (present.shards === shards) return ok(present);
    const rings = changeRings([present, ...former], shards, nowMs);
    if (rings === undefined) {
      return err({ reason: "ring_changing", untilMs: present.sinceMs + handOverMs });
    }
    this.#commit(() => {
      this.#table.saveRings(rings);
      this.#table.advance({ flags: false });
    });
    this.#deps.onChange();
    return ok(rings[0]);
  }

  /** The snapshot carries whose pages are not measured, so that it holds within seconds. */
  setBeaconPolicy(
    next: Omit<BeaconPolicy, "revision">,
    expected: number | null,
  ): Result<BeaconPolicy, StaleRevision | UnknownBeacon> {
    const { beacons } = this.#deps;
    const { revision } = beacons.policy();
    if (expected !== null && expected !== revision) {
      return err({ reason: "stale_revision", current: revision });
    }
    const { current } = next;
    if (current !== null && beacons.beacon(current) === undefined) {
      return err({ reason: "unknown_beacon", version: current });
    }
    this.#commit(() => {
      beacons.savePolicy(next);
      this.#table.advance({ flags: false });
    });
    this.#deps.onChange();
    return ok(beacons.policy());
  }

  announce(moved: readonly PointerRecord[], nowMs: number): void {
    this.#commit(() => {
      this.#table.remember(moved, { nowMs, keepMs: pointerRidesMs, most: mostPointers });
      this.#table.advance({ flags: false });
    });
    this.#deps.onChange();
  }

  /** The snapshot as it stands; its text only for those who hold an earlier edition. */
  snapshot(heldEdition: number, nowMs: number): SnapshotAnswer {
    this.#rotateKeys(nowMs);
    const { edition } = this.#table;
    if (heldEdition >= edition) return { edition, text: null };
    if (this.#text.edition !== edition) {
      this.#text = { edition, text: JSON.stringify(this.#build(nowMs)) };
    }
    return this.#text;
  }

  #build(nowMs: number): Snapshot {
    const rollouts = this.#table.rollouts();
    const keys = this.#table.signingKeys();
    const engines: Record<string, Digest> = {};
    const beacons: Snapshot["beacons"] = {};
    for (const { engine, beacon } of rollouts.map((each) => each.patch)) {
      const build = typeof beacon === "string" ? this.#deps.beacons.beacon(beacon) : undefined;
      if (build !== undefined)
        beacons[build.version] = { early: build.early, collector: build.collector };
      const digest = typeof engine === "string" ? this.#deps.engineDigest(engine) : undefined;
      if (typeof engine === "string" && digest !== undefined) engines[engine] = digest;
    }
    return {
      version: 1,
      edition: this.#table.edition,
      epoch: this.#table.epoch,
      createdAtMs: nowMs,
      flags: this.#table.definitions().set,
      rollouts,
      engines,
      beacons,
      mutedAccounts: [...this.#deps.beacons.policy().mutedAccounts],
      pointers: [...this.#table.movedSince(nowMs - pointerRidesMs)],
      signingKeys: keys.map(({ key }) => key),
      signsSinceMs: keys[0]?.madeAtMs ?? 0,
      pausedSinks: [...this.#table.pausedSinks()],
      rings: [...this.#table.rings()],
    };
  }

  #rotateKeys(nowMs: number): void {
    const [newest] = this.#table.signingKeys();
    // A clock that ran ahead for a moment must not keep a key for ever.
    if (newest !== undefined && Math.abs(nowMs - newest.madeAtMs) < dayMs) return;
    this.#commit(() => {
      this.#table.addSigningKey(randomHex(32), { nowMs, most: keptKeys });
      this.#table.advance({ flags: false });
    });
    this.#deps.onChange();
  }

  #commit(work: () => void): void {
    this.#deps.storage.transactionSync(work);
  }
}
