// Numbers and names that are the same on every run.

export type Random = {
  /** From 0 to `most` - 1. */
  readonly upTo: (most: number) => number;
  readonly digits: (count: number) => string;
  readonly hex: (count: number) => string;
  readonly word: () => string;
};

const syllables = "ba be bi bo bu da de di do du ka ke ki ko ku la le li lo lu".split(" ");

/** A source of its own for each `seed`. */
export function randomFrom(seed: string): Random {
  let state = Array.from(seed).reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) >>> 0, 7);
  const next = (): number => {
    // Source: https://en.wikipedia.org/wiki/Xorshift, 32 bits.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  const upTo = (most: number): number => next() % most;
  const pick = (from: string | readonly string[], count: number): string =>
    Array.from({ length: count }, () => from[upTo(from.length)]).join("");
  return {
    upTo,
    digits: (count) => pick("123456789", count),
    hex: (count) => pick("0123456789abcdef", count),
    word: () => pick(syllables, 2 + upTo(3)),
  };
}
