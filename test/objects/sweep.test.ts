// Nothing that somebody needs is ever removed, whoever publishes, deletes, dies or is slow
// while the Sweeper works; and what nobody needs goes.
import { describe, expect, it } from "vitest";
import type { Digest } from "#src/delivery/representation.ts";
import { Sweep, type SweepMemory, type SweepState } from "#src/objects/sweep.ts";
import { fc } from "../property.ts";

const hour = 3_600_000;
const digests = ["a", "b", "c", "d"].map((letter) => letter.repeat(64) as Digest);

function memory(): SweepMemory {
  let state: SweepState = {
    phase: "idle",
    startedAtMs: 0,
    endedAtMs: 0,
    account: "",
    digest: "",
    counts: { seen: 0, removed: 0 },
  };
  const named = new Set<Digest>();
  const condemned = new Map<Digest, { sinceMs: number; removingAtMs?: number }>();
  const gone = new Map<Digest, number>();
  return {
    state: () => state,
    save: (next) => (state = next),
    forgetNamed: () => named.clear(),
    addNamed: (all) => all.forEach((digest) => named.add(digest)),
    isNamed: (digest) => named.has(digest),
    condemnedAtMs: (digest) => condemned.get(digest)?.sinceMs,
    condemn: (digest, nowMs) => condemned.set(digest, { sinceMs: nowMs }),
    pardon: (digest) => {
      condemned.delete(digest);
      gone.delete(digest);
    },
    removingAtMs: (digest) => condemned.get(digest)?.removingAtMs,
    setRemoving: (all, nowMs) => {
      for (const digest of all) {
        condemned.set(digest, { sinceMs: nowMs, ...condemned.get(digest), removingAtMs: nowMs });
      }
    },
    setGone: (digest, nowMs) => {
      condemned.delete(digest);
      gone.set(digest, nowMs);
    },
    goneBefore: (ms) => [...gone].filter(([, atMs]) => atMs < ms).map(([digest]) => digest),
  };
}

type World = {
  nowMs: number;
  /** Removals that no store has carried out yet. */
  onTheirWay: number;
  readonly store: Set<Digest>;
  /** What each account's revisions name, by id. */
  readonly accounts: ReadonlyMap<string, Map<string, Digest>>;
  readonly kept: SweepMemory;
  readonly scheduler: fc.Scheduler;
  sweep: Sweep;
};

/** Digests after `after`, each once. */
function inOrder(all: Iterable<Digest>, after: string): readonly Digest[] {
  const later = [...new Set(all)].filter((digest) => digest > after);
  return later.toSorted((x, y) => (x < y ? -1 : 1));
}

function sweepOf(world: Omit<World, "sweep">): Sweep {
  const { scheduler, store, accounts, kept } = world;
  const later = scheduler.scheduleFunction.bind(scheduler);
  return new Sweep({
    memory: kept,
    nextAccount: later(async (after) => [...accounts.keys()].find((name) => name > after)),
    namedBy: later(async (account, after) => inOrder(accounts.get(account)?.values() ?? [], after)),
    namedByAll: later(async () => []),
    list: later(async (after) => ({
      digests: inOrder(store, after).slice(0, 2),
      isLast: inOrder(store, after).length <= 2,
    })),
    // Slow, as stores are at times: much can happen while it is on its way.
    remove: async (all) => {
      const pause = later(async () => {});
      world.onTheirWay += 1;
      for (let pauses = 0; pauses < 6; pauses += 1) await pause();
      for (const each of all) store.delete(each);
      world.onTheirWay -= 1;
    },
    removeCopies: later(async () => {}),
    now: () => world.nowMs,
    // No word is longer on its way than an object waits for those of one that died.
    wait: async (ms) => {
      while (world.onTheirWay > 0) await later(async () => {})();
      world.nowMs += ms;
    },
  });
}

type Deed =
  | {
      readonly kind: "publish";
      readonly account: string;
      readonly id: string;
      readonly digest: Digest;
    }
  | { readonly kind: "fail"; readonly digest: Digest }
  | { readonly kind: "delete"; readonly account: string; readonly id: string }
  | { readonly kind: "die" };

const account = fc.constantFrom("acme", "rival");
const id = fc.constantFrom("x", "y");
const digest = fc.constantFrom(...digests);
const deed: fc.Arbitrary<Deed> = fc.oneof(
  fc.record({ kind: fc.constant("publish" as const), account, id, digest }),
  fc.record({ kind: fc.constant("fail" as const), digest }),
  fc.record({ kind: fc.constant("delete" as const), account, id }),
  fc.record({ kind: fc.constant("die" as const) }),
);

/** A deed, begun after so many moments. */
type Told = { readonly deed: Deed; readonly afterPauses: number };

async function does({ deed: told, afterPauses }: Told, world: World): Promise<void> {
  const { store, accounts, scheduler } = world;
  const pause = scheduler.scheduleFunction(async () => {});
  for (let pauses = 0; pauses < afterPauses; pauses += 1) await pause();
  switch (told.kind) {
    case "publish":
    case "fail":
      await world.sweep.retain([told.digest]);
      await pause();
      store.add(told.digest);
      await pause();
      if (told.kind === "publish") accounts.get(told.account)?.set(told.id, told.digest);
      return;
    case "delete":
      await pause();
      accounts.get(told.account)?.delete(told.id);
      return;
    case "die":
      await pause();
      // What it had asked of the stores is carried out all the same.
      world.sweep = sweepOf(world);
  }
}

async function cycle(world: World): Promise<void> {
  for (let steps = 0; steps < 30; steps += 1) {
    const { sweep } = world;
    await sweep.step();
    if (world.kept.state().phase === "idle") return;
  }
}

function newWorld(scheduler: fc.Scheduler): World {
  const accounts = new Map(["acme", "rival"].map((name) => [name, new Map<string, Digest>()]));
  const start = {
    nowMs: 100 * hour,
    onTheirWay: 0,
    store: new Set(digests),
    accounts,
    kept: memory(),
    scheduler,
  };
  const world: World = Object.assign(start, { sweep: sweepOf(start) });
  return world;
}

function needed({ accounts }: World): Digest[] {
  const all: Digest[] = [];
  for (const ids of accounts.values()) all.push(...ids.values());
  return all;
}

describe("the Sweeper", () => {
  it("never removes what a revision names, in whatever order all happens, and removes the rest", async () => {
    // Each while a cycle goes on, in which much is due to go.
    const rounds = fc.array(
      fc.array(fc.record({ deed, afterPauses: fc.nat(12) }), { minLength: 1, maxLength: 4 }),
      { maxLength: 5 },
    );
    const run = fc.asyncProperty(fc.scheduler(), rounds, async (scheduler, told) => {
      const world = newWorld(scheduler);
      await scheduler.waitFor(cycle(world));
      for (const deeds of told) {
        world.nowMs += 49 * hour;
        const atOnce = [cycle(world), ...deeds.map((each) => does(each, world))];
        await scheduler.waitFor(Promise.all(atOnce));
        expect([...world.store]).toEqual(expect.arrayContaining(needed(world)));
      }
      for (let day = 0; day < 5; day += 1) {
        world.nowMs += 25 * hour;
        await scheduler.waitFor(cycle(world));
      }
      expect([...world.store].toSorted()).toEqual([...new Set(needed(world))].toSorted());
    });
    await fc.assert(run, { numRuns: 1_000 });
  });

  it("goes no further while an account does not tell what it names", async () => {
    const kept = memory();
    const removed: Digest[] = [];
    let isUp = true;
    let nowMs = 100 * hour;
    const sweep = new Sweep({
      memory: kept,
      nextAccount: async (after) => (after === "" ? "acme" : undefined),
      namedBy: async () => {
        if (!isUp) throw new Error("overloaded");
        return [];
      },
      namedByAll: async () => [],
      list: async () => ({ digests, isLast: true }),
      remove: async (all) => void removed.push(...all),
      removeCopies: async () => {},
      now: () => nowMs,
      wait: async () => {},
    });
    const steps = async (count: number): Promise<void> => {
      for (let done = 0; done < count; done += 1) await sweep.step().catch(() => null);
    };
    await steps(10);
    nowMs += 49 * hour;
    isUp = false;
    await steps(20);
    expect([removed, kept.state().phase]).toEqual([[], "accounts"]);
    isUp = true;
    await steps(10);
    expect(removed).toEqual(digests);
  });
});
