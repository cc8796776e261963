// A map bounded by weight that gives up what was not used for longest. Use is
// noted as a mark, and acted on only when room is needed (the CLOCK, or second
// chance, of Corbató, 1968): a hit moves nothing, so a hot path can afford it.
// What weighs more than the whole bound is never kept, so that one giant entry
// cannot empty the cache.

type Entry<V> = { readonly value: V; readonly weight: number; used: boolean };

/** Approximately least-recently-used map whose entries' weights never add up to more than `maxWeight`. */
export class Lru<V> {
  readonly #entries = new Map<string, Entry<V>>();
  readonly #maxWeight: number;
  #weight = 0;

  constructor(maxWeight: number) {
    this.#maxWeight = maxWeight;
  }

  /** Sum of the weights held, in the unit that `set` was given. */
  get weight(): number {
    return this.#weight;
  }

  /** Number of entries held. */
  get size(): number {
    return this.#entries.size;
  }

  /** The value under `key`, marked as used; undefined if absent. */
  get(key: string): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    entry.used = true;
    return entry.value;
  }

  /** Stores `value` and drops what was not used for longest until everything fits. */
  set(key: string, value: V, weight = 1): void {
    this.delete(key);
    if (weight > this.#maxWeight) return;
    while (this.#weight + weight > this.#maxWeight) this.#dropOne();
    this.#entries.set(key, { value, weight, used: false });
    this.#weight += weight;
  }

  /** Forgets `key`; true if it was held. */
  delete(key: string): boolean {
    const entry = this.#entries.get(key);
    if (entry === undefined) return false;
    this.#weight -= entry.weight;
    return this.#entries.delete(key);
  }

  // Entries stand in the order in which they came, or got their second chance.
  #dropOne(): void {
    for (const [key, entry] of this.#entries) {
      this.delete(key);
      if (!entry.used) return;
      entry.used = false;
      this.#entries.set(key, entry);
      this.#weight += entry.weight;
    }
  }
}
