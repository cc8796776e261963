// Beacons of synthetic page views, in a random order, some lost and some sent twice.
import { encodeBeacon } from "#rum/wire.ts";
import { fullEarly, fullLate } from "../rum/beacons.ts";
import { seeded } from "../stats/seeded.ts";

export type Shot = { readonly view: number; readonly sequence: 0 | 1; readonly body: string };

/**
 * About `count` beacons; the same for the same seed. The order is random among beacons
 * that are not too far apart: one that comes again after five minutes is another view's,
 * however slow the machine is.
 */
export function shotsOf(count: number, seed: number): readonly Shot[] {
  const random = seeded(seed);
  const shots: (Shot & { readonly order: number })[] = [];
  const add = (shot: Shot): void => {
    shots.push({ ...shot, order: shots.length + random() * mixedAmong });
  };
  for (let view = 0; shots.length < count; view += 1) {
    for (const sequence of [0, 1] as const) {
      if (random() < lossRate) continue;
      const shot = { view, sequence, body: bodyOf(view, sequence) };
      add(shot);
      if (random() < duplicateRate) add(shot);
    }
  }
  return shots.sort((left, right) => left.order - right.order);
}

const mixedAmong = 10_000;
const lossRate = 0.03;
const duplicateRate = 0.05;

/** The id of a view, and back. */
function idOf(view: number): string {
  const mixed = Math.imul(view, 0x9e37_79b1) >>> 0;
  return mixed.toString(16).padStart(8, "0") + view.toString(16).padStart(24, "0");
}

export function viewOf(id: string): number {
  return Number.parseInt(id.slice(8), 16);
}

function bodyOf(view: number, sequence: 0 | 1): string {
  const full = sequence === 0 ? fullEarly : fullLate;
  return encodeBeacon({ ...full, "pv.id": idOf(view), "client.sent_at": view });
}
