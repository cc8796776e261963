// The one Registry: engines, beacons, tokens, accounts, who owns an id, and, in `flag-authority.ts`
// and `snapshot-authority.ts`, flags and what the edge reads of them. Not on the request path.
import type { StaleRevision } from "#base/stale-revision.ts";
import { DurableObject } from "cloudflare:workers";
import { err, ok, type Result } from "#base/result.ts";
import type {
  Account,
  ClaimOf,
  Claimed,
  Engine,
  EngineConflict,
  GivenUp,
  RegistryRpc,
  StoredToken,
} from "#src/adapters/registry.ts";
import type {
  Beacon,
  BeaconConflict,
  BeaconPolicy,
  BeaconRegistryRpc,
  UnknownBeacon,
} from "#src/adapters/beacon-registry.ts";
import type {
  AuditQuery,
  Definitions,
  FlagChange,
  FlagChanged,
  FlagRegistryRpc,
  FlagReject,
  Imported,
  ImportFlags,
  Kill,
  Killed,
  ListedEntry,
  Noted,
  OnTrial,
  Policy,
  SetPolicy,
  RingChanging,
  SnapshotAnswer,
  UnknownPaths,
} from "#src/adapters/flag-registry.ts";
import type { Sought } from "#src/adapters/erasure/sought.ts";
import { keySecretsFrom } from "#src/adapters/key-secrets.ts";
import { createKeyWrap, type KeyWrap } from "#src/adapters/key-wrap.ts";
import { snapshotKvKey } from "#src/adapters/snapshots.ts";
import { withDeadline } from "#src/adapters/deadline.ts";
import { reportToLog } from "#src/adapters/report.ts";
import type { Rollout } from "#flags/rollout.ts";
import type { Ring } from "#rum/window/ring.ts";
import type { AccountDeleted, ClaimReject } from "#src/delivery/claim.ts";
import type { PointerKind, PointerRecord } from "#src/delivery/pointer.ts";
import type { Digest } from "#src/delivery/representation.ts";
import type { Env } from "#src/services.ts";
import { BeaconTable } from "./beacon-table.ts";
import { ClaimTable } from "./claim-table.ts";
import { FlagAuthority } from "./flag-authority.ts";
import { SnapshotAuthority } from "./snapshot-authority.ts";
import { TokenTable } from "./token-table.ts";
import { migrate } from "./migrations.ts";

const steps = [
  `CREATE TABLE engine (
    version TEXT PRIMARY KEY, sha256 TEXT NOT NULL, bytes INTEGER NOT NULL,
    published_at_ms INTEGER NOT NULL
  )`,
  ...ClaimTable.firstSteps,
  ...TokenTable.steps,
  ...FlagAuthority.steps,
  ...BeaconTable.steps,
  ...ClaimTable.steps,
  ...TokenTable.laterSteps,
  ...FlagAuthority.laterSteps,
];

const firstRetryMs = 2_000;
const lastRetryMs = 60_000;
const copyDeadlineMs = 5_000;
// KV takes one write a second for a key.
const betweenCopiesMs = 1_000;

type EngineRow = { version: string; sha256: Digest; bytes: number; published_at_ms: number };

export class Registry
  extends DurableObject<Env>
  implements RegistryRpc, BeaconRegistryRpc, FlagRegistryRpc
{
  readonly #sql: SqlStorage;
  readonly #claims: ClaimTable;
  readonly #tokens: TokenTable;
  readonly #beacons: BeaconTable;
  readonly #flags: FlagAuthority;
  readonly #snapshot: SnapshotAuthority;
  #retryMs = firstRetryMs;
  #copying: Promise<void> | undefined;
  #copiedEdition = -1;

  readonly #keyWrap: KeyWrap;

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    migrate(state.storage, steps);
    this.#sql = state.storage.sql;
    this.#claims = new ClaimTable(state.storage);
    this.#tokens = new TokenTable(state.storage);
    this.#beacons = new BeaconTable(state.storage);
    const shared = {
      storage: state.storage,
      engineDigest: (version: string) => this.#engine(version)?.sha256,
      beacons: this.#beacons,
      onChange: () => state.waitUntil(this.#copySoon()),
    };
    this.#keyWrap = createKeyWrap(keySecretsFrom(env).secrets);
    this.#flags = new FlagAuthority(shared);
    this.#snapshot = new SnapshotAuthority({ ...shared, table: this.#flags.table });
  }

  async publishEngine(engine: Engine): Promise<Result<{ created: boolean }, EngineConflict>> {
    const existing = await this.engine(engine.version);
    if (existing?.sha256 === engine.sha256) return ok({ created: false });
    if (existing !== null) return err({ reason: "engine_exists", engine: existing });
    const { version, sha256, bytes, publishedAtMs } = engine;
    this.#sql.exec("INSERT INTO engine VALUES (?, ?, ?, ?)", version, sha256, bytes, publishedAtMs);
    return ok({ created: true });
  }

  async engine(version: string): Promise<Engine | null> {
    return this.#engine(version);
  }

  #engine(version: string): Engine | null {
    const rows = this.#sql.exec<EngineRow>("SELECT * FROM engine WHERE version = ?", version);
    const [row] = rows.toArray();
    return row === undefined ? null : engineFrom(row);
  }

  async engines(): Promise<readonly Engine[]> {
    const order = "ORDER BY published_at_ms DESC, rowid DESC";
    return this.#sql.exec<EngineRow>(`SELECT * FROM engine ${order}`).toArray().map(engineFrom);
  }

  async publishBeacon(beacon: Beacon): Promise<Result<{ created: boolean }, BeaconConflict>> {
    const { version, early, collector } = beacon;
    const existing = this.#beacons.beacon(version);
    if (existing === undefined) this.#beacons.add(beacon);
    else if (existing.early !== early || existing.collector !== collector)
      return err({ reason: "beacon_exists", version });
    return ok({ created: existing === undefined });
  }

  async beacon(version: string): Promise<Beacon | null> {
    return this.#beacons.beacon(version) ?? null;
  }

  async beacons(): Promise<readonly Beacon[]> {
    return this.#beacons.beacons();
  }

  async beaconPolicy(): Promise<BeaconPolicy> {
    return this.#beacons.policy();
  }

  async setBeaconPolicy(
    policy: Omit<BeaconPolicy, "revision">,
    expected: number | null,
  ): Promise<Result<BeaconPolicy, StaleRevision | UnknownBeacon>> {
    return this.#snapshot.setBeaconPolicy(policy, expected);
  }

  async claim(claim: ClaimOf): Promise<Result<Claimed, ClaimReject>> {
    return this.#claims.claim(claim, Date.now());
  }

  async release(claim: ClaimOf): Promise<void> {
    this.#claims.release(claim);
  }

  async giveUp(given: GivenUp): Promise<void> {
    this.#claims.giveUp(given);
  }

  async account(account: string): Promise<Account | null> {
    return this.#claims.account(account) ?? null;
  }

  async accounts(after: string, limit: number): Promise<readonly Account[]> {
    return this.#claims.accounts(after, limit);
  }

  async deleteAccount(account: string): Promise<number> {
    return this.ctx.storage.transactionSync(() => {
      this.#claims.delete(account, Date.now());
      return this.#tokens.revokeAll(account, Date.now());
    });
  }

  async restoreAccount(account: string): Promise<void> {
    this.#claims.restore(account);
  }

  async owner(kind: PointerKind, id: string): Promise<string | null> {
    return this.#claims.claimOf(kind, id)?.account ?? null;
  }

  async createToken(token: StoredToken): Promise<Result<null, AccountDeleted>> {
    const { account } = token;
    if (account !== null && this.#claims.isDeleted(account)) {
      return err({ reason: "account_deleted", account });
    }
    this.#tokens.add(token);
    return ok(null);
  }

  async token(id: string): Promise<StoredToken | null> {
    return this.#tokens.token(id) ?? null;
  }

  async tokens(): Promise<readonly StoredToken[]> {
    return this.#tokens.tokens();
  }

  async evaluationOrigins(): Promise<readonly string[]> {
    return this.#tokens.origins(Date.now());
  }

  async noteTokenUse(id: string, nowMs: number): Promise<void> {
    this.#tokens.noteUse(id, nowMs);
  }

  async revokeToken(id: string, nowMs: number): Promise<boolean> {
    return this.#tokens.revoke(id, nowMs);
  }

  async snapshot(heldEdition: number): Promise<SnapshotAnswer> {
    return this.#snapshot.snapshot(heldEdition, Date.now());
  }

  async rollouts(): Promise<{ epoch: number; rollouts: readonly Rollout[] }> {
    const { table } = this.#flags;
    return { epoch: table.epoch, rollouts: table.rollouts() };
  }

  async onTrial(flag: string, code: string): Promise<OnTrial> {
    return this.#flags.onTrial(flag, code);
  }

  async changeFlag(change: FlagChange): Promise<Result<FlagChanged, FlagReject>> {
    return this.#flags.change(change, Date.now());
  }

  async kill(request: Kill): Promise<Result<Killed, { readonly reason: "unknown_flag" }>> {
    return this.#flags.kill(request, Date.now());
  }

  async definitions(): Promise<Definitions> {
    return this.#flags.table.definitions();
  }

  async importFlags(request: ImportFlags): Promise<Result<Imported, StaleRevision>> {
    return this.#flags.importFlags(request, Date.now());
  }

  async policy(): Promise<Policy> {
    return this.#flags.table.policy();
  }

  async setPolicy(request: SetPolicy): Promise<Result<Policy, StaleRevision>> {
    return this.#flags.setPolicy(request, Date.now());
  }

  async audit(query: AuditQuery): Promise<readonly ListedEntry[]> {
    return this.#flags.log.list(query);
  }

  async note(entry: Noted): Promise<void> {
    this.#flags.note(entry, Date.now());
  }

  async eraseAudit(sought: Sought, isDry: boolean): Promise<{ matched: number; erased: number }> {
    const matched = this.#flags.log.countErasable(sought);
    if (!isDry) this.#flags.log.eraseDetails(sought);
    return { matched, erased: isDry ? 0 : matched };
  }

  async noteUnknownPath(actor: string): Promise<void> {
    this.#flags.unknownPaths.add(actor, Date.now());
  }

  async unknownPaths(): Promise<readonly UnknownPaths[]> {
    return this.#flags.unknownPaths.list();
  }

  async pausedSinks(): Promise<readonly string[]> {
    return this.#flags.table.pausedSinks();
  }

  async pauseSink(name: string, isPaused: boolean): Promise<void> {
    this.#snapshot.pauseSink(name, isPaused);
  }

  async setShards(shards: number): Promise<Result<Ring, RingChanging>> {
    return this.#snapshot.setShards(shards, Date.now());
  }

  async announce(moved: readonly PointerRecord[]): Promise<void> {
    this.#snapshot.announce(moved, Date.now());
  }

  override async alarm(): Promise<void> {
    await this.#copySoon();
  }

  // Nobody who changes a flag waits for KV, which is read only where this object
  // does not answer. The alarm takes up what a crash or a failure leaves undone.
  #copySoon(): Promise<void> {
    this.#copying ??= this.#copy().finally(() => {
      this.#copying = undefined;
    });
    return this.#copying;
  }

  async #copy(): Promise<void> {
    try {
      await this.ctx.storage.setAlarm(Date.now() + this.#retryMs);
      while (this.#copiedEdition < this.#flags.table.edition) {
        const { edition, text } = this.#snapshot.snapshot(this.#copiedEdition, Date.now());
        const keys = this.#flags.table.signingKeys().map(({ key }) => key);
        const sealed = await this.#keyWrap.seal(text ?? "", keys);
        const put = this.env.STORE.put(snapshotKvKey, sealed, { metadata: { edition } });
        await withDeadline(put, copyDeadlineMs, "kv");
        this.#copiedEdition = edition;
        await scheduler.wait(betweenCopiesMs);
      }
      this.#retryMs = firstRetryMs;
      await this.ctx.storage.deleteAlarm();
      // A change that came meanwhile found a copy under way, and has armed nothing.
      const { edition } = this.#flags.table;
      if (this.#copiedEdition < edition) await this.ctx.storage.setAlarm(Date.now());
    } catch (error) {
      this.#retryMs = Math.min(this.#retryMs * 2, lastRetryMs);
      reportToLog("snapshot_copy_failed", { error });
    }
  }
}

function engineFrom({ version, sha256, bytes, published_at_ms }: EngineRow): Engine {
  return { version, sha256, bytes, publishedAtMs: published_at_ms };
}
