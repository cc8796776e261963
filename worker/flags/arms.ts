// Who is canary and who is control, for a share of the units. Arms are gapped:
// the canary grows from 0, the control from the middle, and what lies between is
// neither, so that nobody changes arm while the share grows.
import { bucket, hashLimit } from "./bucket.ts";

export type Arm = "canary" | "control" | "rest";

/** Weights of every split add up to this: one place is one in a million. */
export const places = 1_000_000;
const middle = 500_000;
/** The least control that is kept until a flag is promoted, in ppm. */
export const leastHoldoutPpm = 10_000;
export const mostHoldoutPpm = middle;

/** A share of the units and the control to keep, in ppm. */
export type Share = { readonly sharePpm: number; readonly holdoutPpm: number };

/** The places of each arm: canary in [0, canaryEnd) and [controlEnd, upperEnd). */
export type ArmPlaces = {
  readonly canaryEnd: number;
  readonly controlStart: number;
  readonly controlEnd: number;
  /** Equal to `controlEnd` up to one half; above, what control has left. */
  readonly upperEnd: number;
};

/**
 * The places of the arms at a share. Up to one half, control is as large as the
 * canary. Above, control shrinks from its upper end, and who leaves it joins the
 * canary for good; the hold-out stays.
 */
export function armPlaces({ sharePpm, holdoutPpm }: Share): ArmPlaces {
  if (sharePpm <= middle) {
    const controlEnd = middle + sharePpm;
    return { canaryEnd: sharePpm, controlStart: middle, controlEnd, upperEnd: controlEnd };
  }
  const control = Math.max(places - sharePpm, holdoutPpm);
  const controlEnd = middle + control;
  return { canaryEnd: middle, controlStart: middle, controlEnd, upperEnd: places };
}

/** How many of the places each arm has. */
export function armSizes(share: Share): Readonly<Record<Arm, number>> {
  const { canaryEnd, controlStart, controlEnd, upperEnd } = armPlaces(share);
  const canary = canaryEnd + upperEnd - controlEnd;
  const control = controlEnd - controlStart;
  return { canary, control, rest: places - canary - control };
}

/** The arm of a place out of a million. */
export function armOfPlace(place: number, at: ArmPlaces): Arm {
  if (place < at.canaryEnd) return "canary";
  if (place < at.controlStart) return "rest";
  if (place < at.controlEnd) return "control";
  return place < at.upperEnd ? "canary" : "rest";
}

/** The arm of a unit by the hash of its key, flagd's way. */
export function armOfHash(hash: number, at: ArmPlaces): Arm {
  return armOfPlace(bucket(hash, places), at);
}

/** The same limits on the hash itself, to compare without multiplying. */
export function armHashes(at: ArmPlaces): ArmPlaces {
  return {
    canaryEnd: hashLimit(at.canaryEnd, places),
    controlStart: hashLimit(at.controlStart, places),
    controlEnd: hashLimit(at.controlEnd, places),
    upperEnd: hashLimit(at.upperEnd, places),
  };
}

/** The arms as the weighted variants of a flagd `fractional`. */
export function armWeights(at: ArmPlaces): readonly (readonly [Arm, number])[] {
  return [
    ["canary", at.canaryEnd],
    ["rest", at.controlStart - at.canaryEnd],
    ["control", at.controlEnd - at.controlStart],
    ["canary", at.upperEnd - at.controlEnd],
    ["rest", places - at.upperEnd],
  ];
}
