// Stored records as the control API shows them.
import type * as v from "valibot";
import { releasePrefix } from "#src/adapters/releases.ts";
import type { AccountUsage, Deleted } from "#src/adapters/projects.ts";
import type { SweeperStatus } from "#src/adapters/sweeper.ts";
import type { Account, Engine, StoredToken } from "#src/adapters/registry.ts";
import type { accountLine, accountView } from "./account-contract.ts";
import type { DatafilePointer, Pointer, SnippetPointer } from "#src/delivery/pointer.ts";
import { missingCodings, type Digest, type Representations } from "#src/delivery/representation.ts";
import type { Beacon } from "#src/adapters/beacon-registry.ts";
import { collectorPath, type BeaconChoice } from "#src/delivery/beacon.ts";
import type { beaconView, snippetBeaconView } from "./beacon-contract.ts";
import type { DatafileView, deletedView, engineView, sweeperView, tokenView } from "./contract.ts";
import type { SnippetView } from "./snippet-contract.ts";

export function viewSnippet(pointer: SnippetPointer): SnippetView {
  const { payload, engine, beacon, composition, withdrawn = [] } = pointer.content;
  const { sha256 } = composition.identity;
  return {
    ...viewRevision(pointer, composition),
    path: `/js/${pointer.id}.js`,
    engine: engine.version,
    beacon: viewChoice(beacon),
    payloadSha256: payload,
    immutablePath: `/js/${pointer.id}/${releasePrefix(sha256)}.js`,
    integrity: `sha256-${base64(sha256)}`,
    withdrawn: [...withdrawn],
  };
}

function viewChoice(chosen: BeaconChoice | undefined): v.InferOutput<typeof snippetBeaconView> {
  if (chosen === undefined || chosen === "off") return chosen ?? null;
  const { version, sampleRate, earlyAlways, inlineCollector, session } = chosen;
  return {
    version,
    sampleRate,
    earlyAlways: earlyAlways ?? false,
    inlineCollector: inlineCollector ?? false,
    session: session ?? false,
    marks: [...(chosen.marks ?? [])],
    templates: [...(chosen.templates ?? [])],
  };
}

export function viewDatafile(pointer: DatafilePointer): DatafileView {
  const { body, candidate, accessTokens } = pointer.content;
  const guarded = accessTokens.length > 0;
  return {
    ...viewRevision(pointer, body),
    path: guarded ? `/datafiles/auth/${pointer.id}.json` : `/datafiles/${pointer.id}.json`,
    private: guarded,
    candidateSha256: candidate?.identity.sha256 ?? null,
  };
}

export function viewDeleted(
  { tombstone, changed }: Deleted,
  free: boolean,
): v.InferOutput<typeof deletedView> {
  const { id, account, revision, movedAtMs } = tombstone;
  return { id, account, revision, deletedAt: timestamp(movedAtMs), changed, free };
}

/** An account and what it has. */
export function viewAccount(
  { account, sinceMs, deletedAtMs }: Account,
  { own, ...usage }: AccountUsage,
): v.InferOutput<typeof accountView> {
  return { ...viewAccountLine({ account, sinceMs, deletedAtMs }), ...usage, ownQuotas: own };
}

export function viewAccountLine({
  account,
  sinceMs,
  deletedAtMs,
}: Account): v.InferOutput<typeof accountLine> {
  const since = sinceMs === 0 ? null : timestamp(sinceMs);
  const deletedAt = deletedAtMs === null ? null : timestamp(deletedAtMs);
  return { account, since, deletedAt };
}

/** What the Sweeper did last, and what is due to go. */
export function viewSweeper(status: SweeperStatus): v.InferOutput<typeof sweeperView> {
  const { endedAtMs, seen, removed, condemned } = status;
  return { endedAt: endedAtMs === null ? null : timestamp(endedAtMs), seen, removed, condemned };
}

/** One engine; its bytes are of the prepared script. */
export function viewEngine(engine: Engine): v.InferOutput<typeof engineView> {
  const { version, sha256, bytes, publishedAtMs } = engine;
  return { version, sha256, bytes, publishedAt: timestamp(publishedAtMs) };
}

/** One beacon; its bytes are of the prepared scripts. */
export function viewBeacon(beacon: Beacon): v.InferOutput<typeof beaconView> {
  const { version, early, collector, earlyBytes, collectorBytes, publishedAtMs } = beacon;
  const path = collectorPath(collector);
  return {
    version,
    early: { sha256: early, bytes: earlyBytes },
    collector: { sha256: collector, bytes: collectorBytes, path },
    publishedAt: timestamp(publishedAtMs),
  };
}

/** A token without its digest. */
export function viewToken(token: StoredToken): v.InferOutput<typeof tokenView> {
  const { id, name, scopes, account, origins } = token;
  const { createdAtMs, revokedAtMs, expiresAtMs, lastUsedAtMs } = token;
  return {
    id,
    name,
    scopes: [...scopes],
    account,
    origins: [...origins],
    createdAt: timestamp(createdAtMs),
    revokedAt: revokedAtMs === null ? null : timestamp(revokedAtMs),
    expiresAt: expiresAtMs === null ? null : timestamp(expiresAtMs),
    lastUsedAt: lastUsedAtMs === null ? null : timestamp(lastUsedAtMs),
  };
}

type RevisionView = Pick<
  SnippetView,
  "id" | "account" | "revision" | "publishedAt" | "sha256" | "bytes" | "missingCodings"
>;

function viewRevision(pointer: Pointer, stored: Representations): RevisionView {
  const { id, account, revision, movedAtMs } = pointer;
  const bytes = Object.fromEntries(
    Object.entries(stored).map(([coding, form]) => [coding, form.bytes]),
  ) as SnippetView["bytes"];
  const { sha256 } = stored.identity;
  const missing = [...missingCodings(stored)];
  const publishedAt = timestamp(movedAtMs);
  return { id, account, revision, publishedAt, sha256, bytes, missingCodings: missing };
}

function timestamp(ms: number): string {
  return new Date(ms).toISOString();
}

function base64(digest: Digest): string {
  const pairs = digest.match(/../g) ?? [];
  return btoa(String.fromCharCode(...pairs.map((pair) => Number.parseInt(pair, 16))));
}
