// flagd's split: a hash picks one of `total` places, and weights divide the
// places. Divisions are turned into limits on the hash itself, once, so that a
// unit costs one comparison for each arm and no multiplication.

/** flagd refuses splits whose weights add up to more. */
export const maxTotalWeight = 2_147_483_647;

const hashes = 4_294_967_296;

/**
 * The place of a hash among `total`, exactly `(hash × total) >> 32` unsigned.
 *
 * @param hash an unsigned 32-bit integer.
 * @param total at most 2^31 − 1; the product may exceed what a double holds.
 * Source: flagd, "Fractional operation".
 */
export function bucket(hash: number, total: number): number {
  const high = Math.floor(hash / 65_536);
  const low = hash % 65_536;
  return Math.floor((high * total + Math.floor((low * total) / 65_536)) / 65_536);
}

/** The least hash whose place among `total` is at least `place`; 2^32 where there is none. */
export function hashLimit(place: number, total: number): number {
  if (total === 0) return 0;
  const product = BigInt(place) * BigInt(hashes);
  const divisor = BigInt(total);
  return Number((product + divisor - 1n) / divisor);
}
