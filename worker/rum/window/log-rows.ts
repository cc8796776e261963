// Which rows of the log are still needed, and which slots may be written over. A row is
// needed while one of its beacons is in an open view, or an event that it decided or
// that is made of its beacons waits for a sink. A slot is used again only after what
// was closed by then has been written down (see `settle`).

type Row = { readonly slot: number; needs: number };

export class LogRows {
  readonly #rows = new Map<number, Row>();
  #free: number[] = [];
  #limbo: number[] = [];
  #slots = 0;
  #latest = 0;

  /** Slots that were ever used, which is how many rows the table has at most. */
  get slots(): number {
    return this.#slots;
  }

  /** Slots that hold a row that is needed. */
  get used(): number {
    return this.#rows.size;
  }

  /** The oldest row that is needed; all before it may be forgotten. */
  get oldest(): number | undefined {
    for (const row of this.#rows.keys()) return row;
    return undefined;
  }

  /** A slot for a new row. */
  nextSlot(): number {
    const slot = this.#free.pop();
    if (slot !== undefined) return slot;
    this.#slots += 1;
    return this.#slots;
  }

  /** Notes a row, in the order of rows. The latest one is always needed: it tells the state. */
  hold(row: number, slot: number, needs: number): void {
    this.#slots = Math.max(this.#slots, slot);
    this.#rows.set(row, { slot, needs: needs + 1 });
    this.release([this.#latest]);
    this.#latest = row;
  }

  /** Notes a slot whose row is not needed any more. */
  recycle(slot: number): void {
    this.#slots = Math.max(this.#slots, slot);
    this.#limbo.push(slot);
  }

  release(rows: readonly number[]): void {
    for (const each of rows) {
      const row = this.#rows.get(each);
      if (row === undefined) continue;
      row.needs -= 1;
      if (row.needs > 0) continue;
      this.#rows.delete(each);
      this.#limbo.push(row.slot);
    }
  }

  /** To be called once all closings so far are written down: what is not needed may be written over. */
  settle(): void {
    this.#free.push(...this.#limbo);
    this.#limbo = [];
  }

  /** Slots that were settled, all of them given away: the caller deletes them. */
  takeFree(): readonly number[] {
    const free = this.#free;
    this.#free = [];
    return free;
  }
}
