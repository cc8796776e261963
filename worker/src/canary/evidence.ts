// Everything that is known of one attempt of one flag, as sums that may be added up in any
// order. Counts each event once: a cursor per shard remembers how far its events were folded.
// Keeps no visitor, no page view and no event. Refuses to weigh anything: see `judge.ts`.
import type { Arm } from "#flags/arms.ts";
import { err, ok, type Result } from "#base/result.ts";
import { visitorBuckets } from "#flags/token.ts";
import type { Columns } from "./observe.ts";
import { addBeat, emptyPulse, mergePulses, type Pulse } from "./pulse.ts";
import { addSeen, emptyRecent, mergeRecent, type Recent } from "./recent.ts";
import { noRestarts, restartsAfter, type Restarts } from "./restarts.ts";
import { copyRing } from "./ring.ts";
import {
  type ArmIndex,
  addAll,
  addValue,
  canary,
  control,
  copyTally,
  emptyTally,
  mostStrata,
  type Place,
  type Tally,
} from "./tally.ts";
import { bucketOf, stratumAt, type Trial } from "./trial.ts";

/** What one page view or one sampled answer says. */
type Observation = {
  readonly kind: "page_view" | "delivery" | "late_only" | "page_update";
  /** The server's time of its first sign, in ms. */
  readonly atMs: number;
  /** Of the snapshot that gave the arms. */
  readonly epoch: number;
  /** The visitor's bucket, out of 64; −1 where nobody says. */
  readonly bucket: number;
  /** By flag, those in neither arm left out; undefined where nobody vouches for them. */
  readonly arms: Readonly<Record<string, Arm | "unknown">> | undefined;
  /** Whether the edge worked them out, as the page's browser could not read its token. */
  readonly isInferred?: boolean;
  readonly columns: Columns;
  /** What a delivery was of; other events have none. */
  readonly route?: string;
};

/** One line of a shard's outbox; `seq` grows from line to line, from 1. */
export type EvidenceEvent = { readonly seq: number } & Observation;

/** Events of one shard, in its order. May come twice, in whole or in part. */
export type Batch = { readonly shard: string; readonly events: readonly EvidenceEvent[] };

/** Page views of all flags by how they told this one's arm, be it that they were in none. */
export type Told = { token: number; inferred: number; nothing: number };

/** The evidence of one attempt. The arrays are flat: see `tally.ts`. */
export type Evidence = {
  readonly flag: string;
  readonly attempt: number;
  /** Newest run of strata seen; −1 before the first event. */
  newestRun: number;
  /** Time of the newest event of any flag, in ms: how fresh all this is. */
  latestAtMs: number;
  /** Units in an arm from before the attempt began. */
  strangers: number;
  readonly told: Told;
  /** Per stratum and arm. */
  readonly units: Float64Array;
  /** Units per arm and bucket. */
  readonly crowds: Float64Array;
  readonly pulse: Pulse;
  readonly recent: Recent;
  readonly tallies: Map<string, Tally>;
  /** Never changed in place: evidences share them. */
  restarts: Restarts;
  /** Of each shard, the `seq` of the last event folded. */
  readonly cursors: Map<string, number>;
};

/** Shards that one flag's evidence may come from. */
export const mostShards = 512;
export const longestShardName = 64;

export type FoldError =
  | { readonly reason: "different_trials" }
  | { readonly reason: "too_many_shards"; readonly most: number }
  | { readonly reason: "shard_name_too_long"; readonly most: number };

export type MergeError =
  | { readonly reason: "different_trials" }
  /** Added up, its events would count twice. */
  | { readonly reason: "shared_shard"; readonly shard: string }
  | { readonly reason: "too_many_shards"; readonly most: number };

export function emptyEvidence({ flag, attempt }: Pick<Evidence, "flag" | "attempt">): Evidence {
  return {
    flag,
    attempt,
    newestRun: -1,
    latestAtMs: 0,
    strangers: 0,
    told: { token: 0, inferred: 0, nothing: 0 },
    units: new Float64Array(mostStrata * 2),
    crowds: new Float64Array(2 * visitorBuckets),
    pulse: emptyPulse(),
    recent: emptyRecent(),
    tallies: new Map(),
    restarts: noRestarts,
    cursors: new Map(),
  };
}

function copyEvidence(evidence: Evidence): Evidence {
  const { units, crowds, pulse, recent, tallies, cursors, told } = evidence;
  return {
    ...evidence,
    told: { ...told },
    units: units.slice(),
    crowds: crowds.slice(),
    pulse: copyRing(pulse),
    recent: copyRing(recent),
    tallies: new Map([...tallies].map(([key, tally]) => [key, copyTally(tally)])),
    cursors: new Map(cursors),
  };
}

/** The evidence with a batch folded in; `evidence` itself stays as it is. */
export function foldBatch(
  evidence: Evidence,
  trial: Trial,
  { shard, events }: Batch,
): Result<Evidence, FoldError> {
  if (evidence.flag !== trial.flag || evidence.attempt !== trial.attempt) {
    return err({ reason: "different_trials" });
  }
  if (shard.length > longestShardName) {
    return err({ reason: "shard_name_too_long", most: longestShardName });
  }
  if (!evidence.cursors.has(shard) && evidence.cursors.size >= mostShards) {
    return err({ reason: "too_many_shards", most: mostShards });
  }
  const next = copyEvidence(evidence);
  // An amended policy leaves measures behind that nobody reads any more.
  const keys = new Set(trial.measures.map(({ key }) => key));
  for (const key of next.tallies.keys()) if (!keys.has(key)) next.tallies.delete(key);
  let cursor = next.cursors.get(shard) ?? 0;
  for (const event of events) {
    if (event.seq <= cursor) continue;
    cursor = event.seq;
    next.latestAtMs = Math.max(next.latestAtMs, event.atMs);
    if (event.kind === "page_view" || event.kind === "delivery") foldEvent(next, trial, event);
  }
  next.cursors.set(shard, cursor);
  next.restarts = restartsAfter(next, Math.min(trial.strata.length, mostStrata) - 1);
  return ok(next);
}

function foldEvent(evidence: Evidence, trial: Trial, event: Observation): void {
  const name = event.arms === undefined ? "unknown" : (event.arms[trial.flag] ?? "rest");
  if (event.kind === "page_view") countTold(evidence.told, name, event);
  if (name === "unknown") return;
  const isRest = name === "rest";
  if (isRest && !trial.seesRest) return;
  const arm: ArmIndex = name === "canary" ? canary : control;
  const stratum = stratumAt(trial, event.epoch);
  if (stratum < 0) {
    if (!isRest) evidence.strangers += 1;
    return;
  }
  const run = trial.runs[stratum] ?? 0;
  if (run > evidence.newestRun) begin(evidence, run);
  const bucket = bucketOf(trial, event);
  const place = { stratum, arm, bucket, isNewest: run === evidence.newestRun };
  const isOwn = event.route === undefined || event.route === trial.kind;
  const isUnit = event.kind === trial.unitSource && isOwn;
  if (isUnit && !isRest) countUnit(evidence, place, event.atMs);
  let isFailed = false;
  for (const { key, source, againstEveryone, isFailure, ...measure } of trial.measures) {
    if (source !== event.kind || (isRest && !againstEveryone)) continue;
    if (!isOwn && !measure.isOfAnyRoute) continue;
    const value = measure.read(event.columns);
    if (Number.isNaN(value)) continue;
    isFailed ||= isFailure && value === 1;
    let tally = evidence.tallies.get(key);
    if (tally === undefined) evidence.tallies.set(key, (tally = emptyTally(measure.binned)));
    addValue(tally, place, value);
  }
  const { atMs } = event;
  if (isUnit) addSeen(evidence.recent, { atMs, arm: name, bucket, isFailed });
}

function countTold(told: Told, name: string, { isInferred = false }: Observation): void {
  if (name === "unknown") told.nothing += 1;
  else if (isInferred) told.inferred += 1;
  else told.token += 1;
}

function countUnit({ units, crowds, pulse }: Evidence, place: Place, atMs: number): void {
  const at = place.stratum * 2 + place.arm;
  units[at] = (units[at] ?? 0) + 1;
  const crowd = place.arm * visitorBuckets + place.bucket;
  if (place.bucket >= 0) crowds[crowd] = (crowds[crowd] ?? 0) + 1;
  addBeat(pulse, atMs, place.arm);
}

// The test of quantiles begins anew with every ratio of the arms, so only the newest run's
// bins are kept. What a browser's cache still sends from an older one counts elsewhere.
function begin(evidence: Evidence, run: number): void {
  evidence.newestRun = run;
  for (const { bins } of evidence.tallies.values()) bins.fill(0);
}

/** Both together. Commutative and associative, sums of fractions to within their rounding. */
export function mergeEvidence(left: Evidence, right: Evidence): Result<Evidence, MergeError> {
  if (left.flag !== right.flag || left.attempt !== right.attempt) {
    return err({ reason: "different_trials" });
  }
  for (const shard of right.cursors.keys()) {
    if (left.cursors.has(shard)) return err({ reason: "shared_shard", shard });
  }
  if (left.cursors.size + right.cursors.size > mostShards) {
    return err({ reason: "too_many_shards", most: mostShards });
  }
  const merged = copyEvidence(left);
  if (right.newestRun > merged.newestRun) begin(merged, right.newestRun);
  addAll(merged.units, right.units);
  addAll(merged.crowds, right.crowds);
  for (const [key, tally] of right.tallies) {
    const held = merged.tallies.get(key) ?? emptyTally(tally.bins.length > 0);
    addAll(held.sums, tally.sums);
    addAll(held.buckets, tally.buckets);
    if (right.newestRun === merged.newestRun) addAll(held.bins, tally.bins);
    merged.tallies.set(key, held);
  }
  for (const [shard, cursor] of right.cursors) merged.cursors.set(shard, cursor);
  return ok({
    ...merged,
    latestAtMs: Math.max(left.latestAtMs, right.latestAtMs),
    strangers: left.strangers + right.strangers,
    told: {
      token: left.told.token + right.told.token,
      inferred: left.told.inferred + right.told.inferred,
      nothing: left.told.nothing + right.told.nothing,
    },
    pulse: mergePulses(left.pulse, right.pulse),
    recent: mergeRecent(left.recent, right.recent),
    // What either had counted at its restarts is not what both together had.
    restarts: noRestarts,
  });
}
