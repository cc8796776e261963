// MurmurHash3_x86_32 over the UTF-8 bytes of a string. A request's unit is hashed for one
// flag after the other: its bytes are written down once, and read by all of them. Not for
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

const replacement = 0xfffd;

/** The bytes of the last text, which is most often the next one too. */
let last = "";
let bytes = new Uint8Array(256);
let length = 0;

// Where `absorb` leaves off: hash, tail, bits of the tail, bytes read.
const state = new Int32Array(4) as unknown as [number, number, number, number];

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
  const end = prefix.charCodeAt(prefix.length - 1);
  const pending = end >= 0xd800 && end < 0xdc00 ? prefix.slice(-1) : "";
  const text = prefix.slice(0, prefix.length - pending.length);
  absorb({ hash: seed, tail: 0, tailBits: 0, bytes: 0, pending }, text);
  const [hash, tail, tailBits, read] = state;
  return { hash, tail, tailBits, bytes: read, pending };
}

const nothing = murmur3Prefix("");

/** `murmur3(prefix + suffix)`, with the prefix already read. */
export function murmur3Suffix(prefix: Murmur3Prefix, suffix: string): number {
  absorb(prefix, prefix.pending === "" ? suffix : prefix.pending + suffix);
  const hash = state[2] === 0 ? state[0] : state[0] ^ scramble(state[1]);
  return finish(hash, state[3]);
}

/** Reads `text` after what was read before, four bytes at a time, into `state`. */
function absorb(from: Murmur3Prefix, text: string): void {
  if (text !== last) encode(text);
  const { tailBits } = from;
  let hash = from.hash | 0;
  let tail = from.tail | 0;
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    const low = (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
    const word = low | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24);
    hash = mix(hash, tail | (word << tailBits));
    tail = tailBits === 0 ? 0 : word >>> (32 - tailBits);
  }
  let bits = tailBits;
  for (; at < length; at += 1) {
    tail |= (bytes[at] as number) << bits;
    bits += 8;
    if (bits === 32) {
      hash = mix(hash, tail);
      tail = 0;
      bits = 0;
    }
  }
  state[0] = hash;
  state[1] = tail;
  state[2] = bits;
  state[3] = from.bytes + length;
}

function encode(text: string): void {
  // Three bytes a unit at most.
  if (bytes.length < text.length * 3) bytes = new Uint8Array(text.length * 3);
  length = 0;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) bytes[length++] = unit;
    else if (unit < 0xd800 || unit > 0xdfff) writePoint(unit);
    else {
      const low = unit < 0xdc00 && at + 1 < text.length ? text.charCodeAt(at + 1) : 0;
      const isPair = low >= 0xdc00 && low <= 0xdfff;
      writePoint(isPair ? 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00) : replacement);
      if (isPair) at += 1;
    }
  }
  last = text;
}

/** Writes a code point of two bytes or more. */
function writePoint(point: number): void {
  if (point < 0x800) bytes[length++] = 0xc0 | (point >> 6);
  else {
    if (point < 0x10000) bytes[length++] = 0xe0 | (point >> 12);
    else {
      bytes[length++] = 0xf0 | (point >> 18);
      bytes[length++] = 0x80 | ((point >> 12) & 0x3f);
    }
    bytes[length++] = 0x80 | ((point >> 6) & 0x3f);
  }
  bytes[length++] = 0x80 | (point & 0x3f);
}

function scramble(word: number): number {
  const product = Math.imul(word, 0xcc9e2d51);
  return Math.imul((product << 15) | (product >>> 17), 0x1b873593);
}

function mix(hash: number, word: number): number {
  const mixed = hash ^ scramble(word);
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
}

function finish(hash: number, read: number): number {
  let mixed = hash ^ read;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
