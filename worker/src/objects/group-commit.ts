// Gathers what comes until it is written at once: the first at once, and what comes
// within `betweenMs` of a commit with the next. Whoever added something waits for it.

export type GroupCommitDependencies<T, R> = {
  /** Writes all of a group and says what became of each. What it throws, all get. */
  readonly commit: (group: readonly T[]) => readonly R[];
  readonly now: () => number;
  readonly betweenMs: number;
  /** Weight at which a group is written without waiting. */
  readonly mostWeight: number;
};

type Waiting<R> = {
  readonly resolve: (result: R) => void;
  readonly reject: (why: unknown) => void;
};

export class GroupCommit<T, R> {
  readonly #deps: GroupCommitDependencies<T, R>;
  #group: T[] = [];
  #waiting: Waiting<R>[] = [];
  #weight = 0;
  #committedAtMs = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(dependencies: GroupCommitDependencies<T, R>) {
    this.#deps = dependencies;
  }

  /** Weight of what waits. */
  get weight(): number {
    return this.#weight;
  }

  /** What became of `item`, once its group was written. */
  add(item: T, weight: number): Promise<R> {
    return new Promise((resolve, reject) => {
      this.#group.push(item);
      this.#waiting.push({ resolve, reject });
      this.#weight += weight;
      if (this.#weight >= this.#deps.mostWeight) this.#commit();
      else this.#timer ??= setTimeout(() => this.#commit(), this.#waitMs());
    });
  }

  #waitMs(): number {
    const nextMs = this.#committedAtMs + this.#deps.betweenMs;
    return Math.min(this.#deps.betweenMs, Math.max(0, nextMs - this.#deps.now()));
  }

  #commit(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const group = this.#group;
    const waiting = this.#waiting;
    this.#group = [];
    this.#waiting = [];
    this.#weight = 0;
    this.#committedAtMs = this.#deps.now();
    try {
      const results = this.#deps.commit(group);
      for (const [at, { resolve }] of waiting.entries()) resolve(results[at] as R);
    } catch (error) {
      for (const { reject } of waiting) reject(error);
    }
  }
}
