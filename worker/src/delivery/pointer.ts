// The small mutable record behind an id. A move is compare-and-set: it names the
// revision it was made against, and of two moves at once only one succeeds.
import type { StaleRevision } from "#base/stale-revision.ts";
import { err, ok, type Result } from "#base/result.ts";
import { beaconEssence, type BeaconChoice } from "./beacon.ts";
import type { Digest, Representations } from "./representation.ts";

type SnippetContent = {
  readonly payload: Digest;
  readonly engine: { readonly version: string; readonly sha256: Digest };
  /** Absent where nobody has chosen yet. */
  readonly beacon?: BeaconChoice;
  readonly composition: Representations;
  /** Prefixes of the releases that are no longer to be had; absent for none. */
  readonly withdrawn?: readonly string[];
};

type DatafileContent = {
  readonly body: Representations;
  /** What a flag may deliver in the place of `body`; the next publish without one ends it. */
  readonly candidate?: Representations;
  /** Digests of the tokens that may read it; empty means that anybody may. */
  readonly accessTokens: readonly Digest[];
};

type PointerOf<K extends string, C> = {
  readonly kind: K;
  readonly id: string;
  readonly account: string;
  /** Starts at 1 and grows by one with every move, roll-backs included. */
  readonly revision: number;
  /** When it moved: ms since the epoch, a whole second, later than every earlier move. */
  readonly movedAtMs: number;
  /** Releases from before this were deleted with what the id stood for then; absent for none. */
  readonly bornAtMs?: number;
  readonly content: C;
};

export type SnippetPointer = PointerOf<"snippet", SnippetContent>;
export type DatafilePointer = PointerOf<"datafile", DatafileContent>;
export type Pointer = SnippetPointer | DatafilePointer;
export type PointerKind = Pointer["kind"];

/** What is left of an id that was deleted: it goes on counting where the pointer ended. */
export type Tombstone = Pick<Pointer, "kind" | "id" | "account" | "revision" | "movedAtMs"> & {
  readonly deleted: true;
  /** Whether only those who held an access token knew of it. */
  readonly isPrivate: boolean;
};

/** What is stored of an id. */
export type PointerRecord = Pointer | Tombstone;

export function isDeleted(record: PointerRecord): record is Tombstone {
  return "deleted" in record;
}

/** Where the revisions of an id's last owner ended. */
export type Floor = Pick<Pointer, "revision" | "movedAtMs">;

/** What a pointer is to say. */
export type Next = Pick<Pointer, "kind" | "id" | "account" | "content">;

export type Move = {
  readonly next: Next;
  /** The revision that the mover saw; 0 for none. */
  readonly expected: number;
  readonly nowMs: number;
  /** Absent where the id was nobody's before. */
  readonly floor?: Floor | null;
};

/**
 * The pointer after a move. Moving to what it already says is no move, whatever
 * revision was expected: that makes a retried publish idempotent.
 */
export function movePointer(
  current: PointerRecord | undefined,
  { next, expected, nowMs, floor = null }: Move,
): Result<{ readonly pointer: Pointer; readonly moved: boolean }, StaleRevision> {
  const live = current === undefined || isDeleted(current) ? undefined : current;
  if (live !== undefined && saysTheSame(live, next)) return ok({ pointer: live, moved: false });
  const isExpected =
    expected === (current?.revision ?? 0) || (live === undefined && expected === 0);
  if (!isExpected) return err({ reason: "stale_revision", current: live?.revision ?? 0 });
  const before = laterOf(current, floor ?? undefined);
  const revision = (before?.revision ?? 0) + 1;
  const movedAtMs = moveTime(before, nowMs);
  const isReborn = live === undefined && before !== undefined;
  const bornAtMs = isReborn ? movedAtMs : live?.bornAtMs;
  const born = bornAtMs === undefined ? {} : { bornAtMs };
  return ok({ pointer: { ...next, revision, movedAtMs, ...born } as Pointer, moved: true });
}

/** What takes the place of a pointer that is deleted. */
export function tombstoneOf(pointer: Pointer, nowMs: number): Tombstone {
  const { kind, id, account, revision } = pointer;
  const isPrivate = pointer.kind === "datafile" && pointer.content.accessTokens.length > 0;
  const movedAtMs = moveTime(pointer, nowMs);
  return { kind, id, account, revision: revision + 1, movedAtMs, deleted: true, isPrivate };
}

/**
 * Why a release is no longer to be had, as far as its snippet's record says; undefined where it
 * is. What the record itself delivers is to be had, however old the copy that names its time.
 */
export function releaseGone(
  record: PointerRecord | null,
  { prefix, madeAtMs }: { readonly prefix: string; readonly madeAtMs: number },
): "deleted" | "withdrawn" | undefined {
  if (record === null || record.kind !== "snippet") return undefined;
  if (isDeleted(record)) return "deleted";
  if (record.content.composition.identity.sha256.startsWith(prefix)) return undefined;
  if (madeAtMs < (record.bornAtMs ?? 0)) return "deleted";
  const isWithdrawn = record.content.withdrawn?.some((each) => prefix.startsWith(each));
  return isWithdrawn === true ? "withdrawn" : undefined;
}

/** The higher of each; undefined for neither. */
export function laterOf(a: Floor | undefined, b: Floor | undefined): Floor | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return {
    revision: Math.max(a.revision, b.revision),
    movedAtMs: Math.max(a.movedAtMs, b.movedAtMs),
  };
}

const secondMs = 1_000;

// Last-Modified counts in seconds and some clients send nothing else back: two moves within
// one second must still differ, and so must the candidate of each, and the copies of both
// that arms under trial have.
const datesOf = {
  shared: { stable: 0, candidate: secondMs },
  copy: { stable: -2 * secondMs, candidate: -secondMs },
};
const datesMs = 4 * secondMs;

function moveTime(current: Floor | undefined, nowMs: number): number {
  const second = Math.floor(nowMs / secondMs) * secondMs;
  return current === undefined ? second : Math.max(second, current.movedAtMs + datesMs);
}

/** The validator's date for a pointer's body or for its candidate, or for a copy of either. */
export function modifiedAtMs(
  { movedAtMs }: Pick<Pointer, "movedAtMs">,
  { of, isCopy }: { readonly of: "stable" | "candidate"; readonly isCopy: boolean },
): number {
  return movedAtMs + datesOf[isCopy ? "copy" : "shared"][of];
}

function saysTheSame(current: Pointer, next: Pick<Pointer, "kind" | "content">): boolean {
  return current.kind === next.kind && essence(current) === essence(next);
}

/** What the publisher chose, without what follows from it. */
function essence(pointer: Pick<Pointer, "kind" | "content">): string {
  const { content } = pointer;
  if ("payload" in content) {
    const { payload, engine, beacon, withdrawn = [] } = content;
    const parts = [payload, engine.version, engine.sha256, beaconEssence(beacon)];
    return [...parts, ...withdrawn].join();
  }
  const candidate = content.candidate?.identity.sha256 ?? "";
  return [content.body.identity.sha256, candidate, ...content.accessTokens].join();
}
