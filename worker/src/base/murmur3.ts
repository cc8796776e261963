// MurmurHash3_x86_32 over the UTF-8 bytes of a string, which are never written
// down: characters are folded into the hash four bytes at a time. Not for
// secrets: whoever knows the seed can choose a hash.

/** A hash that has read a prefix and waits for the rest of the key. */
export type Murmur3Prefix = {
  readonly hash: number;
  /** Bytes read but not yet mixed in: the low `tailBits` bits. */
  readonly tail: number;
  readonly tailBits: number;
  readonly bytes: number;
  /** A high surrogate at the prefix's end, whose other half may come with the suffix. */
  readonly pending: string;
};

const replacement = 0xbdbfef; // U+FFFD in UTF-8, first byte lowest.

/**
 * The hash of `text` as UTF-8, unsigned. A lone surrogate counts as U+FFFD, as in
 * `TextEncoder`.
 *
 * Source: Austin Appleby, MurmurHash3.cpp, `MurmurHash3_x86_32`.
 */
export function murmur3(text: string, seed = 0): number {
  return murmur3Suffix(seed === 0 ? nothing : murmur3Prefix("", seed), text);
}

/** Reads `prefix` once, for many calls of `murmur3Suffix`. */
export function murmur3Prefix(prefix: string, seed = 0): Murmur3Prefix {
  const last = prefix.charCodeAt(prefix.length - 1);
  const pending = last >= 0xd800 && last < 0xdc00 ? prefix.slice(-1) : "";
  const text = prefix.slice(0, prefix.length - pending.length);
  const state = { hash: seed, tail: 0, tailBits: 0, bytes: 0 };
  for (const character of text) {
    const { packed, bits } = encode(character);
    state.bytes += bits >>> 3;
    const word = state.tail | (packed << state.tailBits);
    if (state.tailBits + bits < 32) {
      state.tail = word;
      state.tailBits += bits;
    } else {
      state.hash = mix(state.hash, word);
      state.tail = state.tailBits === 0 ? 0 : packed >>> (32 - state.tailBits);
      state.tailBits += bits - 32;
    }
  }
  return { ...state, pending };
}

const nothing = murmur3Prefix("");

/** `murmur3(prefix + suffix)`, with the prefix already read. */
export function murmur3Suffix(prefix: Murmur3Prefix, suffix: string): number {
  return fold(prefix, prefix.pending === "" ? suffix : prefix.pending + suffix);
}

function fold(from: Murmur3Prefix, text: string): number {
  let { hash, tail, tailBits, bytes } = from;
  const length = text.length;
  let at = 0;
  while (at < length) {
    const unit = text.charCodeAt(at);
    let packed = unit;
    let bits = 8;
    if (unit < 0x80) {
      if (at + 3 < length) {
        const second = text.charCodeAt(at + 1);
        const third = text.charCodeAt(at + 2);
        const fourth = text.charCodeAt(at + 3);
        if ((second | third | fourth) < 0x80) {
          packed = unit | (second << 8) | (third << 16) | (fourth << 24);
          bits = 32;
        }
      }
    } else if (unit < 0x800) {
      packed = twoBytes(unit);
      bits = 16;
    } else if (unit < 0xd800 || unit > 0xdfff) {
      packed = threeBytes(unit);
      bits = 24;
    } else {
      const low = unit < 0xdc00 && at + 1 < length ? text.charCodeAt(at + 1) : 0;
      const paired = low >= 0xdc00 && low <= 0xdfff;
      packed = paired ? fourBytes(unit, low) : replacement;
      bits = paired ? 32 : 24;
    }
    at += bits === 32 && unit < 0x80 ? 4 : bits === 32 ? 2 : 1;
    bytes += bits >>> 3;
    const word = tail | (packed << tailBits);
    if (tailBits + bits < 32) {
      tail = word;
      tailBits += bits;
    } else {
      hash = mix(hash, word);
      tail = tailBits === 0 ? 0 : packed >>> (32 - tailBits);
      tailBits += bits - 32;
    }
  }
  return finish(tailBits === 0 ? hash : hash ^ scramble(tail), bytes);
}

/** One whole character (one code point, or one lone surrogate), first byte lowest. */
function encode(character: string): { readonly packed: number; readonly bits: number } {
  const unit = character.charCodeAt(0);
  if (unit < 0x80) return { packed: unit, bits: 8 };
  if (unit < 0x800) return { packed: twoBytes(unit), bits: 16 };
  if (character.length === 2) {
    return { packed: fourBytes(unit, character.charCodeAt(1)), bits: 32 };
  }
  const lone = unit >= 0xd800 && unit <= 0xdfff;
  return { packed: lone ? replacement : threeBytes(unit), bits: 24 };
}

function twoBytes(unit: number): number {
  return 0x80c0 | (unit >> 6) | ((unit & 0x3f) << 8);
}

function threeBytes(unit: number): number {
  return 0x8080e0 | (unit >> 12) | (((unit >> 6) & 0x3f) << 8) | ((unit & 0x3f) << 16);
}

function fourBytes(high: number, low: number): number {
  const point = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
  const first = 0xf0 | (point >> 18) | ((0x80 | ((point >> 12) & 0x3f)) << 8);
  return first | ((0x80 | ((point >> 6) & 0x3f)) << 16) | ((0x80 | (point & 0x3f)) << 24);
}

function scramble(word: number): number {
  const product = Math.imul(word, 0xcc9e2d51);
  return Math.imul((product << 15) | (product >>> 17), 0x1b873593);
}

function mix(hash: number, word: number): number {
  const mixed = hash ^ scramble(word);
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
}

function finish(hash: number, bytes: number): number {
  let mixed = hash ^ bytes;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
