// An account as a whole: what it has, what it may have, and its end. It ends and comes back in
// one turn, so that what the Registry says of it and what its ids say never contradict each other.
import { withDeadline } from "#src/adapters/deadline.ts";
import type { AccountUsage, Closed, OwnQuotas } from "#src/adapters/projects.ts";
import type { RegistryRpc } from "#src/adapters/registry.ts";
import { tombstoneOf, type PointerRecord } from "#src/delivery/pointer.ts";
import type { Quotas } from "#src/delivery/quota.ts";
import type { PointerTable } from "./pointer-table.ts";
import { Turns } from "./turns.ts";

export type AccountDependencies = {
  readonly table: PointerTable;
  readonly registry: () => Pick<RegistryRpc, "deleteAccount" | "restoreAccount">;
  /** What holds where nothing was set for the account alone. */
  readonly usualQuotas: Quotas;
  readonly now: () => number;
  /** Called when records have changed; resolves once their copies are written or put off. */
  readonly onMoved: (moved: readonly PointerRecord[]) => Promise<void>;
};

const deadlineMs = 5_000;
const turn = "account";

export class Account {
  readonly #deps: AccountDependencies;
  readonly #turns = new Turns();

  constructor(dependencies: AccountDependencies) {
    this.#deps = dependencies;
  }

  get quotas(): Quotas {
    const { table, usualQuotas } = this.#deps;
    return { ...usualQuotas, ...table.account.setting().quotas };
  }

  usage(): AccountUsage {
    const { table, now } = this.#deps;
    return {
      snippets: table.heads("snippet").length,
      datafiles: table.heads("datafile").length,
      bytes: table.account.bytes(),
      publishesLastHour: table.account.publishesAtMs(now()).length,
      quotas: this.quotas,
      own: table.account.setting().quotas,
    };
  }

  setQuotas(own: OwnQuotas): AccountUsage {
    const { account } = this.#deps.table;
    const all = Object.entries({ ...account.setting().quotas, ...own });
    account.set({ quotas: Object.fromEntries(all.filter(([, most]) => most !== null)) });
    return this.usage();
  }

  /** Deletes every id, and lets nothing be published from now on. */
  close(name: string): Promise<Closed> {
    const { table, registry, now, onMoved } = this.#deps;
    return this.#turns.take(turn, async () => {
      // First nothing new can come, then what is there goes.
      const tokens = await withDeadline(registry().deleteAccount(name), deadlineMs, "registry");
      const heads = [...table.heads("snippet"), ...table.heads("datafile")];
      const tombstones = heads.map((each) => tombstoneOf(each, now()));
      table.account.set({ isClosed: true });
      table.bury(tombstones);
      await onMoved(tombstones);
      return { ids: tombstones.length, tokens };
    });
  }

  /** Lets it publish again; what was deleted stays so. */
  reopen(name: string): Promise<AccountUsage> {
    const { table, registry } = this.#deps;
    return this.#turns.take(turn, async () => {
      // Until the Registry knows, it refuses whatever is published.
      table.account.set({ isClosed: false });
      await withDeadline(registry().restoreAccount(name), deadlineMs, "registry");
      return this.usage();
    });
  }
}
