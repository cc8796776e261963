// The rings as this isolate knows them: the snapshot tells them, and so does a shard
// that was asked by an older one. Only a newer one replaces.
import { firstRing, type Rings } from "#rum/window/ring.ts";

export class KnownRings {
  #rings: Rings = [firstRing];

  current(): Rings {
    return this.#rings;
  }

  /** Takes over rings, newest first; none or older ones change nothing. */
  learn(rings: readonly Rings[number][]): void {
    const [present, ...former] = rings;
    if (present === undefined || present.epoch <= this.#rings[0].epoch) return;
    this.#rings = [present, ...former];
  }
}
