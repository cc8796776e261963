// Counts of the last so many slots of time, in a ring: the newest slot is `end`, and older
// ones lie before it. What comes in another order gives the same counts.
import { addAll } from "./tally.ts";

export type Ring = { end: number; readonly slots: Float64Array };

/** How many slots a ring has, and how many counts a slot. */
export type RingShape = { readonly count: number; readonly stride: number };

export function emptyRing({ count, stride }: RingShape): Ring {
  return { end: 0, slots: new Float64Array(count * stride) };
}

export function copyRing({ end, slots }: Ring): Ring {
  return { end, slots: slots.slice() };
}

/** Where a slot's counts begin; −1 where it is too old to be kept. Forgets what is older than the ring is long. */
export function slotAt(ring: Ring, slot: number, shape: RingShape): number {
  moveTo(ring, slot, shape);
  return slot <= ring.end - shape.count ? -1 : (slot % shape.count) * shape.stride;
}

function moveTo(ring: Ring, end: number, { count, stride }: RingShape): void {
  const first = Math.max(ring.end + 1, end - count + 1);
  for (let slot = first; slot <= end; slot += 1) {
    const at = (slot % count) * stride;
    ring.slots.fill(0, at, at + stride);
  }
  ring.end = Math.max(ring.end, end);
}

/** Both rings together. */
export function mergeRings(left: Ring, right: Ring, shape: RingShape): Ring {
  const end = Math.max(left.end, right.end);
  const [merged, added] = [copyRing(left), copyRing(right)];
  moveTo(merged, end, shape);
  moveTo(added, end, shape);
  addAll(merged.slots, added.slots);
  return merged;
}
