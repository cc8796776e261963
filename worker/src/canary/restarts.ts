// Evidence that begins anew: what was counted when, so that harm which comes late is weighed
// by what came after it began. Every test is bet on from the start and from each restart; the
// bets' parts add up to one, and so the chance of a false alarm stays what it is. Which
// restarts are kept is free: a bet that is given up only loses its part.
import { BINS } from "#src/stats/histogram.ts";
import { canary, type Tally } from "./tally.ts";

/** One tally as it was: sums of one stratum for either arm, and the bins. */
export type Snapshot = { readonly sums: Float64Array; readonly bins: Float64Array };

export type Restart = {
  /** Which restart of the attempt it is, from 1. */
  readonly number: number;
  /** Units of the canary that had come. */
  readonly units: number;
  readonly stratum: number;
  /** Run of strata that bins are of. */
  readonly run: number;
  readonly tallies: ReadonlyMap<string, Snapshot>;
};

export type Restarts = { readonly count: number; readonly kept: readonly Restart[] };

export const noRestarts: Restarts = { count: 0, kept: [] };

/** A restart after so many units of the canary: harm to p75 is to be seen within some hundreds. */
const everyUnits = 256;
/** Rare events take thousands: their tests begin anew at every fourth restart, with its part and three others'. */
export const rareEvery = 4;
/** The three newest ones, and of those before one in every octave of ages. */
export const mostRestarts = 8;
const newest = 3;

/** What is bet from the very start. */
export const initialPart = 0.6;
/** Most of the rest in equal parts, up to 65,536 units of the canary; the other ever less. */
const evenPart = 0.35;
const evenNumbered = 256;
/** Restarts that anything is bet on, and 1/257 + 1/258 + … + 1/65,536. */
export const mostNumbered = 65_536;
const harmonic = 5.544;
/** Numbers of one stratum in either arm, as `Tally` has them. */
const perStratum = 8;

/** What is bet from the restart of a number: in all no more than 1 − `initialPart`. */
export function partOf(number: number): number {
  if (number > mostNumbered) return 0;
  if (number <= evenNumbered) return evenPart / evenNumbered;
  return (1 - initialPart - evenPart) / (harmonic * number);
}

/** What a restart remembers of evidence. */
type RestartBasis = {
  readonly restarts: Restarts;
  readonly tallies: ReadonlyMap<string, Tally>;
  readonly newestRun: number;
  /** Per stratum and arm. */
  readonly units: Float64Array;
};

/** The restarts once evidence has been added, with a new one where it is due. */
export function restartsAfter(evidence: RestartBasis, stratum: number): Restarts {
  const { restarts, tallies, newestRun: run } = evidence;
  const units = canaryUnits(evidence);
  const last = restarts.kept.at(-1)?.units ?? 0;
  const isDue = Math.floor(units / everyUnits) > Math.floor(last / everyUnits);
  if (!isDue || restarts.count >= mostNumbered) return restarts;
  const snapshots = new Map<string, Snapshot>();
  for (const [key, tally] of tallies) snapshots.set(key, snapshotOf(tally, stratum));
  const number = restarts.count + 1;
  const added = { number, units, stratum, run, tallies: snapshots };
  return { count: number, kept: thinned([...restarts.kept, added]) };
}

export function emptySnapshot(binned: boolean): Snapshot {
  return { sums: new Float64Array(perStratum), bins: new Float64Array(binned ? 2 * BINS : 0) };
}

function canaryUnits({ units }: RestartBasis): number {
  let sum = 0;
  for (let at = canary; at < units.length; at += 2) sum += units[at] ?? 0;
  return sum;
}

function snapshotOf({ sums, bins }: Tally, stratum: number): Snapshot {
  const from = stratum * perStratum;
  return { sums: sums.slice(from, from + perStratum), bins: bins.slice() };
}

// Which ones go is free. One of age a stays where the largest power of two up to a divides its
// number: so does each of its elders then, until it is older than all that are kept.
function thinned(restarts: readonly Restart[]): readonly Restart[] {
  const end = (restarts.at(-1)?.number ?? 0) + 1;
  return restarts
    .filter(({ number }) => {
      const age = end - number;
      return age <= newest || number % 2 ** Math.floor(Math.log2(age)) === 0;
    })
    .slice(-mostRestarts);
}

/** One tally as if it had begun at a restart; undefined where it knows nothing of it. */
export function tallySince(
  tally: Tally,
  key: string,
  { restart, run }: { readonly restart: Restart; readonly run: number },
): Tally | undefined {
  const before = restart.tallies.get(key);
  if (before === undefined) return undefined;
  const from = restart.stratum * perStratum;
  const sums = tally.sums.slice().fill(0, 0, from);
  for (let at = 0; at < perStratum; at += 1)
    sums[from + at] = since(sums[from + at], before.sums[at]);
  // Bins of another run began later than the restart by themselves.
  const isSameRun = restart.run === run && before.bins.length === tally.bins.length;
  const bins = isSameRun ? tally.bins.map((now, at) => since(now, before.bins[at])) : noBins;
  return { sums, buckets: tally.buckets, bins };
}

const noBins = new Float64Array(0);

function since(now: number | undefined, before: number | undefined): number {
  return (now ?? 0) - (before ?? 0);
}
