// The authority for an account's pointers: one object each, reached by RPC.
import type { StaleRevision } from "#base/stale-revision.ts";
import type { BeaconChoice } from "#src/delivery/beacon.ts";
import type { ClaimReject } from "#src/delivery/claim.ts";
import type { QuotaExceeded, QuotaName, Quotas } from "#src/delivery/quota.ts";
import type { Pointer, PointerKind, PointerRecord, Tombstone } from "#src/delivery/pointer.ts";
import type { Told } from "#src/delivery/publish-step.ts";
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
  /** Undefined where nobody wants to be told of steps. */
  readonly told: Told | undefined;
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
  /** Undefined where nobody wants to be told of steps. */
  readonly told: Told | undefined;
};

export type Rollback = {
  readonly kind: PointerKind;
  readonly id: string;
  /** The earlier revision whose content shall be current again. */
  readonly to: number;
  readonly expected: number;
};

export type Withdrawal = {
  readonly id: string;
  /** At least 16 hexadecimal digits of the composition's SHA-256. */
  readonly release: string;
  /** False lets it be had again. */
  readonly isWithdrawn: boolean;
  readonly expected: number;
};

export type DeletePointer = {
  readonly kind: PointerKind;
  readonly id: string;
  /** The revision that the caller saw; null for any. */
  readonly expected: number | null;
};

export type Deleted = { readonly tombstone: Tombstone; readonly changed: boolean };
export type UnknownId = {
  readonly reason: "unknown_id";
  readonly kind: string;
  readonly id: string;
  /** When it was deleted; absent where it never was. */
  readonly deletedAtMs?: number;
};
export type DeleteReject = StaleRevision | UnknownId;
/** An id can be given up once it is deleted, and every edge can know that it is. */
export type NotDeleted = {
  readonly reason: "not_deleted";
  readonly kind: string;
  readonly id: string;
};

export type AccountUsage = {
  readonly snippets: number;
  readonly datafiles: number;
  readonly bytes: number;
  readonly publishesLastHour: number;
  /** What holds for it. */
  readonly quotas: Quotas;
  /** What of that was set for it alone. */
  readonly own: Partial<Quotas>;
};

/** Null takes back what was set for the account alone; what is left out stays. */
export type OwnQuotas = { readonly [name in QuotaName]?: number | null };

/** How many ids were deleted with an account, and how many tokens revoked. */
export type Closed = { readonly ids: number; readonly tokens: number };

export type Moved = { readonly pointer: Pointer; readonly moved: boolean };
export type MoveReject =
  | StaleRevision
  | ClaimReject
  | ArtifactMissing
  | { readonly reason: "unknown_revision"; readonly to: number }
  | { readonly reason: "nothing_stable" }
  | { readonly reason: "unknown_release"; readonly release: string }
  | { readonly reason: "release_current"; readonly release: string }
  | { readonly reason: "release_withdrawn"; readonly release: string }
  | { readonly reason: "too_many_withdrawn"; readonly most: number }
  | QuotaExceeded;

/** What a `Project` object answers. Revisions, history and compare-and-set live there. */
export type ProjectRpc = {
  /** Null where there is none, or none any more. */
  current(kind: PointerKind, id: string): Promise<Pointer | null>;
  /** The same, or what is left of it. */
  record(kind: PointerKind, id: string): Promise<PointerRecord | null>;
  /** Newest first. */
  history(kind: PointerKind, id: string, limit: number): Promise<readonly Pointer[]>;
  list(kind: PointerKind): Promise<readonly Pointer[]>;
  publishSnippet(request: PublishSnippet): Promise<Result<Moved, MoveReject>>;
  publishDatafile(request: PublishDatafile): Promise<Result<Moved, MoveReject>>;
  rollBack(request: Rollback): Promise<Result<Moved, MoveReject>>;
  withdraw(request: Withdrawal): Promise<Result<Moved, MoveReject>>;
  remove(request: DeletePointer): Promise<Result<Deleted, DeleteReject>>;
  /** Gives a deleted id up: from now on it is whose who publishes it first. */
  giveUp(kind: PointerKind, id: string): Promise<Result<null, NotDeleted>>;
  /** What its revisions name, and compositions that flags asked for lately; in order, from the first after `after`. */
  named(after: string, limit: number): Promise<readonly Digest[]>;
  usage(): Promise<AccountUsage>;
  setQuotas(own: OwnQuotas): Promise<AccountUsage>;
  /** Deletes the account: its ids, and in the Registry its tokens and its right to publish. */
  close(account: string): Promise<Closed>;
  /** Restores it, also in the Registry: it takes publishes again. */
  reopen(account: string): Promise<AccountUsage>;
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
