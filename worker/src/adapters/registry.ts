// The authority for what all accounts share: engines, beacons, tokens, and who owns an id.
import type { AccountDeleted, Claim, ClaimReject } from "#src/delivery/claim.ts";
import type { Floor, PointerKind } from "#src/delivery/pointer.ts";
import type { Digest } from "#src/delivery/representation.ts";
import type { Result } from "#base/result.ts";
import type { BeaconRegistryRpc } from "./beacon-registry.ts";
import type { FlagRegistryRpc } from "./flag-registry.ts";

export type Engine = {
  readonly version: string;
  readonly sha256: Digest;
  readonly bytes: number;
  readonly publishedAtMs: number;
};

export type Scope = "evaluate" | "read" | "publish" | "operate" | "admin";

/** How exactly the last use of a token is known: it is written down once in so long. */
export const usedWithinMs = 3_600_000;

/** A token as it is kept: never the token, only its digest. */
export type StoredToken = {
  readonly id: string;
  readonly name: string;
  readonly digest: Digest;
  readonly scopes: readonly Scope[];
  /** The one account it may touch; null for all. */
  readonly account: string | null;
  /** The pages that may carry it; a token of other scopes than `evaluate` belongs in none. */
  readonly origins: readonly string[];
  readonly createdAtMs: number;
  readonly revokedAtMs: number | null;
  /** From when on it opens nothing; null for never. */
  readonly expiresAtMs: number | null;
  /** When it was used last, to the hour; null where it was not, or not since this is written down. */
  readonly lastUsedAtMs: number | null;
};

export type EngineConflict = { readonly reason: "engine_exists"; readonly engine: Engine };

/** An id, and the attempt of an account to have it. */
export type ClaimOf = Claim & { readonly kind: PointerKind; readonly id: string };

/** Where the revisions of the last owner ended, if another account had the id before. */
export type Claimed = { readonly floor: Floor | null };

export type GivenUp = Pick<ClaimOf, "kind" | "id" | "account"> & { readonly floor: Floor };

export type Account = {
  readonly account: string;
  /** When it first claimed an id, ms since the epoch; 0 where that was not written down. */
  readonly sinceMs: number;
  readonly deletedAtMs: number | null;
};

/** What the one `Registry` object answers. */
export type RegistryRpc = {
  /** Idempotent; refused where the version exists with other bytes. */
  publishEngine(engine: Engine): Promise<Result<{ readonly created: boolean }, EngineConflict>>;
  engine(version: string): Promise<Engine | null>;
  /** Newest first. */
  engines(): Promise<readonly Engine[]>;
  /** Gives an id to an account; idempotent for its owner. */
  claim(claim: ClaimOf): Promise<Result<Claimed, ClaimReject>>;
  /** Gives it back, where no later attempt has claimed it. Only for an id that was never published. */
  release(claim: ClaimOf): Promise<void>;
  /** Makes a deleted id anybody's. */
  giveUp(given: GivenUp): Promise<void>;
  owner(kind: PointerKind, id: string): Promise<string | null>;
  account(account: string): Promise<Account | null>;
  /** By name, from the first after `after`. */
  accounts(after: string, limit: number): Promise<readonly Account[]>;
  /** Lets an account claim nothing from now on, and revokes its tokens; returns how many. */
  deleteAccount(account: string): Promise<number>;
  restoreAccount(account: string): Promise<void>;
  /** Refused for an account that is deleted. */
  createToken(token: StoredToken): Promise<Result<null, AccountDeleted>>;
  token(id: string): Promise<StoredToken | null>;
  tokens(): Promise<readonly StoredToken[]>;
  /** The origins that tokens name which still open something. */
  evaluationOrigins(): Promise<readonly string[]>;
  /** Writes down that a token was used, at most once an hour. */
  noteTokenUse(id: string, nowMs: number): Promise<void>;
  /** False where there is no such token. */
  revokeToken(id: string, nowMs: number): Promise<boolean>;
};

export type RegistryStub = RegistryRpc & BeaconRegistryRpc & FlagRegistryRpc;

/** A fresh stub of the one Registry: a broken one would stay broken. */
export function registryFrom(namespace: DurableObjectNamespace): () => RegistryStub {
  return () => namespace.get(namespace.idFromName("registry")) as unknown as RegistryStub;
}
