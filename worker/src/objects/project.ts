// One account's pointers: revisions, history, compare-and-set, and their copies in
// KV. The record here is the authority; the copy is written after it, in order,
// and again by alarm until KV has taken it.
import { DurableObject } from "cloudflare:workers";
import { err, ok, type Result } from "#base/result.ts";
import { Artifacts, type ArtifactMissing } from "#src/adapters/artifacts.ts";
import { Compositions, type CompositionOf } from "#src/adapters/compositions.ts";
import { encode } from "#src/adapters/compression.ts";
import { withDeadline } from "#src/adapters/deadline.ts";
import { beaconPathsFrom } from "#src/adapters/beacon-paths.ts";
import { sha256 } from "#src/adapters/digest.ts";
import { kvKey } from "#src/adapters/pointers.ts";
import type {
  Moved,
  MoveReject,
  ProjectRpc,
  PublishDatafile,
  PublishSnippet,
  Rollback,
} from "#src/adapters/projects.ts";
import { registryFrom } from "#src/adapters/registry.ts";
import { Releases } from "#src/adapters/releases.ts";
import { reportToLog } from "#src/adapters/report.ts";
import { namingFaults } from "#src/adapters/store-fault.ts";
import {
  movePointer,
  type DatafilePointer,
  type Pointer,
  type PointerKind,
  type SnippetPointer,
} from "#src/delivery/pointer.ts";
import { deliveredBeacon } from "#src/delivery/beacon.ts";
import { missingCodings, type Digest, type Representations } from "#src/delivery/representation.ts";
import type { Env } from "#src/services.ts";
import { AttemptTable } from "./attempt-table.ts";
import { migrate } from "./migrations.ts";
import { Ownership } from "./ownership.ts";
import { PointerTable, type Due } from "./pointer-table.ts";

const firstRetryMs = 2_000;
const lastRetryMs = 60_000;
const copyDeadlineMs = 5_000;
const announceDeadlineMs = 2_000;
const colo = (): Promise<Cache> => caches.open("aviary");

export class Project extends DurableObject<Env> implements ProjectRpc {
  readonly #table: PointerTable;
  readonly #artifacts: Artifacts;
  readonly #compositions: Compositions;
  readonly #releases: Releases;
  readonly #ownership: Ownership;
  readonly #registry: ReturnType<typeof registryFrom>;
  /** What is being made at this moment, so that it is made once. */
  readonly #making = new Set<string>();
  #copying: Promise<void> = Promise.resolve();
  #retryMs = firstRetryMs;

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    migrate(state.storage, [...PointerTable.steps, ...AttemptTable.steps]);
    this.#table = new PointerTable(state.storage);
    const { REGISTRY: registry } = env;
    const kv = namingFaults(env.STORE, "KV");
    const r2 = namingFaults(env.ARCHIVE, "R2");
    this.#registry = registryFrom(registry);
    this.#ownership = new Ownership({
      attempts: new AttemptTable(state.storage),
      registry: this.#registry,
      has: ({ kind, id }) => this.#table.head(kind, id) !== undefined,
      now: Date.now,
      report: reportToLog,
      onChange: () => this.#arm(),
    });
    this.#artifacts = new Artifacts({ kv, r2, colo, report: reportToLog });
    const [beaconPath] = beaconPathsFrom(env.BEACON_PATHS, reportToLog);
    this.#compositions = new Compositions({
      kv,
      artifacts: this.#artifacts,
      beaconPath,
      encode,
      report: reportToLog,
    });
    this.#releases = new Releases(kv);
  }

  async current(kind: PointerKind, id: string): Promise<Pointer | null> {
    return this.#table.head(kind, id) ?? null;
  }

  async history(kind: PointerKind, id: string, limit: number): Promise<readonly Pointer[]> {
    return this.#table.history(kind, id, limit);
  }

  async list(kind: PointerKind): Promise<readonly Pointer[]> {
    return this.#table.heads(kind);
  }

  async publishSnippet(request: PublishSnippet): Promise<Result<Moved, MoveReject>> {
    const { account, id, payload: bytes, engine, beacon, expected } = request;
    const payload = await sha256(bytes);
    const parts = { payload, engine, ...(beacon !== undefined && { beacon }) };
    const next = { kind: "snippet", id, account } as const;
    return this.#publish({
      expected,
      // What the move says is known before anything of it is made.
      foretell: () => ({ ...next, content: { ...parts, composition: unmade(bytes, payload) } }),
      make: async () => {
        await this.#artifacts.put(bytes);
        const made = await this.#compositions.make(compositionOf(id, parts), this.ctx);
        return made.ok ? ok({ ...next, content: { ...parts, composition: made.value } }) : made;
      },
    });
  }

  async publishDatafile(request: PublishDatafile): Promise<Result<Moved, MoveReject>> {
    const { account, id, body: bytes, isCandidate, accessTokens, expected } = request;
    const plain = unmade(bytes, await sha256(bytes));
    const contentWith = (stored: Representations): DatafilePointer["content"] => {
      const current = this.#table.head("datafile", id) as DatafilePointer | undefined;
      const body = isCandidate ? (current?.content.body ?? stored) : stored;
      const tokens = accessTokens ?? current?.content.accessTokens ?? [];
      return { body, ...(isCandidate && { candidate: stored }), accessTokens: tokens };
    };
    const next = { kind: "datafile", id, account } as const;
    return this.#publish({
      expected,
      isCandidate,
      foretell: () => ({ ...next, content: contentWith(plain) }),
      make: async () => {
        const stored = await this.#compositions.store(bytes);
        return ok({ ...next, content: contentWith(stored) });
      },
    });
  }

  // Nothing is stored before the move is known to be a move, and the id to be the account's.
  #publish(publish: Publish): Promise<Result<Moved, MoveReject>> {
    const { expected, isCandidate = false, foretell, make } = publish;
    const { kind, id, account } = foretell();
    return this.#ownership.inTurn({ kind, id }, async () => {
      const current = this.#table.head(kind, id);
      const foretold = movePointer(current, { next: foretell(), expected, nowMs: Date.now() });
      if (!foretold.ok) return foretold;
      if (!foretold.value.moved) return ok(await this.#completed(foretold.value));
      if (isCandidate && current === undefined) return err({ reason: "nothing_stable" });
      return this.#ownership.owning({ kind, id, account }, async () => {
        const next = await make();
        return next.ok ? this.#move(next.value, expected) : next;
      });
    });
  }

  // Published again, a body may be had in a coding that could not be made before.
  async #completed(unmoved: Moved): Promise<Moved> {
    const { kind, id } = unmoved.pointer;
    if (missingCodings(formsOf(unmoved.pointer)).length === 0) return unmoved;
    await this.repair(kind, id);
    return { ...unmoved, pointer: this.#table.head(kind, id) ?? unmoved.pointer };
  }

  async rollBack({ kind, id, to, expected }: Rollback): Promise<Result<Moved, MoveReject>> {
    return this.#ownership.inTurn({ kind, id }, async () => {
      const target = this.#table.revision(kind, id, to);
      if (target === undefined) return err({ reason: "unknown_revision", to });
      return this.#move(this.#withCurrentTokens(target), expected);
    });
  }

  // Going back to an earlier body must not let a withdrawn token in again.
  #withCurrentTokens(target: Pointer): Pointer {
    const current = this.#table.head(target.kind, target.id);
    if (target.kind !== "datafile" || current?.kind !== "datafile") return target;
    return {
      ...target,
      content: { ...target.content, accessTokens: current.content.accessTokens },
    };
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
      await this.#copy();
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
      if (!made.ok)
        reportToLog("composition_impossible", { snippetId: of.snippetId, ...made.error });
    } finally {
      this.#making.delete(key);
    }
  }

  override async alarm(): Promise<void> {
    await Promise.all([this.#copy(), this.#ownership.settle()]);
    await this.#arm();
  }

  async #move(next: Next, expected: number): Promise<Result<Moved, MoveReject>> {
    const current = this.#table.head(next.kind, next.id);
    const outcome = movePointer(current, { next, expected, nowMs: Date.now() });
    if (!outcome.ok || !outcome.value.moved) return outcome;
    this.#table.save(outcome.value.pointer);
    this.ctx.waitUntil(this.#announce(outcome.value.pointer));
    await this.#copy();
    return outcome;
  }

  // The snapshot carries the news within seconds, KV within a minute: nobody has
  // to wait for the first, and nothing is lost without it.
  async #announce(pointer: Pointer): Promise<void> {
    try {
      await withDeadline(this.#registry().announce(pointer), announceDeadlineMs, "registry");
    } catch (error) {
      reportToLog("announce_failed", { kind: pointer.kind, id: pointer.id, error });
    }
  }

  async #bodyOf(pointer: Pointer): Promise<Result<Uint8Array, ArtifactMissing>> {
    if (pointer.kind === "snippet") {
      return this.#compositions.write(compositionOf(pointer.id, pointer.content), this.ctx);
    }
    const found = await this.#artifacts.get(pointer.content.body.identity.sha256, this.ctx);
    return found.ok ? ok(found.value.bytes) : found;
  }

  // Copies are written one after the other, so that an older revision can never
  // land on top of a newer one. The alarm is armed first: whoever dies in between
  // is taken up again.
  #copy(): Promise<void> {
    this.#copying = this.#copying.then(() => this.#copyAll());
    return this.#copying;
  }

  async #copyAll(): Promise<void> {
    try {
      await this.ctx.storage.setAlarm(Date.now() + this.#retryMs);
      for (const due of this.#table.uncopied()) {
        await withDeadline(this.#copyOne(due), copyDeadlineMs, "kv");
        this.#table.markCopied(due);
      }
      this.#retryMs = firstRetryMs;
    } catch (error) {
      this.#retryMs = Math.min(this.#retryMs * 2, lastRetryMs);
      reportToLog("pointer_copy_failed", { error });
    }
    await this.#arm();
  }

  /** Sets the alarm for what is due next. */
  async #arm(): Promise<void> {
    const isDue = this.#table.uncopied().length > 0;
    const copyAtMs = isDue ? Date.now() + this.#retryMs : Number.POSITIVE_INFINITY;
    const dueAtMs = Math.min(copyAtMs, this.#ownership.dueAtMs ?? Number.POSITIVE_INFINITY);
    if (Number.isFinite(dueAtMs)) await this.ctx.storage.setAlarm(dueAtMs);
    else await this.ctx.storage.deleteAlarm();
  }

  async #copyOne({ pointer, document }: Due): Promise<void> {
    const { kind, id, movedAtMs } = pointer;
    if (kind === "snippet") {
      const { composition } = pointer.content;
      await this.#releases.put(id, { composition, madeAtMs: movedAtMs });
    }
    await this.env.STORE.put(kvKey(kind, id), document);
  }
}

type Next = Pick<Pointer, "kind" | "id" | "account" | "content">;

type Publish = {
  readonly expected: number;
  readonly isCandidate?: boolean;
  /** The move as it will be, but for forms that are yet to be made. */
  readonly foretell: () => Next;
  /** Makes and stores what the move needs. */
  readonly make: () => Promise<Result<Next, ArtifactMissing>>;
};

/** A body of which no other form was made yet. */
function unmade({ byteLength }: Uint8Array, digest: Digest): Representations {
  return { identity: { sha256: digest, bytes: byteLength } };
}

function compositionOf(
  snippetId: string,
  { payload, engine, beacon }: Omit<SnippetPointer["content"], "composition">,
): CompositionOf {
  const delivered = deliveredBeacon(beacon);
  return { snippetId, payload, engine, ...(delivered !== undefined && { beacon: delivered }) };
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
