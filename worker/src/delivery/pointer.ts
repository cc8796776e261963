// The small mutable record behind an id. A move is compare-and-set: it names the
// revision it was made against, and of two moves at once only one succeeds.
import { err, ok, type Result } from "#base/result.ts";
import { beaconEssence, type BeaconChoice } from "./beacon.ts";
import type { Digest, Representations } from "./representation.ts";

type SnippetContent = {
  readonly payload: Digest;
  readonly engine: { readonly version: string; readonly sha256: Digest };
  /** Absent where nobody has chosen yet. */
  readonly beacon?: BeaconChoice;
  readonly composition: Representations;
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
  readonly content: C;
};

export type SnippetPointer = PointerOf<"snippet", SnippetContent>;
export type DatafilePointer = PointerOf<"datafile", DatafileContent>;
export type Pointer = SnippetPointer | DatafilePointer;
export type PointerKind = Pointer["kind"];

export type Move<P extends Pointer> = {
  readonly next: Pick<P, "kind" | "id" | "account" | "content">;
  /** The revision that the mover saw; 0 for none yet. */
  readonly expected: number;
  readonly nowMs: number;
};

export type StaleRevision = { readonly reason: "stale_revision"; readonly current: number };

/**
 * The pointer after a move. Moving to what it already says is no move, whatever
 * revision was expected: that makes a retried publish idempotent.
 */
export function movePointer<P extends Pointer>(
  current: P | undefined,
  { next, expected, nowMs }: Move<P>,
): Result<{ readonly pointer: P; readonly moved: boolean }, StaleRevision> {
  if (current !== undefined && saysTheSame(current, next)) {
    return ok({ pointer: current, moved: false });
  }
  const revision = current?.revision ?? 0;
  if (expected !== revision) return err({ reason: "stale_revision", current: revision });
  const pointer = { ...next, revision: revision + 1, movedAtMs: moveTime(current, nowMs) } as P;
  return ok({ pointer, moved: true });
}

// Last-Modified counts in seconds and some clients send nothing else back: two
// moves within one second must still differ, and so must a candidate, whose date
// is the second after.
function moveTime(current: Pointer | undefined, nowMs: number): number {
  const second = Math.floor(nowMs / 1_000) * 1_000;
  return current === undefined ? second : Math.max(second, current.movedAtMs + 2 * secondMs);
}

const secondMs = 1_000;

/** The validator's date for a pointer's body, or for its candidate. */
export function modifiedAtMs({ movedAtMs }: Pointer, of: "stable" | "candidate"): number {
  return of === "stable" ? movedAtMs : movedAtMs + secondMs;
}

function saysTheSame(current: Pointer, next: Pick<Pointer, "kind" | "content">): boolean {
  return current.kind === next.kind && essence(current) === essence(next);
}

/** What the publisher chose, without what follows from it. */
function essence(pointer: Pick<Pointer, "kind" | "content">): string {
  const { content } = pointer;
  if ("payload" in content) {
    const { payload, engine, beacon } = content;
    return [payload, engine.version, engine.sha256, beaconEssence(beacon)].join();
  }
  const candidate = content.candidate?.identity.sha256 ?? "";
  return [content.body.identity.sha256, candidate, ...content.accessTokens].join();
}
