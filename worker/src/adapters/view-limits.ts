// How many beacons of one visitor and of one network may count as evidence in a minute.
// What is beyond is kept as an event and vouched for by nobody. Of fixed size: those who share
// a place share what one may have.
import { murmur3 } from "#base/murmur3.ts";

const places = 65_536;
const minuteMs = 60_000;
/** A view sends two beacons, and now and then some more. */
const mostOfVisitor = 12;
const mostOfNetwork = 60;

type Sender = { readonly network: string; readonly userAgent: string };

export class ViewLimits {
  readonly #visitors = new Uint8Array(places);
  readonly #networks = new Uint8Array(places);
  #minute = -1;

  /** Whether one more beacon counts. Where no address is known nobody can be told apart. */
  admits({ network, userAgent }: Sender, nowMs: number): boolean {
    if (network === "") return true;
    const minute = Math.floor(nowMs / minuteMs);
    if (minute !== this.#minute) {
      this.#minute = minute;
      this.#visitors.fill(0);
      this.#networks.fill(0);
    }
    const isVisitors = take(this.#visitors, `${network} ${userAgent}`, mostOfVisitor);
    return isVisitors && take(this.#networks, network, mostOfNetwork);
  }
}

function take(counts: Uint8Array, name: string, most: number): boolean {
  const place = murmur3(name) & (places - 1);
  const taken = counts[place] ?? 0;
  if (taken >= most) return false;
  counts[place] = taken + 1;
  return true;
}
