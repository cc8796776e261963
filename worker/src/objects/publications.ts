// What moves an account's pointers: publishing, going back, withdrawing, deleting, giving up. One change
// of an id after the other, and nothing is stored before the id is known to be the account's
// and its quotas to have room.
import { err, ok, type Result } from "#base/result.ts";
import type { Artifacts, ArtifactMissing } from "#src/adapters/artifacts.ts";
import type { Background } from "#src/adapters/background.ts";
import type { Compositions, CompositionOf } from "#src/adapters/compositions.ts";
import { sha256 } from "#src/adapters/digest.ts";
import type { RegistryRpc } from "#src/adapters/registry.ts";
import { releasePrefix } from "#src/adapters/releases.ts";
import type {
  Deleted,
  DeleteReject,
  DeletePointer,
  Moved,
  MoveReject,
  NotDeleted,
  PublishDatafile,
  PublishSnippet,
  Rollback,
  Withdrawal,
} from "#src/adapters/projects.ts";
import { deliveredBeacon } from "#src/delivery/beacon.ts";
import {
  isDeleted,
  movePointer,
  tombstoneOf,
  type DatafilePointer,
  type Floor,
  type Next,
  type Pointer,
  type PointerRecord,
  type SnippetPointer,
} from "#src/delivery/pointer.ts";
import type { OpenPublish, QuotaExceeded, Quotas, Wanted } from "#src/delivery/quota.ts";
import type { Digest, Representations } from "#src/delivery/representation.ts";
import type { Item } from "./attempt-table.ts";
import type { Ownership } from "./ownership.ts";
import type { PointerTable } from "./pointer-table.ts";
import { Reservations } from "./reservations.ts";

export type PublicationsDependencies = {
  readonly table: PointerTable;
  readonly ownership: Ownership;
  readonly registry: () => Pick<RegistryRpc, "giveUp">;
  readonly artifacts: Artifacts;
  readonly compositions: Compositions;
  readonly background: Background;
  readonly quotas: () => Quotas;
  readonly now: () => number;
  /** Called with what a repeated publish would have made; gives it as it is now. */
  readonly onUnmoved: (pointer: Pointer) => Promise<Pointer>;
  /** Called when records have changed; resolves once their copies are written or put off. */
  readonly onMoved: (moved: readonly PointerRecord[]) => Promise<void>;
};

/** Most releases of one snippet that can be withdrawn: the pointer carries them all. */
const mostWithdrawn = 1_000;

export class Publications {
  readonly #deps: PublicationsDependencies;
  readonly #reservations = new Reservations();

  constructor(dependencies: PublicationsDependencies) {
    this.#deps = dependencies;
  }

  async publishSnippet(request: PublishSnippet): Promise<Result<Moved, MoveReject>> {
    const { account, id, payload: bytes, engine, beacon, expected, told } = request;
    const { artifacts, compositions, background } = this.#deps;
    const payload = await sha256(bytes);
    const parts = { payload, engine, ...(beacon !== undefined && { beacon }) };
    const next = { kind: "snippet", id, account } as const;
    return this.#publish({
      expected,
      bytes,
      // What the move says is known before anything of it is made.
      foretell: () => ({ ...next, content: { ...parts, composition: unmade(bytes, payload) } }),
      make: async () => {
        await artifacts.put(bytes);
        const made = await compositions.make(compositionOf(id, parts), background, told);
        return made.ok ? ok({ ...next, content: { ...parts, composition: made.value } }) : made;
      },
    });
  }

  async publishDatafile(request: PublishDatafile): Promise<Result<Moved, MoveReject>> {
    const { account, id, body: bytes, isCandidate, accessTokens, expected, told } = request;
    const { table, compositions } = this.#deps;
    const plain = unmade(bytes, await sha256(bytes));
    const contentWith = (stored: Representations): DatafilePointer["content"] => {
      const current = table.head("datafile", id);
      const body = isCandidate ? (current?.content.body ?? stored) : stored;
      const tokens = accessTokens ?? current?.content.accessTokens ?? [];
      return { body, ...(isCandidate && { candidate: stored }), accessTokens: tokens };
    };
    const next = { kind: "datafile", id, account } as const;
    return this.#publish({
      expected,
      bytes,
      isCandidate,
      foretell: () => ({ ...next, content: contentWith(plain) }),
      make: async () => {
        const stored = await compositions.store(bytes, { told });
        return ok({ ...next, content: contentWith(stored) });
      },
    });
  }

  async rollBack({ kind, id, to, expected }: Rollback): Promise<Result<Moved, MoveReject>> {
    const { table, ownership } = this.#deps;
    return ownership.inTurn({ kind, id }, async () => {
      // Going back to an earlier body must not let a withdrawn token in again.
      const target = table.revision(kind, id, to);
      if (target === undefined) return err({ reason: "unknown_revision", to });
      const { account, content } = target;
      const tokens = table.head("datafile", id)?.content.accessTokens;
      const kept = kind === "datafile" && tokens !== undefined ? { accessTokens: tokens } : {};
      const next = { kind, id, account, content: { ...content, ...kept } } as Next;
      return this.#move({ next, expected });
    });
  }

  /** Takes a release back, or lets it be had again. */
  async withdraw(request: Withdrawal): Promise<Result<Moved, MoveReject>> {
    const { id, release, isWithdrawn, expected } = request;
    const { table, ownership } = this.#deps;
    return ownership.inTurn({ kind: "snippet", id }, async () => {
      const current = table.head("snippet", id);
      if (current === undefined || !table.hasReleased(id, release)) {
        return err({ reason: "unknown_release", release });
      }
      const { account, content } = current;
      const prefix = release.slice(0, prefixOf(content).length);
      if (isWithdrawn && prefix === prefixOf(content)) {
        return err({ reason: "release_current", release: prefix });
      }
      const others = (content.withdrawn ?? []).filter((each) => each !== prefix);
      const withdrawn = isWithdrawn ? [...others, prefix].toSorted() : others;
      if (withdrawn.length > mostWithdrawn) {
        return err({ reason: "too_many_withdrawn", most: mostWithdrawn });
      }
      const next = { kind: "snippet", id, account, content } as const;
      return this.#move({ next, expected, withdrawn });
    });
  }

  /** Leaves a tombstone in the place of an id. Doing it twice is doing it once. */
  async remove({ kind, id, expected }: DeletePointer): Promise<Result<Deleted, DeleteReject>> {
    const { table, ownership, now, onMoved } = this.#deps;
    return ownership.inTurn({ kind, id }, async () => {
      const record = table.record(kind, id);
      if (record === undefined) return err({ reason: "unknown_id", kind, id });
      if (isDeleted(record)) return ok({ tombstone: record, changed: false });
      if (expected !== null && expected !== record.revision) {
        return err({ reason: "stale_revision", current: record.revision });
      }
      const tombstone = tombstoneOf(record, now());
      table.bury([tombstone]);
      await onMoved([tombstone]);
      return ok({ tombstone, changed: true });
    });
  }

  /** Makes a deleted id anybody's, once every edge can know that it is deleted. */
  async giveUp({ kind, id }: Item): Promise<Result<null, NotDeleted>> {
    const { table, ownership, registry } = this.#deps;
    return ownership.inTurn({ kind, id }, async () => {
      const record = table.record(kind, id);
      // What KV has yet to take or to delete could undo what the next owner publishes.
      const isOver = record !== undefined && isDeleted(record) && table.isSettled(record);
      if (!isOver) return err({ reason: "not_deleted", kind, id });
      const { account, revision, movedAtMs } = record;
      await registry().giveUp({ kind, id, account, floor: { revision, movedAtMs } });
      return ok(null);
    });
  }

  #publish(publish: Publish): Promise<Result<Moved, MoveReject>> {
    const { expected, bytes, isCandidate = false, foretell, make } = publish;
    const { table, ownership, onUnmoved } = this.#deps;
    const { kind, id, account } = foretell();
    return ownership.inTurn({ kind, id }, async () => {
      const foretold = this.#foretold(foretell(), expected);
      if (!foretold.ok) return foretold;
      if (!foretold.value.moved) {
        return ok({ moved: false, pointer: await onUnmoved(foretold.value.pointer) });
      }
      const isNew = table.head(kind, id) === undefined;
      if (isCandidate && isNew) return err({ reason: "nothing_stable" });
      const reserved = this.#reserve({ isNew, bytes: bytes.byteLength });
      if (!reserved.ok) return reserved;
      const open = reserved.value;
      try {
        return await ownership.owning({ kind, id, account }, async ({ floor }) => {
          table.account.notePublish(open.atMs);
          open.isNoted = true;
          const next = await make();
          if (!next.ok) return next;
          return this.#move({ next: next.value, expected, floor, open });
        });
      } finally {
        this.#reservations.end(open);
      }
    });
  }

  // Nothing is awaited between the count and the reservation.
  #reserve(wanted: Omit<Wanted, "atMs">): Result<OpenPublish, QuotaExceeded> {
    const { table, quotas, now } = this.#deps;
    const atMs = now();
    const usage = {
      ids: table.countIds(),
      bytes: table.account.bytes(),
      publishesAtMs: table.account.publishesAtMs(atMs),
    };
    return this.#reservations.take(usage, quotas(), { ...wanted, atMs });
  }

  #foretold(next: Next, expected: number): Result<Moved, MoveReject> {
    const { table, now } = this.#deps;
    const { kind, id, account } = next;
    if (table.account.setting().isClosed) return err({ reason: "account_deleted", account });
    const current = table.record(kind, id);
    return movePointer(current, { next: this.#completed({ next }), expected, nowMs: now() });
  }

  async #move(move: Moving): Promise<Result<Moved, MoveReject>> {
    const { table, now, onMoved } = this.#deps;
    const { expected, floor = null, open } = move;
    const next = this.#completed(move);
    const { kind, id, account } = next;
    if (table.account.setting().isClosed) return err({ reason: "account_deleted", account });
    if (isSnippet(next) && next.content.withdrawn?.includes(prefixOf(next.content)) === true) {
      return err({ reason: "release_withdrawn", release: prefixOf(next.content) });
    }
    const current = table.record(kind, id);
    const outcome = movePointer(current, { next, expected, nowMs: now(), floor });
    if (!outcome.ok || !outcome.value.moved) return outcome;
    table.save(outcome.value.pointer, open?.bytes ?? 0);
    // From here on the table counts it.
    if (open !== undefined) this.#reservations.end(open);
    await onMoved([outcome.value.pointer]);
    return outcome;
  }

  // What was withdrawn stays so, whatever is published or gone back to.
  #completed({ next, withdrawn }: Pick<Moving, "next" | "withdrawn">): Next {
    const { table } = this.#deps;
    if (isSnippet(next)) {
      const { withdrawn: _, ...content } = next.content;
      const kept = withdrawn ?? table.head("snippet", next.id)?.content.withdrawn ?? [];
      const list = kept.length === 0 ? {} : { withdrawn: kept };
      return { ...next, content: { ...content, ...list } };
    }
    return next;
  }
}

type Moving = {
  readonly next: Next;
  readonly expected: number;
  readonly floor?: Floor | null;
  /** Absent where nothing new is stored. */
  readonly open?: OpenPublish;
  /** Absent: those that are. */
  readonly withdrawn?: readonly string[];
};

type Publish = {
  readonly expected: number;
  readonly bytes: Uint8Array;
  readonly isCandidate?: boolean;
  /** The move as it will be, but for forms that are yet to be made. */
  readonly foretell: () => Next;
  /** Makes and stores what the move needs. */
  readonly make: () => Promise<Result<Next, ArtifactMissing>>;
};

type NextSnippet = Next & Pick<SnippetPointer, "kind" | "content">;

function isSnippet(next: Next): next is NextSnippet {
  return next.kind === "snippet";
}

function prefixOf({ composition }: SnippetPointer["content"]): string {
  return releasePrefix(composition.identity.sha256);
}

/** A body of which no other form was made yet. */
function unmade({ byteLength }: Uint8Array, digest: Digest): Representations {
  return { identity: { sha256: digest, bytes: byteLength } };
}

/** What a snippet's composition is made of. */
export function compositionOf(
  snippetId: string,
  { payload, engine, beacon }: Omit<SnippetPointer["content"], "composition">,
): CompositionOf {
  const delivered = deliveredBeacon(beacon);
  return { snippetId, payload, engine, ...(delivered !== undefined && { beacon: delivered }) };
}
