// What the Registry answers about flags. All of it goes through one object, so
// that two people who change flags at once cannot both be right.
import type { StaleRevision } from "#base/stale-revision.ts";
import type { Result } from "#base/result.ts";
import type { ChangeReject, Command } from "#flags/change.ts";
import type { FlagSet } from "#flags/definition.ts";
import type { Ring } from "#rum/window/ring.ts";
import type { Freeze, Rollout } from "#flags/rollout.ts";
import type { Sought } from "./erasure/sought.ts";
import type { UnknownBeacon } from "./beacon-registry.ts";
import type { PointerRecord } from "#src/delivery/pointer.ts";

/** Who changes something, and why, as the audit log will show it. */
export type Author = {
  readonly who: string;
  /** Who it is whatever the name: `token:<id>`, `access:<subject>`; left out where `who` says it. */
  readonly actor?: string;
  readonly why: string;
  /** Address that it was asked from; left out by those who ask from inside. */
  readonly from?: string;
};

/** What holds for all rollouts together. */
export type Policy = {
  /** Most rollouts that may be live at once. */
  readonly maxLive: number;
  /** Times in which nothing grows. */
  readonly freezes: readonly Freeze[];
  /** Whether verdicts of the judge are acted on; false where they are only told. */
  readonly automatic: boolean;
  readonly revision: number;
};

/** A share of one attempt, and the first epoch in which requests were assigned by it. */
export type ShareSince = Pick<Rollout, "sharePpm" | "holdoutPpm"> & { readonly fromEpoch: number };

/** What the judge of one flag needs to know of it. */
export type OnTrial = {
  /** Null where there is none of that key and code. */
  readonly rollout: Rollout | null;
  /** Of its present attempt, in order. */
  readonly shares: readonly ShareSince[];
  readonly policy: Policy;
  /** Everything up to this epoch is in the shares. */
  readonly epoch: number;
};

/** One line of the audit log. Lines are added and never changed. */
export type AuditEntry = {
  /** Grows by one from line to line. */
  readonly seq: number;
  readonly atMs: number;
  readonly who: string;
  /** `token:<id>`, `access:<subject>`, `secret:AVIARY_ADMIN_TOKEN`, or a part of Aviary itself. */
  readonly actor: string;
  readonly why: string;
  /** Address that it was asked from; empty where it was asked from inside. */
  readonly from: string;
  readonly action: string;
  /** What was changed: a flag's key, or a path. */
  readonly target: string;
  /** `done`, or why it was refused. */
  readonly outcome: string;
  /** Epoch after it. */
  readonly epoch: number;
  /** Documents before and after; null where there was none. */
  readonly before: unknown;
  readonly after: unknown;
};

export type FlagChange = {
  readonly flag: string;
  readonly command: Command;
  /** The revision that the author saw; null where they did not say. */
  readonly expected: number | null;
  readonly dryRun: boolean;
  readonly author: Author;
  /** The one account whose flags the author may touch; left out by those who may touch all. */
  readonly account?: string | null;
};

export type FlagChanged = {
  readonly before: Rollout | null;
  readonly after: Rollout | null;
  /** Epoch after the change; of a dry run, the present one. */
  readonly epoch: number;
};

type UnknownEngine = { readonly reason: "unknown_engine"; readonly version: string };
type DefinitionExists = { readonly reason: "definition_exists"; readonly flag: string };
/** The author may touch flags of one account, and this would not be one. */
type NotOwn = {
  readonly reason: "not_own";
  readonly field: "audience" | "layer";
  readonly account: string;
};
/** The key names a flag that the author may not see. */
type KeyTaken = { readonly reason: "key_taken" };
export type FlagReject =
  | ChangeReject
  | UnknownEngine
  | UnknownBeacon
  | DefinitionExists
  | NotOwn
  | KeyTaken;

export type Definitions = { readonly set: FlagSet; readonly revision: number };
export type Kill = {
  /** A key, or `*`. */
  readonly flag: string;
  readonly dryRun: boolean;
  readonly author: Author;
  /** As of a `FlagChange`. */
  readonly account?: string | null;
};
export type Killed = { readonly flags: readonly string[]; readonly epoch: number };

/** A change that was made or refused before it came to the Registry. */
export type Noted = Pick<
  AuditEntry,
  "who" | "actor" | "why" | "from" | "action" | "target" | "outcome" | "after"
>;

/** A line as it is listed. */
export type ListedEntry = AuditEntry & {
  /** How many earlier lines of the same actor the page leaves out, so that others are seen. */
  readonly hidden: number;
};

/** Requests for paths that there are not, of one actor on one day. */
export type UnknownPaths = {
  /** As in 2026-11-27. */
  readonly day: string;
  readonly actor: string;
  readonly requests: number;
};

export type ImportFlags = {
  readonly set: FlagSet;
  readonly expected: number | null;
  readonly dryRun: boolean;
  readonly author: Author;
};

export type SetPolicy = {
  /** What is left out stays as it is. */
  readonly policy: Partial<Omit<Policy, "revision">>;
  readonly expected: number | null;
  readonly dryRun: boolean;
  readonly author: Author;
};

export type Imported = {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  /** Names in the file that are rollouts here, which an import never touches. */
  readonly kept: readonly string[];
  readonly revision: number;
};

export type AuditQuery = {
  readonly target: string | null;
  /** Only lines of this actor; null for all of them. */
  readonly actor: string | null;
  /** Only lines before this one; null for the newest. */
  readonly before: number | null;
  readonly limit: number;
};

/** A snapshot's edition, and its text where the asker holds an earlier one. */
export type SnapshotAnswer = { readonly edition: number; readonly text: string | null };

/** The last change of the number of shards is not over. */
export type RingChanging = { readonly reason: "ring_changing"; readonly untilMs: number };

export type FlagRegistryRpc = {
  /** Never fails for want of flags: an empty snapshot is one too. */
  snapshot(heldEdition: number): Promise<SnapshotAnswer>;
  /** By flag. */
  rollouts(): Promise<{ readonly epoch: number; readonly rollouts: readonly Rollout[] }>;
  onTrial(flag: string, code: string): Promise<OnTrial>;
  changeFlag(change: FlagChange): Promise<Result<FlagChanged, FlagReject>>;
  /** The red button: one flag, or with `*` all that are live or promoted. Asks for no revision. */
  kill(request: Kill): Promise<Result<Killed, { reason: "unknown_flag" }>>;
  definitions(): Promise<Definitions>;
  importFlags(request: ImportFlags): Promise<Result<Imported, StaleRevision>>;
  policy(): Promise<Policy>;
  setPolicy(request: SetPolicy): Promise<Result<Policy, StaleRevision>>;
  /** Newest first. */
  audit(query: AuditQuery): Promise<readonly ListedEntry[]>;
  /** Takes details of what is sought out of the audit log; a dry run counts the lines. Idempotent. */
  eraseAudit(
    sought: Sought,
    isDry: boolean,
  ): Promise<{ readonly matched: number; readonly erased: number }>;
  /** Counts a request for a path that there is not. */
  noteUnknownPath(actor: string): Promise<void>;
  /** Of the last thirty days, the newest first. */
  unknownPaths(): Promise<readonly UnknownPaths[]>;
  /** Notes a change that was made or refused elsewhere. */
  note(entry: Noted): Promise<void>;
  /** Sinks that wait, by name. */
  pausedSinks(): Promise<readonly string[]>;
  /** Makes a sink wait, or go on; shards see it within 10 s. Doing it twice is doing it once. */
  pauseSink(name: string, isPaused: boolean): Promise<void>;
  /** How many shards each region has; edges know within 10 s. Refused while the last change is not over. */
  setShards(shards: number): Promise<Result<Ring, RingChanging>>;
  /** Lets records that have just changed ride in the snapshot. */
  announce(moved: readonly PointerRecord[]): Promise<void>;
};
