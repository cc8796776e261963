// A least-recently-used map bounded by weight. What weighs more than the whole
// bound is never kept, so that one giant entry cannot empty the cache.

/** Least-recently-used map whose entries' weights never add up to more than `maxWeight`. */
export class Lru<V> {
  readonly #entries = new Map<string, { readonly value: V; readonly weight: number }>();
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

  /** The value under `key`, now the most recently used one; undefined if absent. */
  get(key: string): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  /** Stores `value` and drops the least recently used entries that no longer fit. */
  set(key: string, value: V, weight = 1): void {
    this.delete(key);
    if (weight > this.#maxWeight) return;
    this.#entries.set(key, { value, weight });
    this.#weight += weight;
    for (const oldest of this.#entries.keys()) {
      if (this.#weight <= this.#maxWeight) return;
      this.delete(oldest);
    }
  }

  /** Forgets `key`; true if it was held. */
  delete(key: string): boolean {
    const entry = this.#entries.get(key);
    if (entry === undefined) return false;
    this.#weight -= entry.weight;
    return this.#entries.delete(key);
  }
}
