// The protocol between an account's object and the Registry, under every order in which
// words may arrive, with words that come late, answers that are lost and objects that die.
import { describe, expect, it } from "vitest";
import { err, ok } from "#base/result.ts";
import type { ClaimOf, RegistryRpc } from "#src/adapters/registry.ts";
import { claimed, released, type Claim } from "#src/delivery/claim.ts";
import type { Attempt, Attempts } from "#src/objects/attempt-table.ts";
import { Ownership } from "#src/objects/ownership.ts";
import { fc } from "../property.ts";

const item = { kind: "snippet", id: "shop" } as const;
const hour = 3_600_000;

/** How one word to the Registry fares. */
type Fate = "answered" | "answer lost" | "comes late";

class FakeRegistry {
  claim: Claim | undefined;
  readonly late: (() => void)[] = [];

  rpc(fateOf: () => Fate): Pick<RegistryRpc, "claim" | "release"> {
    const send = async <T>(work: () => T): Promise<T> => {
      const fate = fateOf();
      if (fate === "comes late") this.late.push(work);
      const done = fate === "comes late" ? undefined : work();
      if (fate === "answered") return done as T;
      throw new Error(fate);
    };
    return {
      claim: ({ account, attempt }: ClaimOf) =>
        send(() => {
          const outcome = claimed(this.claim, { account, attempt });
          if (!outcome.ok) return outcome;
          this.claim = outcome.value;
          return ok({ floor: null });
        }),
      release: ({ account, attempt }: ClaimOf) =>
        send(() => {
          this.claim = released(this.claim, { account, attempt });
        }),
    };
  }
}

/** What an account's object keeps through its death. */
class FakeAccount {
  readonly name: string;
  revision = 0;
  readonly #open = new Map<number, Attempt>();
  #number = 0;
  readonly attempts: Attempts = {
    begin: (wanted, nowMs) => {
      this.#number += 1;
      this.#open.set(this.#number, { ...wanted, attempt: this.#number, begunAtMs: nowMs });
      return this.#number;
    },
    end: (attempt) => this.#open.delete(attempt),
    open: () => [...this.#open.values()],
  };

  constructor(name: string) {
    this.name = name;
  }
}

type World = {
  readonly registry: FakeRegistry;
  readonly accounts: readonly FakeAccount[];
  readonly clock: { nowMs: number };
  readonly fates: Fate[];
  readonly scheduler: fc.Scheduler;
};

function ownershipOf(account: FakeAccount, world: World): Ownership {
  const { registry, clock, fates, scheduler } = world;
  const rpc = registry.rpc(() => fates.pop() ?? "answered");
  return new Ownership({
    attempts: account.attempts,
    registry: () => ({
      claim: scheduler.scheduleFunction(rpc.claim),
      release: scheduler.scheduleFunction(rpc.release),
    }),
    has: () => account.revision > 0,
    now: () => clock.nowMs,
    report: () => {},
    onChange: () => Promise.resolve(),
  });
}

type Publish = { readonly by: number; readonly moves: "moves" | "is refused" | "dies" };

/** One publish, as a Project makes it; what it has published stays if its object dies. */
async function publish({ by, moves }: Publish, ownership: Ownership, world: World): Promise<void> {
  const account = world.accounts[by] as FakeAccount;
  const work = world.scheduler.scheduleFunction(async () => {
    if (moves === "is refused") return err({ reason: "stale_revision" });
    account.revision += 1;
    if (moves === "dies") throw new Error("the answer is lost");
    return ok(null);
  });
  const wanted = { ...item, account: account.name };
  await ownership.inTurn(item, () => ownership.owning(wanted, work)).catch(() => null);
}

const fate = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Fate>("answered") },
  fc.constantFrom<Fate>("answer lost", "comes late"),
);
const publishes = fc.array(
  fc.record({
    by: fc.constantFrom(0, 1),
    moves: fc.constantFrom<Publish["moves"][]>("moves", "is refused", "dies"),
  }),
  { minLength: 1, maxLength: 6 },
);
const story = fc.record({
  wanted: publishes,
  fates: fc.array(fate, { maxLength: 12 }),
  lateOrder: fc.array(fc.nat(20)),
});

describe("an id that has a revision", () => {
  it("is its account's, whatever order words come in, however late, and whoever dies", async () => {
    const run = fc.asyncProperty(fc.scheduler(), story, async (scheduler, told) => {
      const { wanted, fates, lateOrder } = told;
      const accounts = [new FakeAccount("acme"), new FakeAccount("rival")];
      const world: World = {
        registry: new FakeRegistry(),
        accounts,
        clock: { nowMs: hour },
        fates: [...fates],
        scheduler,
      };
      const objects = accounts.map((account) => ownershipOf(account, world));
      const under = wanted.map((each) => publish(each, objects[each.by] as Ownership, world));
      await scheduler.waitFor(Promise.all(under));
      deliverLate(world, lateOrder);
      // Objects have died and come back: memory is lost, what was written down is not.
      const again = accounts.map((account) => ownershipOf(account, world));
      await settle(again, world);
      deliverLate(world, lateOrder);
      const [owner, ...others] = accounts.filter(({ revision }) => revision > 0);
      expect(others).toEqual([]);
      const isOwners = owner === undefined || world.registry.claim?.account === owner.name;
      expect(isOwners).toBe(true);
      // Once nothing is on its way any more, what came to nothing is anybody's again.
      world.fates.length = 0;
      await settle(again, world);
      expect(world.registry.claim?.account).toBe(owner?.name);
    });
    await fc.assert(run, { numRuns: 2_000 });
  });
});

function deliverLate({ registry }: World, order: readonly number[]): void {
  for (const at of order) registry.late.splice(at % Math.max(1, registry.late.length), 1)[0]?.();
  for (const word of registry.late.splice(0)) word();
}

async function settle(ownerships: readonly Ownership[], world: World): Promise<void> {
  world.clock.nowMs += hour;
  for (const ownership of ownerships) await world.scheduler.waitFor(ownership.settle());
}
