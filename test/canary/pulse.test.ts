import { describe, expect, it } from "vitest";
import { addBeat, controlSinceCanary, emptyPulse, mergePulses } from "#src/canary/pulse.ts";
import { canary, control, type ArmIndex } from "#src/canary/tally.ts";
import { fc } from "../property.ts";

const startMs = 1_700_000_000_000;
type Beat = readonly [second: number, arm: ArmIndex];

function pulseOf(beats: readonly Beat[]) {
  const pulse = emptyPulse();
  for (const [second, arm] of beats) addBeat(pulse, startMs + 1_000 * second, arm);
  return pulse;
}

const beats = fc.array(fc.tuple(fc.nat(9_000), fc.constantFrom<ArmIndex>(control, canary)), {
  maxLength: 50,
});

describe("a pulse", () => {
  it("counts the control since the canary's last unit", () => {
    const pulse = pulseOf([
      [0, control],
      [20, canary],
      [25, control],
      [40, control],
      [60, control],
    ]);
    expect(controlSinceCanary(pulse, startMs + 60_000)).toBe(2);
    expect(controlSinceCanary(pulse, startMs + 49_000)).toBe(1);
    expect(controlSinceCanary(pulse, startMs + 29_000)).toBe(0);
  });

  it("does not depend on the order in which units come", () => {
    fc.assert(
      fc.property(beats, (list) => {
        expect(pulseOf(list.toReversed())).toEqual(pulseOf(list));
      }),
    );
  });

  it("in two parts is the same as in one", () => {
    fc.assert(
      fc.property(beats, beats, (left, right) => {
        const whole = pulseOf([...left, ...right]);
        expect(mergePulses(pulseOf(left), pulseOf(right))).toEqual(whole);
        expect(mergePulses(pulseOf(right), pulseOf(left))).toEqual(whole);
      }),
    );
  });

  it("forgets what is more than an hour old", () => {
    const pulse = pulseOf([
      [0, control],
      [4_000, control],
    ]);
    expect(controlSinceCanary(pulse, startMs + 4_000_000)).toBe(1);
  });
});
