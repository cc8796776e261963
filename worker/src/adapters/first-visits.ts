// Which requests are a visitor's first in a window of five minutes: the only ones that the
// judge holds against arrivals. Of one address prefix a few visitors count, however many user
// agents it invents. Exact up to a stated number of visitors, and of fixed size: what is beyond
// is not counted, whichever arm it is in.
import { networkOf } from "#base/network.ts";
import { isAutomated } from "#rum/automation.ts";
import type { Visitor } from "#flags/signature.ts";
import { slotMs } from "#src/canary/assignments.ts";
import type { Senders } from "./senders.ts";

/** Places of the table; a power of two. Half of them are filled at most. */
const places = 32_768;
const mostVisitors = places / 2;
/** Visitors of one prefix that count in a window: an office is fewer witnesses than it has people. */
const mostOfPrefix = 8;
/** Prefixes whose visitors are counted; each has at least one. */
const prefixPlaces = 65_536;

/** Who asks, as far as it is told apart here. */
export type Visiting = {
  readonly method: string;
  readonly named: Visitor | undefined;
  /** What is asked for: one visitor of two snippets is a visit to each. */
  readonly id: string;
  /** Empty where nobody knows it: then nobody can be told apart either. */
  readonly address: string;
  readonly userAgent: string;
  readonly cf: Readonly<Record<string, unknown>> | undefined;
};

export class FirstVisits {
  readonly #senders: Senders;
  readonly #visitors = new Int32Array(places);
  /** Visitors by prefix. Two prefixes of one place share what one may have. */
  readonly #prefixes = new Uint8Array(prefixPlaces);
  #seen = 0;
  #window = -1;

  constructor(senders: Senders) {
    this.#senders = senders;
  }

  /** Whether a request counts. Notes that it came. */
  isFirst({ method, named, id, address, userAgent, cf }: Visiting, nowMs: number): boolean {
    if (method !== "GET") return false;
    const isTold = named !== undefined && address !== "";
    const name = isTold ? named.hash ^ hashOf(id) : 0;
    if (isTold && !this.#enter(name, address, nowMs)) return false;
    // Asked last, of newcomers alone: it reads the whole user agent.
    return !isAutomated(this.#senders.columnsOf(userAgent), cf);
  }

  #enter(hash: number, address: string, nowMs: number): boolean {
    const window = Math.floor(nowMs / slotMs);
    if (window !== this.#window) {
      this.#window = window;
      this.#seen = 0;
      this.#visitors.fill(0);
      this.#prefixes.fill(0);
    }
    // 0 is an empty place.
    const name = hash === 0 ? 1 : hash;
    let at = name & (places - 1);
    for (; this.#visitors[at] !== 0; at = (at + 1) & (places - 1)) {
      if (this.#visitors[at] === name) return false;
    }
    if (this.#seen >= mostVisitors) return false;
    const prefix = prefixPlace(address);
    const others = this.#prefixes[prefix] ?? 0;
    if (others >= mostOfPrefix) return false;
    this.#prefixes[prefix] = others + 1;
    this.#visitors[at] = name;
    this.#seen += 1;
    return true;
  }
}

/** The place of an address's /24, or /48 where it is of IPv6. */
function prefixPlace(address: string): number {
  const hash = hashOf(networkOf(address));
  return (hash ^ (hash >>> 16)) & (prefixPlaces - 1);
}

/** Source: FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  return hash;
}
