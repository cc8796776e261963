// When units of either arm last came, in slots of ten seconds over the last hour: a
// canary whose pages no longer speak has no timings to be judged by.
import { addAll, canary, control, type ArmIndex } from "./tally.ts";

const slotMs = 10_000;
const pulseSlots = 360;

/** Units per slot and arm; slot `end` is the newest one, and older ones lie before it, in a ring. */
export type Pulse = { end: number; readonly slots: Float64Array };

export function emptyPulse(): Pulse {
  return { end: 0, slots: new Float64Array(2 * pulseSlots) };
}

/** Forgets what lies an hour before `end`, so that the order of arrival never matters. */
function moveTo(pulse: Pulse, end: number): void {
  const first = Math.max(pulse.end + 1, end - pulseSlots + 1);
  for (let slot = first; slot <= end; slot += 1) {
    const at = (slot % pulseSlots) * 2;
    pulse.slots.fill(0, at, at + 2);
  }
  pulse.end = Math.max(pulse.end, end);
}

/** Adds one unit in place. */
export function addBeat(pulse: Pulse, atMs: number, arm: ArmIndex): void {
  const slot = Math.max(0, Math.floor(atMs / slotMs));
  moveTo(pulse, slot);
  if (slot <= pulse.end - pulseSlots) return;
  const at = (slot % pulseSlots) * 2 + arm;
  pulse.slots[at] = (pulse.slots[at] ?? 0) + 1;
}

/** Both pulses together. */
export function mergePulses(left: Pulse, right: Pulse): Pulse {
  const end = Math.max(left.end, right.end);
  const merged = { end: left.end, slots: left.slots.slice() };
  const added = { end: right.end, slots: right.slots.slice() };
  moveTo(merged, end);
  moveTo(added, end);
  addAll(merged.slots, added.slots);
  return merged;
}

/**
 * Units of the control since the canary's last one, of those that came until `untilMs`:
 * what came later may still be under way in one shard and not in another.
 */
export function controlSinceCanary({ end, slots }: Pulse, untilMs: number): number {
  const last = Math.min(end, Math.floor(untilMs / slotMs));
  let units = 0;
  for (let slot = last; slot > end - pulseSlots && slot >= 0; slot -= 1) {
    const at = (slot % pulseSlots) * 2;
    if ((slots[at + canary] ?? 0) > 0) return units;
    units += slots[at + control] ?? 0;
  }
  return units;
}
