// The authority for flags: loads, lets a pure step decide, saves with its line in
// the audit log in one transaction, and keeps the snapshot that the edge reads.
import { err, ok, type Result } from "#base/result.ts";
import { changeRollout } from "#flags/change.ts";
import type { FlagSet } from "#flags/definition.ts";
import { isLive, type Rollout } from "#flags/rollout.ts";
import type { Snapshot } from "#flags/snapshot.ts";
import { transition } from "#flags/transition.ts";
import type {
  AuditEntry,
  Author,
  FlagChange,
  FlagChanged,
  FlagReject,
  Imported,
  ImportFlags,
  Kill,
  Killed,
  Noted,
  OnTrial,
  Policy,
  SetPolicy,
  RingChanging,
  SnapshotAnswer,
  StaleRevision,
} from "#src/adapters/flag-registry.ts";
import { changeRings, firstRing, handOverMs, type Ring } from "#rum/window/ring.ts";
import type { BeaconPolicy, UnknownBeacon } from "#src/adapters/beacon-registry.ts";
import type { Pointer } from "#src/delivery/pointer.ts";
import type { Digest } from "#src/delivery/representation.ts";
import { AuditLog } from "./audit-log.ts";
import type { BeaconTable } from "./beacon-table.ts";
import { FlagTable } from "./flag-table.ts";

export type FlagAuthorityDependencies = {
  readonly storage: DurableObjectStorage;
  /** SHA-256 of an engine; undefined where there is none of that version. */
  readonly engineDigest: (version: string) => Digest | undefined;
  readonly beacons: BeaconTable;
  /** Called after every change, when a new snapshot is to be copied. */
  readonly onChange: () => void;
};

const dayMs = 24 * 3_600_000;
const pointerRidesMs = 2 * 60_000;
// An engine pushed to all customers at once must not make the snapshot a giant:
// what does not fit reaches the edge through KV, in a minute.
const mostPointers = 200;
const keptKeys = 2;
const seedBytes = 12;

export class FlagAuthority {
  static readonly steps = [...FlagTable.steps, ...AuditLog.steps];

  readonly table: FlagTable;
  readonly log: AuditLog;
  readonly #deps: FlagAuthorityDependencies;
  #text: SnapshotAnswer = { edition: -1, text: null };

  constructor(dependencies: FlagAuthorityDependencies) {
    this.#deps = dependencies;
    this.table = new FlagTable(dependencies.storage);
    this.log = new AuditLog(dependencies.storage);
  }

  change(change: FlagChange, nowMs: number): Result<FlagChanged, FlagReject> {
    const { flag, dryRun, author } = change;
    const before = this.table.rollout(flag);
    const outcome = this.#decide(change, before, nowMs);
    if (dryRun) {
      if (!outcome.ok) return outcome;
      return ok({ before: before ?? null, after: outcome.value, epoch: this.table.epoch });
    }
    const after = outcome.ok ? outcome.value : null;
    const done = outcome.ok ? "done" : outcome.error.reason;
    this.#commit(() => {
      if (outcome.ok) this.#save(flag, after);
      const action = actionOf(change);
      const documents = { before: before ?? null, after };
      this.#note({ ...author, action, target: flag, outcome: done, ...documents }, nowMs);
    });
    if (!outcome.ok) return outcome;
    this.#deps.onChange();
    return ok({ before: before ?? null, after, epoch: this.table.epoch });
  }

  /** A flag as its judge needs it: the audit log knows every share that it has had. */
  onTrial(flag: string, code: string): OnTrial {
    const rollout = this.table.rollout(flag);
    const { epoch } = this.table;
    const policy = this.table.policy();
    if (rollout?.code !== code) return { rollout: null, shares: [], policy, epoch };
    return { rollout, shares: this.log.sharesOf(rollout), policy, epoch };
  }

  kill(request: Kill, nowMs: number): Result<Killed, { readonly reason: "unknown_flag" }> {
    const { flag: target, dryRun, author } = request;
    const all = this.table.rollouts();
    const wanted =
      target === "*" ? all.filter(isUnderWay) : all.filter((each) => each.flag === target);
    if (wanted.length === 0 && target !== "*") {
      const entry = { ...author, action: "kill", target, outcome: "unknown_flag" };
      if (!dryRun) this.#note({ ...entry, before: null, after: null }, nowMs);
      return err({ reason: "unknown_flag" });
    }
    const flags = wanted.map((each) => each.flag);
    if (dryRun) return ok({ flags, epoch: this.table.epoch });
    this.#commit(() => {
      for (const before of wanted) {
        const moved = transition(before, { kind: "kill" }, nowMs);
        const after = moved.ok ? moved.value : before;
        this.#save(before.flag, after);
        const entry = { ...author, action: "kill", target: before.flag, outcome: "done" };
        this.#note({ ...entry, before, after }, nowMs);
      }
    });
    this.#deps.onChange();
    return ok({ flags, epoch: this.table.epoch });
  }

  importFlags(request: ImportFlags, nowMs: number): Result<Imported, StaleRevision> {
    const { set, expected, dryRun, author } = request;
    const { set: before, revision } = this.table.definitions();
    if (expected !== null && expected !== revision) {
      return this.#stale(request, { action: "import", current: revision, nowMs });
    }
    const taken = new Set(this.table.rollouts().map((each) => each.flag));
    const flags = Object.fromEntries(Object.entries(set.flags).filter(([key]) => !taken.has(key)));
    const after = { ...set, flags };
    const kept = Object.keys(set.flags).filter((key) => taken.has(key));
    const difference = { ...differenceOf(before, after), kept };
    if (dryRun) return ok({ ...difference, revision });
    this.#commit(() => {
      this.table.saveDefinitions(after);
      this.table.advance({ flags: true });
      const entry = { ...author, action: "import", target: "*", outcome: "done" };
      this.#note({ ...entry, before: null, after: difference }, nowMs);
    });
    this.#deps.onChange();
    return ok({ ...difference, revision: revision + 1 });
  }

  setPolicy(request: SetPolicy, nowMs: number): Result<Policy, StaleRevision> {
    const { expected, dryRun, author } = request;
    const { revision, ...before } = this.table.policy();
    const next = { ...before, ...request.policy };
    if (expected !== null && expected !== revision) {
      return this.#stale(request, { action: "policy", current: revision, nowMs });
    }
    if (dryRun) return ok({ ...next, revision });
    this.#commit(() => {
      this.table.savePolicy(next);
      const entry = { ...author, action: "policy", target: "*", outcome: "done" };
      this.#note({ ...entry, before: { ...before, revision }, after: next }, nowMs);
    });
    return ok(this.table.policy());
  }

  /** Whether a sink waits, from now on; the snapshot tells the shards. */
  pauseSink(name: string, isPaused: boolean): void {
    const others = this.table.pausedSinks().filter((each) => each !== name);
    this.#commit(() => {
      this.table.savePausedSinks(isPaused ? [...others, name].toSorted() : others);
      this.table.advance({ flags: false });
    });
    this.#deps.onChange();
  }

  #stale(
    { dryRun, author }: Pick<SetPolicy, "dryRun" | "author">,
    { action, current, nowMs }: { action: string; current: number; nowMs: number },
  ): Result<never, StaleRevision> {
    const entry = { ...author, action, target: "*", outcome: "stale_revision" };
    if (!dryRun) this.#note({ ...entry, before: null, after: null }, nowMs);
    return err({ reason: "stale_revision", current });
  }

  /** How many shards each region has from now on; the snapshot tells edges. */
  setShards(shards: number, nowMs: number): Result<Ring, RingChanging> {
    const [present = firstRing, ...former] = this.table.rings();
    if (present.shards === shards) return ok(present);
    const rings = changeRings([present, ...former], shards, nowMs);
    if (rings === undefined) {
      return err({ reason: "ring_changing", untilMs: present.sinceMs + handOverMs });
    }
    this.#commit(() => {
      this.table.saveRings(rings);
      this.table.advance({ flags: false });
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
      this.table.advance({ flags: false });
    });
    this.#deps.onChange();
    return ok(beacons.policy());
  }

  note(entry: Noted, nowMs: number): void {
    this.#note({ ...entry, before: null, after: null }, nowMs);
  }

  announce(pointer: Pointer, nowMs: number): void {
    this.#commit(() => {
      this.table.remember(pointer, { nowMs, keepMs: pointerRidesMs, most: mostPointers });
      this.table.advance({ flags: false });
    });
    this.#deps.onChange();
  }

  /** The snapshot as it stands; its text only for those who hold an earlier edition. */
  snapshot(heldEdition: number, nowMs: number): SnapshotAnswer {
    this.#rotateKeys(nowMs);
    const { edition } = this.table;
    if (heldEdition >= edition) return { edition, text: null };
    if (this.#text.edition !== edition) {
      this.#text = { edition, text: JSON.stringify(this.#build(nowMs)) };
    }
    return this.#text;
  }

  #build(nowMs: number): Snapshot {
    const rollouts = this.table.rollouts();
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
      edition: this.table.edition,
      epoch: this.table.epoch,
      createdAtMs: nowMs,
      flags: this.table.definitions().set,
      rollouts,
      engines,
      beacons,
      mutedAccounts: [...this.#deps.beacons.policy().mutedAccounts],
      pointers: [...this.table.movedSince(nowMs - pointerRidesMs)],
      signingKeys: this.table.signingKeys().map(({ key }) => key),
      pausedSinks: [...this.table.pausedSinks()],
      rings: [...this.table.rings()],
    };
  }

  #rotateKeys(nowMs: number): void {
    const [newest] = this.table.signingKeys();
    if (newest !== undefined && nowMs - newest.madeAtMs < dayMs) return;
    this.#commit(() => {
      this.table.addSigningKey(randomHex(32), { nowMs, most: keptKeys });
      this.table.advance({ flags: false });
    });
    this.#deps.onChange();
  }

  #decide(
    change: FlagChange,
    before: Rollout | undefined,
    nowMs: number,
  ): Result<Rollout | null, FlagReject> {
    const { flag, command, expected } = change;
    const definition = Object.hasOwn(this.table.definitions().set.flags, flag);
    if (command.kind === "create" && definition) return err({ reason: "definition_exists", flag });
    const { maxLive, freezes } = this.table.policy();
    const outcome = changeRollout({
      command: this.#completed(change, before),
      before,
      expected: expected ?? undefined,
      surroundings: { others: this.table.rollouts(), maxLive, freezes, nowMs },
    });
    const engine = outcome.ok ? outcome.value?.patch.engine : null;
    if (typeof engine === "string" && this.#deps.engineDigest(engine) === undefined) {
      return err({ reason: "unknown_engine", version: engine });
    }
    const beacon = outcome.ok ? outcome.value?.patch.beacon : null;
    const isVersion = typeof beacon === "string" && beacon !== "off";
    if (isVersion && this.#deps.beacons.beacon(beacon) === undefined) {
      return err({ reason: "unknown_beacon", version: beacon });
    }
    return outcome;
  }

  /** The command with what its author does not choose. */
  #completed(
    { flag, command, dryRun }: FlagChange,
    before: Rollout | undefined,
  ): FlagChange["command"] {
    if (command.kind !== "create" && command.kind !== "amend") return command;
    const code = before?.code ?? (dryRun ? "0" : this.table.nextCode().toString(36));
    const seed = before?.seed ?? randomHex(seedBytes);
    return { ...command, plan: { seed, ...(command.plan as object), flag, code } };
  }

  #save(flag: string, after: Rollout | null): void {
    if (after === null) this.table.delete(flag);
    else this.table.save(after);
    this.table.advance({ flags: true });
  }

  #note(entry: Unstamped, atMs: number): void {
    this.log.add({ from: "", ...entry, atMs, epoch: this.table.epoch });
  }

  #commit(work: () => void): void {
    this.#deps.storage.transactionSync(work);
  }
}

type Unstamped = Omit<AuditEntry, "seq" | "atMs" | "epoch" | "from"> & Author;

function isUnderWay(rollout: Rollout): boolean {
  return isLive(rollout) || rollout.state === "promoted";
}

function actionOf({ command }: FlagChange): string {
  return command.kind === "move" ? command.action.kind : command.kind;
}

function differenceOf(
  before: FlagSet,
  after: FlagSet,
): Pick<Imported, "added" | "changed" | "removed"> {
  const [old, now] = [new Map(Object.entries(before.flags)), new Map(Object.entries(after.flags))];
  const differs = (key: string): boolean =>
    JSON.stringify(old.get(key)) !== JSON.stringify(now.get(key));
  return {
    added: [...now.keys()].filter((key) => !old.has(key)),
    changed: [...now.keys()].filter((key) => old.has(key) && differs(key)),
    removed: [...old.keys()].filter((key) => !now.has(key)),
  };
}

function randomHex(bytes: number): string {
  const random = crypto.getRandomValues(new Uint8Array(bytes));
  return [...random].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
