// Evidence as a stored row: a version, then its numbers in the order of the type. Bounded
// whatever the traffic: a flag with ten guardrails stays below 256 KB (a test fills one).
// What is torn, or of another version, is refused as a whole.
import { err, ok, type Result } from "#base/result.ts";
import { emptyEvidence, longestShardName, mostShards, type Evidence } from "./evidence.ts";
import { mostGuardrails } from "./guardrails.ts";
import { NumberReader, NumberWriter } from "./number-bytes.ts";
import {
  emptySnapshot,
  mostRestarts,
  type Restart,
  type Restarts,
  type Snapshot,
} from "./restarts.ts";
import { emptyTally, mostStrata, type Tally } from "./tally.ts";

// 1 had no `recent`, and 2 did not count how pages told their arms.
const version = 3;
const oldest = 1;
const longestFlag = 64;
// A measure's key names up to six columns and texts.
const longestKey = 4_096;

export type CodecError =
  | { readonly reason: "torn_evidence" }
  | { readonly reason: "unknown_evidence_version"; readonly version: number };

/** The evidence as bytes, the same for the same evidence. */
export function encodeEvidence(evidence: Evidence): Uint8Array {
  const writer = new NumberWriter();
  writer.whole(version);
  writer.text(evidence.flag);
  writer.whole(evidence.attempt);
  writer.whole(evidence.newestRun + 1);
  const { latestAtMs, strangers, pulse, recent, told } = evidence;
  writer.numbers(Float64Array.of(latestAtMs, strangers, pulse.end));
  writer.numbers(evidence.units);
  writer.numbers(evidence.crowds);
  writer.numbers(pulse.slots);
  writer.whole(recent.end);
  writer.numbers(recent.slots);
  writer.numbers(Float64Array.of(told.token, told.inferred, told.nothing));
  writer.whole(evidence.tallies.size);
  for (const [key, tally] of inOrder(evidence.tallies)) {
    writer.text(key);
    writer.whole(tally.bins.length === 0 ? 0 : 1);
    for (const numbers of [tally.sums, tally.buckets, tally.bins]) writer.numbers(numbers);
  }
  writer.whole(evidence.cursors.size);
  for (const [shard, cursor] of inOrder(evidence.cursors)) {
    writer.text(shard);
    writer.whole(cursor);
  }
  return writer.bytes();
}

function inOrder<T>(map: ReadonlyMap<string, T>): readonly (readonly [string, T])[] {
  return [...map].toSorted(([left], [right]) => (left < right ? -1 : 1));
}

/** Reads what `encodeEvidence` wrote. */
export function decodeEvidence(bytes: Uint8Array): Result<Evidence, CodecError> {
  const reader = new NumberReader(bytes);
  const stored = reader.whole();
  if (!reader.torn && !(stored >= oldest && stored <= version)) {
    return err({ reason: "unknown_evidence_version", version: stored });
  }
  const evidence = emptyEvidence({ flag: reader.text(longestFlag), attempt: reader.whole() });
  const { units, crowds, pulse, recent, told } = evidence;
  evidence.newestRun = reader.whole() - 1;
  const scalars = new Float64Array(3);
  for (const numbers of [scalars, units, crowds, pulse.slots]) reader.numbers(numbers);
  [evidence.latestAtMs = 0, evidence.strangers = 0, pulse.end = 0] = scalars;
  if (stored >= 2) {
    recent.end = reader.whole();
    reader.numbers(recent.slots);
  }
  if (stored >= 3) {
    const counts = new Float64Array(3);
    reader.numbers(counts);
    [told.token = 0, told.inferred = 0, told.nothing = 0] = counts;
  }
  readTallies(reader, evidence.tallies);
  readCursors(reader, evidence.cursors);
  const isWhole = !reader.torn && reader.ended && evidence.newestRun < mostStrata;
  return isWhole && isPlausible(evidence) ? ok(evidence) : err({ reason: "torn_evidence" });
}

function readTallies(reader: NumberReader, tallies: Map<string, Tally>): void {
  const count = Math.min(reader.whole(), mostGuardrails);
  for (let at = 0; at < count && !reader.torn; at += 1) {
    const key = reader.text(longestKey);
    const tally = emptyTally(reader.whole() === 1);
    for (const numbers of [tally.sums, tally.buckets, tally.bins]) reader.numbers(numbers);
    tallies.set(key, tally);
  }
}

function readCursors(reader: NumberReader, cursors: Map<string, number>): void {
  const count = Math.min(reader.whole(), mostShards);
  for (let at = 0; at < count && !reader.torn; at += 1) {
    cursors.set(reader.text(longestShardName), reader.whole());
  }
}

const restartsVersion = 1;

/** The restarts of evidence as bytes: a row of their own, written when one is added. */
export function encodeRestarts({ count, kept }: Restarts): Uint8Array {
  const writer = new NumberWriter();
  for (const whole of [restartsVersion, count, kept.length]) writer.whole(whole);
  for (const { number, units, stratum, run, tallies } of kept) {
    for (const whole of [number, units, stratum, run, tallies.size]) writer.whole(whole);
    for (const [key, { sums, bins }] of inOrder(tallies)) {
      writer.text(key);
      writer.whole(bins.length === 0 ? 0 : 1);
      for (const numbers of [sums, bins]) writer.numbers(numbers);
    }
  }
  return writer.bytes();
}

/** Reads what `encodeRestarts` wrote. */
export function decodeRestarts(bytes: Uint8Array): Result<Restarts, CodecError> {
  const reader = new NumberReader(bytes);
  const stored = reader.whole();
  if (!reader.torn && stored !== restartsVersion) {
    return err({ reason: "unknown_evidence_version", version: stored });
  }
  const count = reader.whole();
  const length = Math.min(reader.whole(), mostRestarts);
  const kept: Restart[] = [];
  for (let at = 0; at < length && !reader.torn; at += 1) kept.push(readRestart(reader));
  return !reader.torn && reader.ended ? ok({ count, kept }) : err({ reason: "torn_evidence" });
}

function readRestart(reader: NumberReader): Restart {
  const place = {
    number: reader.whole(),
    units: reader.whole(),
    stratum: Math.min(reader.whole(), mostStrata - 1),
    run: reader.whole(),
  };
  const tallies = new Map<string, Snapshot>();
  const size = Math.min(reader.whole(), mostGuardrails);
  for (let at = 0; at < size && !reader.torn; at += 1) {
    const key = reader.text(longestKey);
    const snapshot = emptySnapshot(reader.whole() === 1);
    for (const numbers of [snapshot.sums, snapshot.bins]) reader.numbers(numbers);
    tallies.set(key, snapshot);
  }
  return { ...place, tallies };
}

/** Nothing that was counted is negative. */
function isPlausible({ units, crowds, pulse, recent, tallies }: Evidence): boolean {
  const histograms = [...tallies.values()].map(({ bins }) => bins);
  const counts = [units, crowds, pulse.slots, recent.slots, ...histograms];
  return counts.every((each) => each.every((count) => count >= 0));
}
