// Answers to Accept-Encoding, remembered: browsers send a handful of values, and
// parsing one costs as much as the rest of a delivery's decisions.
import type { Encoding } from "#flags/parameters.ts";
import { Lru } from "#base/lru.ts";
import { negotiateEncoding } from "#src/delivery/negotiate.ts";

const maxFields = 256;
// Longer values are somebody's experiment, and not worth a place.
const maxFieldLength = 128;

type Outcome = { readonly encoding: Encoding | undefined };

export class Negotiations {
  readonly #byOffer = new WeakMap<readonly Encoding[], Lru<Outcome>>();

  /** As `negotiateEncoding`; remembers by the identity of `offered`. */
  encodingFor(acceptEncoding: string | null, offered: readonly Encoding[]): Encoding | undefined {
    const field = acceptEncoding ?? "";
    const known = this.#knownFor(offered);
    const found = known.get(field);
    if (found !== undefined) return found.encoding;
    const encoding = negotiateEncoding(acceptEncoding, offered);
    if (field.length <= maxFieldLength) known.set(field, { encoding });
    return encoding;
  }

  #knownFor(offered: readonly Encoding[]): Lru<Outcome> {
    const known = this.#byOffer.get(offered);
    if (known !== undefined) return known;
    const fresh = new Lru<Outcome>(maxFields);
    this.#byOffer.set(offered, fresh);
    return fresh;
  }
}
