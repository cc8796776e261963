// Which beacons of sealed views went out, for as long as one may come again: at least
// `keepMs` unless there are too many to remember. A bit for each number of a beacon.
// What is remembered follows from generations, and those from the commits alone: a
// beacon that is read back from the log finds known what was known when it came.
import type { Arrival, View } from "#rum/stitch.ts";

type ClosedView = Extract<View, { readonly state: "sealed" }>;

/** Keys of views and a bit for each number of a beacon that went out. */
export type Closings = ReadonlyMap<string, number>;

/** By when their generation began, ms since 1970. */
export type ClosingsByGeneration = Map<number, Map<string, number>>;

/** Which closings are known: those of generations that began at `fromMs` or later. */
export type Remembered = {
  /** When the newest generation began, ms since 1970; 0 before the first. */
  readonly sinceMs: number;
  readonly fromMs: number;
};

/** How long a sealed view is remembered at least. */
export const keepMs = 300_000;

/** Most views of one generation: two of them take about 30 MB. */
const mostOfGeneration = 150_000;

export class ClosedViews {
  // By when they began; the newest is the last.
  readonly #generations: ClosingsByGeneration = new Map();
  #remembered: Remembered = { sinceMs: 0, fromMs: 0 };

  get remembered(): Remembered {
    return this.#remembered;
  }

  has(key: string): boolean {
    return this.#bitsOf(key) !== 0;
  }

  get(key: string): ClosedView | undefined {
    const bits = this.#bitsOf(key);
    return bits === 0 ? undefined : { state: "sealed", sequences: sequencesOf(bits) };
  }

  set(key: string, { sequences }: ClosedView): void {
    this.add(key, bitsOfSequences(sequences) & ~this.#bitsOf(key));
  }

  /** Notes that beacons of a view went out, beside those that are known. */
  add(key: string, bits: number, sinceMs = this.#remembered.sinceMs): void {
    noteClosing(this.#generations, sinceMs, { key, bits });
  }

  /**
   * Begins a generation where the newest is old or full, which forgets all but two.
   * Says before when a generation must have begun that no row will ask for any more;
   * undefined where none was begun.
   */
  turn(nowMs: number): number | undefined {
    const { sinceMs, fromMs } = this.#remembered;
    const size = this.#generations.get(sinceMs)?.size ?? 0;
    const isFull = size >= mostOfGeneration && nowMs > sinceMs;
    if (nowMs - sinceMs < keepMs && !isFull) return undefined;
    this.remember({ sinceMs: nowMs, fromMs: sinceMs });
    this.forget();
    return fromMs;
  }

  /** Knows from now on what was known then. */
  remember(remembered: Remembered): void {
    this.#remembered = remembered;
  }

  /** Lets go of what is not known any more. */
  forget(): void {
    for (const sinceMs of this.#generations.keys()) {
      if (sinceMs < this.#remembered.fromMs) this.#generations.delete(sinceMs);
    }
  }

  #bitsOf(key: string): number {
    let bits = 0;
    for (const [sinceMs, generation] of this.#generations) {
      if (sinceMs >= this.#remembered.fromMs) bits |= generation.get(key) ?? 0;
    }
    return bits;
  }
}

/** Adds what was closed to a generation. */
export function noteClosing(
  closings: ClosingsByGeneration,
  sinceMs: number,
  { key, bits }: { readonly key: string; readonly bits: number },
): void {
  const generation = closings.get(sinceMs) ?? new Map<string, number>();
  closings.set(sinceMs, generation);
  generation.set(key, (generation.get(key) ?? 0) | bits);
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
