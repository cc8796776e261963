// One isolate's calls to one shard: one at a time. The request whose beacon is first
// makes the call for all that wait, and hands over to the next of them when it is done,
// so that no request works for the others for longer than one call.
import type { TakeAnswer } from "./window-rpc.ts";

export type Failure =
  | { readonly reason: "overloaded"; readonly retryAfterS: number }
  | { readonly reason: "unavailable" };

export type LaneDependencies = {
  readonly call: (beacons: readonly string[]) => Promise<Pick<TakeAnswer, "fates">>;
  /** Lets a call end whose own visitor has gone: others wait for it. */
  readonly keepAlive: (work: Promise<unknown>) => void;
  readonly report: (error: unknown) => void;
  readonly now: () => number;
};

type Word = { readonly fate: string } | Failure | { readonly lead: true };
type Waiting = { readonly beacon: string; readonly tell: (word: Word) => void };

/** Of one call: half of what a row of the log is written at. */
const mostChars = 150_000;
/** What an isolate keeps for one shard. */
const mostWaitingChars = 8_000_000;
const deadlineMs = 10_000;
/** After so long without a word somebody else leads. */
const leaseMs = 5_000;
const retryMs = 100;
const retryAfterS = 5;

export class Lane {
  readonly #deps: LaneDependencies;
  #waiting: Waiting[] = [];
  #chars = 0;
  /** When the call under way, or the wait for who is to make the next, began; 0 for none. */
  #ledSinceMs = 0;

  constructor(dependencies: LaneDependencies) {
    this.#deps = dependencies;
  }

  /** What became of a beacon: its fate, or why nobody knows. Never rejects. */
  take(beacon: string): Promise<{ readonly fate: string } | Failure> {
    if (this.#chars > mostWaitingChars) {
      return Promise.resolve({ reason: "overloaded", retryAfterS });
    }
    const taken = this.#wait(beacon);
    // A visitor who has gone may be the one whose request is to lead.
    this.#deps.keepAlive(taken);
    return taken;
  }

  async #wait(beacon: string): Promise<{ readonly fate: string } | Failure> {
    // Each request has a timer of its own: without one the runtime takes it for hung.
    const gaveUp = Promise.withResolvers<Failure>();
    const timer = setTimeout(() => gaveUp.resolve({ reason: "unavailable" }), deadlineMs);
    try {
      let leads = this.#deps.now() - this.#ledSinceMs > leaseMs;
      for (;;) {
        const told = Promise.withResolvers<Word>();
        const own = { beacon, tell: told.resolve };
        if (leads) this.#waiting.unshift(own);
        else this.#waiting.push(own);
        this.#chars += beacon.length;
        if (leads) void this.#lead();
        const word = await Promise.race([told.promise, gaveUp.promise]);
        if (!("lead" in word)) return word;
        leads = true;
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** One call for all that wait, and the word to the next of them. Never rejects. */
  async #lead(): Promise<void> {
    this.#ledSinceMs = this.#deps.now();
    const batch = this.#cut();
    const words = await this.#try(batch.map(({ beacon }) => beacon));
    for (const [at, { tell }] of batch.entries()) tell(words[at] ?? { reason: "unavailable" });
    const next = this.#waiting.shift();
    if (next !== undefined) this.#chars -= next.beacon.length;
    this.#ledSinceMs = next === undefined ? 0 : this.#deps.now();
    next?.tell({ lead: true });
  }

  #cut(): readonly Waiting[] {
    let chars = 0;
    let count = 0;
    for (const { beacon } of this.#waiting) {
      chars += beacon.length;
      if (count > 0 && chars > mostChars) break;
      count += 1;
    }
    const batch = this.#waiting.splice(0, count);
    for (const { beacon } of batch) this.#chars -= beacon.length;
    return batch;
  }

  async #try(beacons: readonly string[]): Promise<readonly Word[]> {
    try {
      const { fates } = await this.#callTwice(beacons);
      return Array.from(fates, (fate) => ({ fate }));
    } catch (error) {
      this.#deps.report(error);
      const failure = property(error, "overloaded")
        ? ({ reason: "overloaded", retryAfterS } as const)
        : ({ reason: "unavailable" } as const);
      return beacons.map(() => failure);
    }
  }

  async #callTwice(beacons: readonly string[]): Promise<Pick<TakeAnswer, "fates">> {
    try {
      return await this.#deps.call(beacons);
    } catch (error) {
      // Calling an overloaded object again would keep it so.
      if (property(error, "overloaded") || !property(error, "retryable")) throw error;
      await new Promise((resolve) => setTimeout(resolve, retryMs));
      return this.#deps.call(beacons);
    }
  }
}

function property(error: unknown, name: "overloaded" | "retryable"): boolean {
  return typeof error === "object" && error !== null && Reflect.get(error, name) === true;
}
