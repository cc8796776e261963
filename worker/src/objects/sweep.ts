// Removes artifacts that nothing names any more, in cycles of small steps: look what is named,
// everywhere; then go through the store. Whoever is about to name an artifact says so first,
// and waits where it is being removed at this moment.
import { verdictOn } from "#src/delivery/sweep.ts";
import type { Digest } from "#src/delivery/representation.ts";

export type SweepState = {
  readonly phase: "idle" | "accounts" | "shared" | "stores" | "again";
  readonly startedAtMs: number;
  /** Of the last cycle that came to its end; 0 before that. */
  readonly endedAtMs: number;
  /** The account that is looked at, and the last of its digests that was seen. */
  readonly account: string;
  /** In the phase `stores`, the last that was looked at there. */
  readonly digest: string;
  readonly counts: { readonly seen: number; readonly removed: number };
};

/** What outlives the object's memory. */
export type SweepMemory = {
  state(): SweepState;
  save(state: SweepState): void;
  forgetNamed(): void;
  addNamed(digests: readonly Digest[]): void;
  isNamed(digest: Digest): boolean;
  condemnedAtMs(digest: Digest): number | undefined;
  condemn(digest: Digest, nowMs: number): void;
  /** Forgets all that speaks against it. */
  pardon(digest: Digest): void;
  /** When its removal was begun; undefined where it was not, or is over. */
  removingAtMs(digest: Digest): number | undefined;
  setRemoving(digests: readonly Digest[], nowMs: number): void;
  setGone(digest: Digest, nowMs: number): void;
  goneBefore(ms: number, limit: number): readonly Digest[];
};

export type StoredPage = { readonly digests: readonly Digest[]; readonly isLast: boolean };

export type SweepDependencies = {
  readonly memory: SweepMemory;
  /** The account after `after`, by name; undefined after the last. */
  readonly nextAccount: (after: string) => Promise<string | undefined>;
  /** What an account names, in order, from the first after `after`. */
  readonly namedBy: (account: string, after: string, limit: number) => Promise<readonly Digest[]>;
  /** What engines and beacons name. */
  readonly namedByAll: () => Promise<readonly Digest[]>;
  /** What the authoritative store has, in order, from the first after `after`; fewer than `limit` does not mean that these were the last. */
  readonly list: (after: string, limit: number) => Promise<StoredPage>;
  /** Removes artifacts from every store. */
  readonly remove: (digests: readonly Digest[]) => Promise<void>;
  /** Removes copies of artifacts alone. */
  readonly removeCopies: (digests: readonly Digest[]) => Promise<void>;
  readonly now: () => number;
  readonly wait: (ms: number) => Promise<void>;
};

const hourMs = 3_600_000;
/** How long nothing must have named an artifact: far longer than a publish may take. */
const graceMs = 48 * hourMs;
const betweenCyclesMs = 24 * hourMs;
const pageSize = 500;
const mostRemovedAtOnce = 50;
// A removal that was on its way when its object died has arrived by then.
const lingerMs = 30_000;

export class Sweep {
  readonly #deps: SweepDependencies;
  /** Removals under way. */
  readonly #removing = new Map<Digest, Promise<unknown>>();

  constructor(dependencies: SweepDependencies) {
    this.#deps = dependencies;
  }

  /** When `step` has something to do. */
  get dueAtMs(): number {
    const { phase, endedAtMs } = this.#deps.memory.state();
    return phase === "idle" ? endedAtMs + betweenCyclesMs : 0;
  }

  /** See `SweeperRpc`. */
  async retain(digests: readonly Digest[]): Promise<void> {
    const { memory, now, wait } = this.#deps;
    for (const digest of digests) {
      for (;;) {
        const under = this.#removing.get(digest);
        const begunAtMs = memory.removingAtMs(digest);
        const restMs = begunAtMs === undefined ? 0 : begunAtMs + lingerMs - now();
        if (under !== undefined) await under.catch(() => null);
        else if (restMs > 0) await wait(restMs);
        else break;
      }
      memory.pardon(digest);
    }
  }

  /** One small piece of a cycle. Where it rejects, the next call tries the same again. */
  async step(): Promise<void> {
    const { memory, now } = this.#deps;
    const state = memory.state();
    switch (state.phase) {
      case "idle":
        if (now() < this.dueAtMs) return;
        memory.forgetNamed();
        return this.#go(state, { phase: "accounts", startedAtMs: now(), account: "", digest: "" });
      case "accounts":
        return this.#lookAtAccount(state);
      case "shared":
        memory.addNamed(await this.#deps.namedByAll());
        return this.#go(state, { phase: "stores", digest: "", counts: { seen: 0, removed: 0 } });
      case "stores":
        return this.#goThroughStore(state);
      case "again":
        return this.#removeAgain(state);
    }
  }

  async #lookAtAccount(state: SweepState): Promise<void> {
    const { memory, nextAccount, namedBy } = this.#deps;
    const { account, digest } = state;
    const isNew = digest === "";
    const current = isNew ? await nextAccount(account) : account;
    if (current === undefined) return this.#go(state, { phase: "shared" });
    const named = await namedBy(current, digest, pageSize);
    memory.addNamed(named);
    const last = named.length < pageSize ? "" : (named.at(-1) ?? "");
    this.#go(state, { account: current, digest: last });
  }

  async #goThroughStore(state: SweepState): Promise<void> {
    const { list, now } = this.#deps;
    const { digests: page, isLast } = await list(state.digest, pageSize);
    const doomed: Digest[] = [];
    let seen = 0;
    for (const digest of page) {
      if (doomed.length === mostRemovedAtOnce) break;
      if (this.#judge(digest, state.startedAtMs) === "remove") doomed.push(digest);
      seen += 1;
    }
    // Nothing is awaited between the judgement and the mark that whoever retains waits for.
    await this.#removeAll(doomed);
    const counts = {
      seen: state.counts.seen + seen,
      removed: state.counts.removed + doomed.length,
    };
    if (seen === page.length && isLast) {
      return this.#go(state, { phase: "again", digest: "", counts, endedAtMs: now() });
    }
    this.#go(state, { digest: page[seen - 1] ?? state.digest, counts });
  }

  #judge(digest: Digest, startedAtMs: number): ReturnType<typeof verdictOn> {
    const { memory, now } = this.#deps;
    const stored = {
      isNamed: memory.isNamed(digest),
      condemnedAtMs: memory.condemnedAtMs(digest),
    };
    const verdict = verdictOn(stored, { startedAtMs, graceMs });
    if (verdict === "condemn") memory.condemn(digest, now());
    if (verdict === "pardon") memory.pardon(digest);
    return verdict;
  }

  // An edge that had just read an artifact may have put a copy of it back.
  async #removeAgain(state: SweepState): Promise<void> {
    const { memory, removeCopies } = this.#deps;
    const gone = memory.goneBefore(state.startedAtMs, mostRemovedAtOnce);
    if (gone.length === 0) return this.#go(state, { phase: "idle" });
    await this.#while(gone, removeCopies(gone), (digest) => memory.pardon(digest));
  }

  async #removeAll(digests: readonly Digest[]): Promise<void> {
    const { memory, remove, now } = this.#deps;
    if (digests.length === 0) return;
    memory.setRemoving(digests, now());
    await this.#while(digests, remove(digests), (digest) => memory.setGone(digest, now()));
  }

  /** Lets whoever retains one of `digests` wait until `removal` and what follows it are done. */
  async #while(
    digests: readonly Digest[],
    removal: Promise<void>,
    then: (digest: Digest) => void,
  ): Promise<void> {
    const whole = removal.then(() => digests.forEach((digest) => then(digest)));
    for (const digest of digests) this.#removing.set(digest, whole);
    try {
      await whole;
    } finally {
      for (const digest of digests) this.#removing.delete(digest);
    }
  }

  #go(from: SweepState, to: Partial<SweepState>): void {
    this.#deps.memory.save({ ...from, ...to });
  }
}
