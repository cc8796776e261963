// One after the other for each key: what is begun while another is under way waits for it.

export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Runs `work` after all that was begun for `key` before; gives its outcome. */
  async take<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key);
    const own = before === undefined ? work() : before.then(work, work);
    this.#last.set(key, own);
    try {
      return await own;
    } finally {
      if (this.#last.get(key) === own) this.#last.delete(key);
    }
  }
}
