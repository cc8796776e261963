// The authority for an account's pointers: one object each, reached by RPC.
import type { BeaconChoice } from "#src/delivery/beacon.ts";
import type { Owned } from "#src/delivery/claim.ts";
import type { Pointer, PointerKind, StaleRevision } from "#src/delivery/pointer.ts";
import type { Digest } from "#src/delivery/representation.ts";
import type { Result } from "#base/result.ts";
import type { ArtifactMissing } from "./artifacts.ts";
import type { CompositionOf } from "./compositions.ts";

export type PublishSnippet = {
  readonly account: string;
  readonly id: string;
  /** JSON, checked. */
  readonly payload: Uint8Array;
  readonly engine: { readonly version: string; readonly sha256: Digest };
  /** Absent where nobody has chosen. */
  readonly beacon?: BeaconChoice;
  /** Revision that the publisher saw; 0 for none. */
  readonly expected: number;
};

export type PublishDatafile = {
  readonly account: string;
  readonly id: string;
  /** JSON, checked. */
  readonly body: Uint8Array;
  /** Whether it is to stand beside the current body, for flags, and not in its place. */
  readonly isCandidate: boolean;
  /** Null keeps the tokens it has. */
  readonly accessTokens: readonly Digest[] | null;
  readonly expected: number;
};

export type Rollback = {
  readonly kind: PointerKind;
  readonly id: string;
  /** The earlier revision whose content shall be current again. */
  readonly to: number;
  readonly expected: number;
};

export type Moved = { readonly pointer: Pointer; readonly moved: boolean };
export type MoveReject =
  | StaleRevision
  | Owned
  | ArtifactMissing
  | { readonly reason: "unknown_revision"; readonly to: number }
  | { readonly reason: "nothing_stable" };

/** What a `Project` object answers. Revisions, history and compare-and-set live there. */
export type ProjectRpc = {
  current(kind: PointerKind, id: string): Promise<Pointer | null>;
  /** Newest first. */
  history(kind: PointerKind, id: string, limit: number): Promise<readonly Pointer[]>;
  list(kind: PointerKind): Promise<readonly Pointer[]>;
  publishSnippet(request: PublishSnippet): Promise<Result<Moved, MoveReject>>;
  publishDatafile(request: PublishDatafile): Promise<Result<Moved, MoveReject>>;
  rollBack(request: Rollback): Promise<Result<Moved, MoveReject>>;
  /** Makes a composition that a flag asks for, in every coding; idempotent. */
  compose(of: CompositionOf): Promise<void>;
  /** Makes lost artifacts of the current revision again. */
  repair(kind: PointerKind, id: string): Promise<void>;
};

export type Projects = (account: string) => ProjectRpc;

/** Stubs by account. A fresh stub each time: a broken one would stay broken. */
export function projectsFrom(namespace: DurableObjectNamespace): Projects {
  return (account) => namespace.get(namespace.idFromName(account)) as unknown as ProjectRpc;
}
