// One account's pointers: revisions, history, compare-and-set, and their copies in
// KV. The record here is the authority; the copy is written after it, in order,
// and again by alarm until KV has taken it.
import { DurableObject } from "cloudflare:workers";
import { err, ok, type Result } from "#base/result.ts";
import { Artifacts, type ArtifactMissing } from "#src/adapters/artifacts.ts";
import { Compositions, type CompositionOf } from "#src/adapters/compositions.ts";
import { withDeadline } from "#src/adapters/deadline.ts";
import { beaconPathsFrom } from "#src/adapters/beacon-paths.ts";
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
import {
  movePointer,
  type DatafilePointer,
  type Pointer,
  type PointerKind,
} from "#src/delivery/pointer.ts";
import { deliveredBeacon } from "#src/delivery/beacon.ts";
import type { Representations } from "#src/delivery/representation.ts";
import type { Env } from "#src/services.ts";
import { migrate } from "./migrations.ts";
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
  readonly #registry: ReturnType<typeof registryFrom>;
  /** What is being made at this moment, so that it is made once. */
  readonly #making = new Set<string>();
  #copying: Promise<void> = Promise.resolve();
  #retryMs = firstRetryMs;

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    migrate(state.storage, PointerTable.steps);
    this.#table = new PointerTable(state.storage);
    const { STORE: kv, ARCHIVE: r2, REGISTRY: registry } = env;
    this.#registry = registryFrom(registry);
    this.#artifacts = new Artifacts({ kv, r2, colo, report: reportToLog });
    const [beaconPath] = beaconPathsFrom(env.BEACON_PATHS, reportToLog);
    this.#compositions = new Compositions({ kv, artifacts: this.#artifacts, beaconPath });
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
    const { account, id, payload, engine, beacon, expected } = request;
    const parts = { payload, engine, ...(beacon !== undefined && { beacon }) };
    const made = await this.#compositions.make(compositionOf(id, parts), this.ctx);
    if (!made.ok) return made;
    const content = { ...parts, composition: made.value };
    return this.#move({ kind: "snippet", id, account, content }, expected);
  }

  async publishDatafile(request: PublishDatafile): Promise<Result<Moved, MoveReject>> {
    const { account, id, body, isCandidate, accessTokens, expected } = request;
    const bytes = await this.#artifacts.get(body, this.ctx);
    if (!bytes.ok) return bytes;
    const stored = await this.#compositions.store(bytes.value.bytes);
    const current = this.#table.head("datafile", id) as DatafilePointer | undefined;
    const tokens = accessTokens ?? current?.content.accessTokens ?? [];
    if (isCandidate && current === undefined) return err({ reason: "nothing_stable" });
    const bodies =
      isCandidate && current !== undefined
        ? { body: current.content.body, candidate: stored }
        : { body: stored };
    const content = { ...bodies, accessTokens: tokens };
    return this.#move({ kind: "datafile", id, account, content }, expected);
  }

  async rollBack({ kind, id, to, expected }: Rollback): Promise<Result<Moved, MoveReject>> {
    const target = this.#table.revision(kind, id, to);
    if (target === undefined) return { ok: false, error: { reason: "unknown_revision", to } };
    return this.#move(this.#withCurrentTokens(target), expected);
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
    await this.#copy();
  }

  async #move(
    next: Pick<Pointer, "kind" | "id" | "account" | "content">,
    expected: number,
  ): Promise<Result<Moved, MoveReject>> {
    const { kind, id } = next;
    const current = this.#table.head(kind, id);
    const move = { next, expected, nowMs: Date.now() } as Parameters<typeof movePointer>[1];
    const outcome = movePointer(current, move);
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
      await this.ctx.storage.deleteAlarm();
    } catch (error) {
      this.#retryMs = Math.min(this.#retryMs * 2, lastRetryMs);
      reportToLog("pointer_copy_failed", { error });
    }
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

function compositionOf(
  snippetId: string,
  { payload, engine, beacon }: Pick<PublishSnippet, "payload" | "engine" | "beacon">,
): CompositionOf {
  const delivered = deliveredBeacon(beacon);
  return { snippetId, payload, engine, ...(delivered !== undefined && { beacon: delivered }) };
}

function withForms(pointer: Pointer, stored: Representations): Pointer {
  if (pointer.kind === "snippet") {
    return { ...pointer, content: { ...pointer.content, composition: stored } };
  }
  return { ...pointer, content: { ...pointer.content, body: stored } };
}
