// What guessed tokens may cost: a token that was refused is refused from memory for some seconds, and
// a network may have few unknown ones looked up in a minute. Tokens that opened something here
// before are looked up each time, so that a revoked one opens nothing, and are not counted.
import { Lru } from "#base/lru.ts";
import { err, ok, type Result } from "#base/result.ts";
import type { Digest } from "#src/delivery/representation.ts";
import type { StoredToken } from "./registry.ts";

const refusedForMs = 5_000;
const mostPerWindow = 30;
const windowMs = 60_000;
const mostDigests = 4_096;
const mostNetworks = 4_096;

/** A token's digest, from where, and when. */
type Presented = { readonly digest: Digest; readonly network: string; readonly nowMs: number };

export type TokenReject =
  | { readonly reason: "token_unknown" }
  | { readonly reason: "too_many_tokens"; readonly retryAtMs: number };

type Tries = { readonly sinceMs: number; count: number };

export class TokenGuesses {
  readonly #refused = new Lru<number>(mostDigests);
  readonly #opened = new Lru<true>(mostDigests);
  readonly #tries = new Lru<Tries>(mostNetworks);
  readonly #asking = new Set<Digest>();

  /**
   * The token that `ask` finds, where it may be asked. Rejects where `ask` does.
   * @param ask null for a token that opens nothing.
   */
  async find(
    { digest, network, nowMs }: Presented,
    ask: () => Promise<StoredToken | null>,
  ): Promise<Result<StoredToken, TokenReject>> {
    const refusedAtMs = this.#refused.get(digest);
    if (refusedAtMs !== undefined && nowMs - refusedAtMs < refusedForMs) {
      return err({ reason: "token_unknown" });
    }
    if (this.#opened.get(digest) !== undefined || this.#asking.has(digest)) {
      return this.#settle(digest, nowMs, await ask());
    }
    const tries = this.#triesOf(network, nowMs);
    if (tries.count >= mostPerWindow) {
      return err({ reason: "too_many_tokens", retryAtMs: tries.sinceMs + windowMs });
    }
    // Counted before the answer, or any number could be asked for at once.
    tries.count += 1;
    this.#asking.add(digest);
    let isGuess = false;
    try {
      const found = this.#settle(digest, nowMs, await ask());
      isGuess = !found.ok;
      return found;
    } finally {
      this.#asking.delete(digest);
      if (!isGuess) tries.count -= 1;
    }
  }

  #settle(
    digest: Digest,
    nowMs: number,
    found: StoredToken | null,
  ): Result<StoredToken, TokenReject> {
    if (found !== null) {
      this.#opened.set(digest, true);
      return ok(found);
    }
    this.#opened.delete(digest);
    this.#refused.set(digest, nowMs);
    return err({ reason: "token_unknown" });
  }

  #triesOf(network: string, nowMs: number): Tries {
    const known = this.#tries.get(network);
    if (known !== undefined && nowMs - known.sinceMs < windowMs) return known;
    const tries = { sinceMs: nowMs, count: 0 };
    this.#tries.set(network, tries);
    return tries;
  }
}
