// Who comes: visitors who differ in their machines, lines and luck, customers of unlike
// size, and how often each of them is met. Every number is drawn from one seed.
import { seeded } from "../../stats/seeded.ts";

/** A browser at an address, for a day. */
export type Visitor = {
  readonly id: string;
  readonly bucket: number;
  readonly account: number;
  /** How slow the machine and the line are; 1 is usual. */
  readonly slowness: number;
  /** How prone to errors, and to leaving before the page is done. */
  readonly frailty: number;
  /** Whether a blocker keeps its beacons. */
  readonly isBlocked: boolean;
  /** Grain of its clock in ms. */
  readonly grain: number;
};

export type Customer = {
  readonly id: string;
  readonly slowness: number;
  readonly frailty: number;
  readonly bytes: number;
};

export type Crowd =
  /** Every view by somebody new. */
  | { readonly kind: "strangers" }
  /** So many visitors, the k-th of whom comes as often as k^−exponent. */
  | { readonly kind: "zipf"; readonly visitors: number; readonly exponent: number }
  /**
   * A share of the views by somebody who was here before: half of them by one of the last few
   * hundred, half by one of twenty thousand who have the snippet from before the ramp began.
   */
  | { readonly kind: "habitual"; readonly share: number };

/** Those who came last, and those who have come for long. */
const nearby = 300;
const regulars = 20_000;

export class Population {
  readonly random: () => number;
  readonly customers: readonly Customer[];
  readonly #crowd: Crowd;
  readonly #seed: number;
  readonly #sizes: readonly number[];
  /** Whoever may come again. */
  readonly known: Visitor[] = [];
  readonly #near: Visitor[] = [];
  readonly #frequencies: readonly number[];
  #count = 0;

  constructor({ seed, crowd, accounts }: { seed: number; crowd: Crowd; accounts: number }) {
    this.random = seeded(seed * 7_919 + 17);
    this.#seed = seed;
    this.#crowd = crowd;
    this.customers = Array.from({ length: accounts }, (_, at) => ({
      id: `customer-${seed}-${at}`,
      slowness: this.#spread(0.4),
      frailty: this.#spread(0.6),
      bytes: 14_000 * this.#spread(0.4),
    }));
    this.#sizes = cumulated(this.customers.map(() => this.#spread(1)));
    const count = {
      strangers: 0,
      habitual: regulars,
      zipf: "visitors" in crowd ? crowd.visitors : 0,
    }[crowd.kind];
    for (let at = 0; at < count; at += 1) this.known.push(this.#stranger());
    this.#frequencies =
      crowd.kind === "zipf"
        ? cumulated(this.known.map((_, at) => (at + 1) ** -crowd.exponent))
        : [];
  }

  /** Whoever comes next. */
  next(): Visitor {
    const crowd = this.#crowd;
    if (crowd.kind === "strangers") return this.#stranger();
    if (crowd.kind === "zipf") {
      return this.known[pick(this.#frequencies, this.random())] as Visitor;
    }
    if (this.random() < crowd.share) {
      const isNear = this.#near.length > 0 && this.random() < 1 / 2;
      const among = isNear ? this.#near : this.known;
      return among[Math.floor(this.random() * among.length)] as Visitor;
    }
    const fresh = this.#stranger();
    const place = this.#near.length < nearby ? this.#near.length : undefined;
    this.#near[place ?? Math.floor(this.random() * nearby)] = fresh;
    return fresh;
  }

  nameOf({ account }: Visitor): string {
    return this.customers[account]?.id ?? "";
  }

  #stranger(): Visitor {
    this.#count += 1;
    return {
      id: `visitor-${this.#seed}-${this.#count}`,
      bucket: Math.floor(64 * this.random()),
      account: pick(this.#sizes, this.random()),
      slowness: this.#spread(0.35),
      frailty: this.#spread(0.7),
      isBlocked: this.random() < 0.04,
      grain: this.random() < 0.35 ? 1 : 0.1,
    };
  }

  /** Of mean 1: the square of a normal's cousin, from twelve uniforms, made positive. */
  #spread(sigma: number): number {
    let normal = -6;
    for (let at = 0; at < 12; at += 1) normal += this.random();
    return Math.exp(sigma * normal - (sigma * sigma) / 2);
  }
}

function cumulated(weights: readonly number[]): readonly number[] {
  const whole = weights.reduce((sum, each) => sum + each, 0);
  let sum = 0;
  return weights.map((each) => (sum += each) / whole);
}

/** Index of the first entry that is not below `at`. */
function pick(sums: readonly number[], at: number): number {
  let [low, high] = [0, sums.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sums[middle] ?? 1) < at) low = middle + 1;
    else high = middle;
  }
  return low;
}
