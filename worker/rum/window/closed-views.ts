// Which beacons of sealed views went out, for as long as one may come again: at least
// `keepMs` unless there are too many to remember. A bit for each number of a beacon.
import type { Arrival, View } from "#rum/stitch.ts";

type ClosedView = Extract<View, { readonly state: "sealed" }>;

/** Keys of views and a bit for each number of a beacon that went out. */
export type Closings = ReadonlyMap<string, number>;

/** How long a sealed view is remembered at least. */
export const keepMs = 300_000;

/** Most views of one generation: two of them take about 30 MB. */
const mostOfGeneration = 150_000;

export class ClosedViews {
  #young = new Map<string, number>();
  #old = new Map<string, number>();
  #youngSinceMs = 0;

  has(key: string): boolean {
    return this.#young.has(key) || this.#old.has(key);
  }

  get(key: string): ClosedView | undefined {
    const bits = this.#young.get(key) ?? this.#old.get(key);
    return bits === undefined ? undefined : { state: "sealed", sequences: sequencesOf(bits) };
  }

  set(key: string, { sequences }: ClosedView): void {
    this.add(key, bitsOfSequences(sequences));
  }

  /** Notes that beacons of a view went out, beside those that are known. */
  add(key: string, bits: number): void {
    this.#young.set(key, bits | (this.#young.get(key) ?? this.#old.get(key) ?? 0));
  }

  /** Forgets what is old: to be called every now and then. */
  age(nowMs: number): void {
    if (this.#youngSinceMs === 0) this.#youngSinceMs = nowMs;
    const isOver = nowMs - this.#youngSinceMs >= keepMs || this.#young.size >= mostOfGeneration;
    if (!isOver) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#youngSinceMs = nowMs;
  }
}

/** A bit for the number of each beacon. */
export function bitsOf(arrivals: readonly Arrival[]): number {
  return bitsOfSequences(arrivals.map(({ beacon }) => beacon.said["stitch.late_seq"]));
}

function bitsOfSequences(sequences: readonly number[]): number {
  return sequences.reduce((bits, sequence) => bits | (1 << sequence), 0);
}

function sequencesOf(bits: number): readonly number[] {
  return Array.from({ length: 32 - Math.clz32(bits) }, (_, at) => at).filter(
    (at) => (bits & (1 << at)) !== 0,
  );
}
