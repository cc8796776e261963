// The authority for flags: loads, lets a pure step decide, and saves with its line in
// the audit log in one transaction.
import type { StaleRevision } from "#base/stale-revision.ts";
import { err, ok, type Result } from "#base/result.ts";
import { changeRollout } from "#flags/change.ts";
import type { FlagSet } from "#flags/definition.ts";
import { isLive, type Rollout } from "#flags/rollout.ts";
import { isFlagOf } from "#flags/sole-account.ts";
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
} from "#src/adapters/flag-registry.ts";
import type { Digest } from "#src/delivery/representation.ts";
import { AuditLog } from "./audit-log.ts";
import type { BeaconTable } from "./beacon-table.ts";
import { FlagTable } from "./flag-table.ts";
import { decideAsOf } from "./own-flags.ts";
import { randomHex } from "./random-hex.ts";
import { UnknownPathTable } from "./unknown-path-table.ts";

export type FlagAuthorityDependencies = {
  readonly storage: DurableObjectStorage;
  /** SHA-256 of an engine; undefined where there is none of that version. */
  readonly engineDigest: (version: string) => Digest | undefined;
  readonly beacons: BeaconTable;
  /** Called after every change, when a new snapshot is to be copied. */
  readonly onChange: () => void;
};

const seedBytes = 12;

export class FlagAuthority {
  static readonly steps = [...FlagTable.steps, ...AuditLog.steps];
  static readonly laterSteps = [...AuditLog.laterSteps, ...UnknownPathTable.steps];

  readonly table: FlagTable;
  readonly log: AuditLog;
  readonly unknownPaths: UnknownPathTable;
  readonly #deps: FlagAuthorityDependencies;

  constructor(dependencies: FlagAuthorityDependencies) {
    this.#deps = dependencies;
    this.table = new FlagTable(dependencies.storage);
    this.log = new AuditLog(dependencies.storage);
    this.unknownPaths = new UnknownPathTable(dependencies.storage);
  }

  change(change: FlagChange, nowMs: number): Result<FlagChanged, FlagReject> {
    const { flag, dryRun, author, account = null } = change;
    const { before, outcome } = decideAsOf(account, {
      before: this.table.rollout(flag),
      command: change.command,
      others: () => this.table.rollouts(),
      decide: (seen) => this.#decide(change, seen, nowMs),
    });
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
    const { flag: target, dryRun, author, account = null } = request;
    const all = this.table.rollouts().filter((each) => isFlagOf(each, account));
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

  #stale(
    { dryRun, author }: Pick<SetPolicy, "dryRun" | "author">,
    { action, current, nowMs }: { action: string; current: number; nowMs: number },
  ): Result<never, StaleRevision> {
    const entry = { ...author, action, target: "*", outcome: "stale_revision" };
    if (!dryRun) this.#note({ ...entry, before: null, after: null }, nowMs);
    return err({ reason: "stale_revision", current });
  }

  note(entry: Noted, nowMs: number): void {
    this.#note({ ...entry, before: null }, nowMs);
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
    this.log.add({ from: "", actor: entry.who, ...entry, atMs, epoch: this.table.epoch });
  }

  #commit(work: () => void): void {
    this.#deps.storage.transactionSync(work);
  }
}

type Unstamped = Omit<AuditEntry, "seq" | "atMs" | "epoch" | "from" | "actor"> & Author;

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
