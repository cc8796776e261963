// Which pages may ask OFREP at all: the origins that valid tokens name, as this isolate has
// heard within the last seconds. For preflights, which carry no token; an answer itself is
// allowed by its own token.

const keepMs = 10_000;

type Dependencies = { readonly read: () => Promise<readonly string[]> };

export class EvaluationOrigins {
  readonly #read: Dependencies["read"];
  #heard: Promise<ReadonlySet<string>> | undefined;
  #heardAtMs = 0;

  constructor({ read }: Dependencies) {
    this.#read = read;
  }

  /** Whether some token names it. Rejects where the Registry does not answer. */
  async has(origin: string, nowMs: number): Promise<boolean> {
    if (this.#heard === undefined || nowMs - this.#heardAtMs >= keepMs) {
      this.#heardAtMs = nowMs;
      const asked = this.#read().then((origins) => new Set(origins));
      this.#heard = asked;
      // What failed is asked again by the next one.
      asked.catch(() => {
        if (this.#heard === asked) this.#heard = undefined;
      });
    }
    return (await this.#heard).has(origin);
  }
}
