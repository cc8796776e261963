// When to try again.

const firstMs = 500;
const mostMs = 60_000;

/**
 * How long to wait after an attempt that failed, in ms: twice as long each time, up to
 * a minute, and anything between half and all of it. What the other side asked for is
 * the least.
 *
 * @param attempts failed so far, from 1.
 * @param random from 0 to 1.
 */
export function backOffMs(attempts: number, random: number, askedMs = 0): number {
  const full = Math.min(mostMs, firstMs * 2 ** (attempts - 1));
  return Math.max(askedMs, full * (0.5 + random / 2));
}
