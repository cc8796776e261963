// What a beacon says of itself, held against what its snippet may have been served with. A claim
// that does not fit is left out, and named among the dropped fields; the rest counts.
import type { Rollout } from "#flags/rollout.ts";
import type { FieldName } from "#rum/columns.ts";
import type { Beacon } from "#rum/ingest.ts";
import { usualSampleRate, type BeaconChoice } from "#src/delivery/beacon.ts";

type Served = {
  readonly chosen: BeaconChoice | undefined;
  readonly rollouts: readonly Pick<Rollout, "patch">[];
  /** Whether the request itself says `Sec-GPC: 1`. */
  readonly isPrivate: boolean;
};

/** The beacon without what it cannot know. A page of an earlier rate counts once until its cache has the new one. */
export function checkClaims(beacon: Beacon, served: Served): Beacon {
  const { said } = beacon;
  const wrong: FieldName[] = [];
  const rate = said["pv.sample_rate"];
  if (rate !== undefined && rate > 1 && !ratesOf(served).has(rate)) wrong.push("pv.sample_rate");
  const isPrivate = served.isPrivate || said["privacy.gpc"] === true;
  if (isPrivate && said["session.id"] !== undefined) wrong.push("session.id");
  if (wrong.length === 0) return beacon;
  const kept = Object.entries(said).filter(([name]) => !wrong.some((each) => each === name));
  const dropped = [...beacon.dropped, ...wrong];
  return { ...beacon, said: Object.fromEntries(kept) as Beacon["said"], dropped };
}

function ratesOf({ chosen, rollouts }: Served): ReadonlySet<number> {
  const own = chosen === undefined || chosen === "off" ? usualSampleRate : chosen.sampleRate;
  const others = rollouts.map(({ patch }) => patch.beaconSampleRate ?? own);
  return new Set([own, ...others]);
}
