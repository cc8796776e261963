// One account: its pointers with their history, what it holds, and the copies for the edge.
// The record here is the authority; publications.ts moves it, pointer-copies.ts copies it, and
// account.ts begins and ends it all.
import { DurableObject } from "cloudflare:workers";
import { ok, type Result } from "#base/result.ts";
import { Artifacts, type ArtifactMissing } from "#src/adapters/artifacts.ts";
import { beaconPathsFrom } from "#src/adapters/beacon-paths.ts";
import { cdnOriginFrom } from "#src/adapters/cdn-origin.ts";
import { Compositions, type CompositionOf } from "#src/adapters/compositions.ts";
import { encode } from "#src/adapters/compression.ts";
import { kvKey } from "#src/adapters/pointers.ts";
import type {
  AccountUsage,
  Closed,
  Deleted,
  DeletePointer,
  DeleteReject,
  Moved,
  MoveReject,
  NotDeleted,
  OwnQuotas,
  ProjectRpc,
  PublishDatafile,
  PublishSnippet,
  Rollback,
  Withdrawal,
} from "#src/adapters/projects.ts";
import { quotasFrom } from "#src/adapters/quotas.ts";
import { registryFrom } from "#src/adapters/registry.ts";
import { Releases } from "#src/adapters/releases.ts";
import { reportToLog } from "#src/adapters/report.ts";
import { sweeperFrom } from "#src/adapters/sweeper.ts";
import { namingFaults } from "#src/adapters/store-fault.ts";
import type { Pointer, PointerKind, PointerRecord } from "#src/delivery/pointer.ts";
import {
  digestsOf,
  missingCodings,
  type Digest,
  type Representations,
} from "#src/delivery/representation.ts";
import type { Env } from "#src/services.ts";
import { Account } from "./account.ts";
import { AttemptTable } from "./attempt-table.ts";
import { migrate } from "./migrations.ts";
import { Ownership } from "./ownership.ts";
import { PointerCopies } from "./pointer-copies.ts";
import { PointerTable } from "./pointer-table.ts";
import { compositionOf, Publications } from "./publications.ts";

const colo = (): Promise<Cache> => caches.open("aviary");
const now = (): number => Date.now();

export class Project extends DurableObject<Env> implements ProjectRpc {
  readonly #table: PointerTable;
  readonly #artifacts: Artifacts;
  readonly #compositions: Compositions;
  readonly #ownership: Ownership;
  readonly #publications: Publications;
  readonly #copies: PointerCopies;
  readonly #account: Account;
  /** What is being made at this moment, so that it is made once. */
  readonly #making = new Set<string>();

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    const steps = [...PointerTable.steps, ...AttemptTable.steps, ...PointerTable.laterSteps];
    migrate(state.storage, steps);
    const table = new PointerTable(state.storage);
    const kv = namingFaults(env.STORE, "KV");
    const r2 = namingFaults(env.ARCHIVE, "R2");
    const registry = registryFrom(env.REGISTRY);
    const sweeper = sweeperFrom(env.SWEEPER);
    const retain = (digests: readonly Digest[]): Promise<void> => sweeper().retain(digests);
    const artifacts = new Artifacts({ kv, r2, colo, retain, report: reportToLog });
    const [beaconPath] = beaconPathsFrom(env.BEACON_PATHS, reportToLog);
    const compositions = new Compositions({
      kv,
      artifacts,
      beaconPath,
      cdnOrigin: cdnOriginFrom(env.CDN_ORIGIN, reportToLog),
      encode,
      report: reportToLog,
    });
    const common = { table, registry, report: reportToLog, onChange: () => this.#arm() };
    this.#table = table;
    this.#artifacts = artifacts;
    this.#compositions = compositions;
    this.#ownership = new Ownership({
      ...common,
      attempts: new AttemptTable(state.storage),
      has: ({ kind, id }) => table.record(kind, id) !== undefined,
      now,
    });
    const releases = new Releases(kv);
    this.#copies = new PointerCopies({ ...common, releases, kv: () => this.env.STORE });
    const onMoved = (moved: readonly PointerRecord[]): Promise<void> => this.#onMoved(moved);
    const usualQuotas = quotasFrom(env, reportToLog);
    this.#account = new Account({ table, registry, usualQuotas, now, onMoved });
    this.#publications = new Publications({
      table,
      registry,
      ownership: this.#ownership,
      artifacts,
      compositions,
      background: state,
      quotas: () => this.#account.quotas,
      now,
      onMoved,
      onUnmoved: (pointer) => this.#completed(pointer),
    });
  }

  async current(kind: PointerKind, id: string): Promise<Pointer | null> {
    return this.#table.head(kind, id) ?? null;
  }

  async record(kind: PointerKind, id: string): Promise<PointerRecord | null> {
    return this.#table.record(kind, id) ?? null;
  }

  async history(kind: PointerKind, id: string, limit: number): Promise<readonly Pointer[]> {
    return this.#table.history(kind, id, limit);
  }

  async list(kind: PointerKind): Promise<readonly Pointer[]> {
    return this.#table.heads(kind);
  }

  async publishSnippet(request: PublishSnippet): Promise<Result<Moved, MoveReject>> {
    return this.#publications.publishSnippet(request);
  }

  async publishDatafile(request: PublishDatafile): Promise<Result<Moved, MoveReject>> {
    return this.#publications.publishDatafile(request);
  }

  async rollBack(request: Rollback): Promise<Result<Moved, MoveReject>> {
    return this.#publications.rollBack(request);
  }

  async withdraw(request: Withdrawal): Promise<Result<Moved, MoveReject>> {
    return this.#publications.withdraw(request);
  }

  async remove(request: DeletePointer): Promise<Result<Deleted, DeleteReject>> {
    return this.#publications.remove(request);
  }

  async giveUp(kind: PointerKind, id: string): Promise<Result<null, NotDeleted>> {
    return this.#publications.giveUp({ kind, id });
  }

  async named(after: string, limit: number): Promise<readonly Digest[]> {
    return this.#table.account.named(after, limit, Date.now());
  }

  async usage(): Promise<AccountUsage> {
    return this.#account.usage();
  }

  async setQuotas(own: OwnQuotas): Promise<AccountUsage> {
    return this.#account.setQuotas(own);
  }

  async close(account: string): Promise<Closed> {
    return this.#account.close(account);
  }

  async reopen(account: string): Promise<AccountUsage> {
    return this.#account.reopen(account);
  }

  async repair(kind: PointerKind, id: string): Promise<void> {
    const pointer = this.#table.head(kind, id);
    const key = kvKey(kind, id);
    if (pointer === undefined || this.#making.has(key)) return;
    this.#making.add(key);
    try {
      const body = await this.#bodyOf(pointer);
      if (!body.ok) return reportToLog("repair_impossible", { kind, id, ...body.error });
      this.#table.restate(withForms(pointer, await this.#compositions.store(body.value)));
      await this.#copies.copy();
    } finally {
      this.#making.delete(key);
    }
  }

  async compose(of: CompositionOf): Promise<void> {
    const key = JSON.stringify(of);
    if (this.#making.has(key)) return;
    this.#making.add(key);
    try {
      const made = await this.#compositions.make(of, this.ctx);
      if (made.ok) this.#table.account.keepComposed(digestsOf(made.value), Date.now());
      else reportToLog("composition_impossible", { snippetId: of.snippetId, ...made.error });
    } finally {
      this.#making.delete(key);
    }
  }

  override async alarm(): Promise<void> {
    await Promise.all([this.#copies.copy(), this.#ownership.settle()]);
    await this.#arm();
  }

  async #onMoved(moved: readonly PointerRecord[]): Promise<void> {
    this.ctx.waitUntil(this.#copies.announce(moved));
    await this.#copies.copy();
  }

  // Published again, a body may be had in a coding that could not be made before.
  async #completed(pointer: Pointer): Promise<Pointer> {
    const { kind, id } = pointer;
    if (missingCodings(formsOf(pointer)).length === 0) return pointer;
    await this.repair(kind, id);
    return this.#table.head(kind, id) ?? pointer;
  }

  /** Sets the alarm for what is due next. */
  async #arm(): Promise<void> {
    const never = Number.POSITIVE_INFINITY;
    const copyAtMs = this.#copies.dueAtMs(Date.now()) ?? never;
    const dueAtMs = Math.min(copyAtMs, this.#ownership.dueAtMs ?? never);
    if (dueAtMs < never) await this.ctx.storage.setAlarm(dueAtMs);
    else await this.ctx.storage.deleteAlarm();
  }

  async #bodyOf(pointer: Pointer): Promise<Result<Uint8Array, ArtifactMissing>> {
    if (pointer.kind === "snippet") {
      return this.#compositions.write(compositionOf(pointer.id, pointer.content), this.ctx);
    }
    const found = await this.#artifacts.get(pointer.content.body.identity.sha256, this.ctx);
    return found.ok ? ok(found.value.bytes) : found;
  }
}

function formsOf({ content }: Pointer): Representations {
  return "composition" in content ? content.composition : content.body;
}

function withForms(pointer: Pointer, stored: Representations): Pointer {
  if (pointer.kind === "snippet") {
    return { ...pointer, content: { ...pointer.content, composition: stored } };
  }
  return { ...pointer, content: { ...pointer.content, body: stored } };
}
