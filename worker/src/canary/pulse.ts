// When units of either arm last came, in slots of ten seconds over the last hour: a
// canary whose pages no longer speak has no timings to be judged by.
import { emptyRing, mergeRings, slotAt, type Ring } from "./ring.ts";
import { canary, control, type ArmIndex } from "./tally.ts";

const pulseSlotMs = 10_000;
const shape = { count: 360, stride: 2 };

/** Units per slot and arm. */
export type Pulse = Ring;

export function emptyPulse(): Pulse {
  return emptyRing(shape);
}

/** Adds one unit in place. */
export function addBeat(pulse: Pulse, atMs: number, arm: ArmIndex): void {
  const at = slotAt(pulse, Math.max(0, Math.floor(atMs / pulseSlotMs)), shape);
  if (at >= 0) pulse.slots[at + arm] = (pulse.slots[at + arm] ?? 0) + 1;
}

/** Both pulses together. */
export function mergePulses(left: Pulse, right: Pulse): Pulse {
  return mergeRings(left, right, shape);
}

/**
 * Units of the control since the canary's last one, of those that came until `untilMs`:
 * what came later may still be under way in one shard and not in another.
 */
export function controlSinceCanary({ end, slots }: Pulse, untilMs: number): number {
  const last = Math.min(end, Math.floor(untilMs / pulseSlotMs));
  let units = 0;
  for (let slot = last; slot > end - shape.count && slot >= 0; slot -= 1) {
    const at = (slot % shape.count) * shape.stride;
    if ((slots[at + canary] ?? 0) > 0) return units;
    units += slots[at + control] ?? 0;
  }
  return units;
}
