// The flags as this isolate knows them. A request reads memory; a refresh goes on
// behind it every five seconds: the colo's copy, else the Registry, else KV. What
// was good last stays until something newer comes; before anything came,
// everything is stable.
import * as v from "valibot";
import { compilePlan, type Plan } from "#flags/plan.ts";
import { signingKeyFrom, type SigningKey } from "#flags/signature.ts";
import { parseSnapshot, safeSnapshot, type Snapshot } from "#flags/snapshot.ts";
import type { Background } from "./background.ts";
import { withDeadline } from "./deadline.ts";
import type { FlagRegistryRpc } from "./flag-registry.ts";
import type { KeyWrap, Opened } from "./key-wrap.ts";
import type { Report } from "./report.ts";

/** Where a snapshot was read; `default` before any was. */
export type SnapshotSource = "registry" | "colo" | "kv" | "default";

/** A snapshot, ready to be asked. Replaced as a whole, never changed. */
export type HeldSnapshot = {
  readonly snapshot: Snapshot;
  readonly plan: Plan;
  /** Newest first; empty before any snapshot came. */
  readonly keys: readonly SigningKey[];
  /** Accounts whose pages are not measured. */
  readonly muted: ReadonlySet<string>;
};

export type SnapshotStatus = {
  readonly epoch: number;
  readonly edition: number;
  /** How old the Registry's last word is; null before the first. */
  readonly ageMs: number | null;
  readonly source: SnapshotSource;
};

export type SnapshotStores = {
  readonly kv: KVNamespace;
  /** The colo's own cache, opened anew for each use. */
  readonly colo: () => Promise<Cache>;
  readonly registry: () => Pick<FlagRegistryRpc, "snapshot">;
  readonly report: Report;
  /** What colo and KV hold in place of keys. */
  readonly keyWrap: KeyWrap;
  /** Called with every new snapshot, in the order in which they are taken over. */
  readonly onTaken: (snapshot: Snapshot) => void;
};

type Ask = { readonly nowMs: number; readonly background: Background };

const refreshMs = 5_000;
const retryMs = 2_000;
// An isolate that nobody asked for so long may hold a flag that was killed
// meanwhile: then one moment of waiting is worth it, if only one.
const sleptMs = 10_000;
const wakeMs = 300;
const coloFreshMs = 2_000;
const clockSkewMs = 1_000;
const coloKeepS = 600;
const deadlineMs = { colo: 300, registry: 700, kv: 700 } as const;
// The first request of an isolate has nothing to fall back on but the default.
const firstMs = deadlineMs.colo + deadlineMs.registry + deadlineMs.kv;
const kvCacheTtlS = 30;

/** Where the snapshot's copy for the edge lives in KV. */
export const snapshotKvKey = "snapshot";
const coloUrl = "https://colo.invalid/snapshot";

const none: HeldSnapshot = {
  snapshot: safeSnapshot,
  plan: compilePlan([]),
  keys: [],
  muted: new Set(),
};

export class Snapshots {
  readonly #stores: SnapshotStores;
  #held = none;
  #text = "";
  /** The text as stores may hold it; undefined until it is needed. */
  #sealed: string | undefined;
  #source: SnapshotSource = "default";
  /** When the Registry last said so, directly or through the colo's copy, ms since the epoch. */
  #confirmedAtMs = 0;
  #attemptedAtMs = 0;
  #dueAtMs = 0;
  /** The refresh that requests wait for, if any does. */
  #awaited: Promise<void> | undefined;

  constructor(stores: SnapshotStores) {
    this.#stores = stores;
  }

  /**
   * The snapshot at hand, at once; a promise of one for an isolate's first requests,
   * and for the first after a sleep. It neither rejects nor takes long.
   */
  current(ask: Ask): HeldSnapshot | Promise<HeldSnapshot> {
    const { nowMs, background } = ask;
    // A clock that was set back must not put the next refresh off for as long.
    const wentBack = nowMs < this.#attemptedAtMs - clockSkewMs;
    if (nowMs < this.#dueAtMs && !wentBack) {
      return this.#awaited === undefined ? this.#held : this.#wait(this.#awaited);
    }
    if (wentBack) this.#confirmedAtMs = Math.min(this.#confirmedAtMs, nowMs);
    const slept = nowMs - this.#attemptedAtMs >= sleptMs;
    this.#attemptedAtMs = nowMs;
    this.#dueAtMs = nowMs + retryMs;
    const refreshed = this.#refresh(ask);
    background.waitUntil(refreshed);
    if (!slept) return this.#held;
    this.#awaited = refreshed.finally(() => {
      this.#awaited = undefined;
    });
    return this.#wait(this.#awaited);
  }

  /** What is held and how well it is known, for people. */
  status(nowMs: number): SnapshotStatus {
    const { epoch, edition } = this.#held.snapshot;
    const ageMs = this.#confirmedAtMs === 0 ? null : Math.max(nowMs - this.#confirmedAtMs, 0);
    return { epoch, edition, ageMs, source: this.#source };
  }

  async #wait(refreshed: Promise<void>): Promise<HeldSnapshot> {
    try {
      await withDeadline(refreshed, this.#held === none ? firstMs : wakeMs, "snapshot");
    } catch {
      // What is held will do. The stores' own failures are reported where they happen.
    }
    return this.#held;
  }

  /** Never rejects. */
  async #refresh(ask: Ask): Promise<void> {
    const { nowMs } = ask;
    const copy = await this.#tryTo("colo", () => this.#readColo(nowMs));
    if (copy !== undefined && nowMs - copy.confirmedAtMs < coloFreshMs) {
      if (this.#take("colo", copy)) return;
    }
    const told = await this.#tryTo("registry", () => this.#askRegistry(nowMs));
    if (told !== undefined && this.#take("registry", told)) {
      ask.background.waitUntil(this.#keepInColo());
      return;
    }
    if (copy !== undefined) this.#take("colo", copy);
    const stored = await this.#tryTo("kv", () => this.#readKv());
    if (stored !== undefined) this.#take("kv", stored);
  }

  async #tryTo<T>(
    source: Exclude<SnapshotSource, "default">,
    read: () => Promise<T>,
  ): Promise<T | undefined> {
    try {
      return await withDeadline(read(), deadlineMs[source], source);
    } catch (error) {
      this.#stores.report("snapshot_read_failed", { source, error });
      return undefined;
    }
  }

  /** False for a text that is not to be read: the next source may have a better one. */
  #take(source: Exclude<SnapshotSource, "default">, told: Told): boolean {
    const { text, edition, confirmedAtMs } = told;
    const held = this.#held.snapshot.edition;
    if (text !== null && edition > held && !this.#hold(source, { ...told, text })) return false;
    if (edition >= held) {
      this.#source = source;
      this.#confirmedAtMs = Math.max(this.#confirmedAtMs, confirmedAtMs);
      if (confirmedAtMs > 0) this.#dueAtMs = Math.max(this.#dueAtMs, confirmedAtMs + refreshMs);
    }
    return true;
  }

  #hold(
    source: Exclude<SnapshotSource, "default">,
    { text, keys, sealed }: Told & { readonly text: string },
  ): boolean {
    const parsed = parseSnapshot(text);
    if (!parsed.ok) {
      this.#stores.report("snapshot_refused", { source, issues: parsed.error.issues.slice(0, 3) });
      return false;
    }
    const { snapshot: read, faults } = parsed.value;
    const snapshot = keys === undefined ? read : { ...read, signingKeys: [...keys] };
    if (faults.length > 0) this.#stores.report("rollouts_left_out", { faults: faults.slice(0, 3) });
    const muted = new Set(snapshot.mutedAccounts);
    this.#held = { snapshot, plan: this.#planOf(snapshot), keys: keysOf(snapshot), muted };
    this.#sealed = sealed;
    this.#text = text;
    this.#stores.onTaken(snapshot);
    return true;
  }

  // A pointer that moves makes a new edition many times a minute; flags do not.
  #planOf(snapshot: Snapshot): Plan {
    const { snapshot: before, plan } = this.#held;
    if (before.epoch === snapshot.epoch && this.#held !== none) return plan;
    const compiled = compilePlan(snapshot.rollouts);
    if (compiled.faults.length > 0)
      this.#stores.report("flags_left_out", { flags: compiled.faults });
    return compiled;
  }

  async #askRegistry(nowMs: number): Promise<Told> {
    const answer = await this.#stores.registry().snapshot(this.#held.snapshot.edition);
    return { ...answer, ...inClear, confirmedAtMs: nowMs };
  }

  async #readColo(nowMs: number): Promise<Told | undefined> {
    const colo = await this.#stores.colo();
    const copy = await colo.match(coloUrl);
    if (copy === undefined) return undefined;
    const { edition, confirmedAtMs } = v.parse(coloFields, Object.fromEntries(copy.headers));
    const isNews = edition > this.#held.snapshot.edition;
    // A clock that ran ahead must not make a copy look fresh for as long as it did.
    const isCredible = confirmedAtMs <= nowMs + clockSkewMs;
    return {
      edition,
      confirmedAtMs: isCredible ? Math.min(confirmedAtMs, nowMs) : 0,
      ...(isNews ? await this.#open(await copy.text()) : { text: null, ...inClear }),
    };
  }

  async #readKv(): Promise<Told | undefined> {
    const stored = await this.#stores.kv.getWithMetadata(snapshotKvKey, {
      type: "text",
      cacheTtl: kvCacheTtlS,
    });
    if (stored.value === null) return undefined;
    const { edition } = v.parse(kvMetadata, stored.metadata);
    return { edition, ...(await this.#open(stored.value)), confirmedAtMs: 0 };
  }

  async #open(sealed: string): Promise<Opened & Pick<Told, "sealed">> {
    const opened = await this.#stores.keyWrap.open(sealed);
    // What an earlier deploy stored is in clear, and is not stored so again.
    return { ...opened, sealed: opened.keys === undefined ? undefined : sealed };
  }

  async #keepInColo(): Promise<void> {
    try {
      const { edition } = this.#held.snapshot;
      const headers = {
        "cache-control": `max-age=${coloKeepS}`,
        "x-edition": String(edition),
        "x-confirmed-at-ms": String(this.#confirmedAtMs),
      };
      this.#sealed ??= await this.#stores.keyWrap.seal(this.#text, this.#held.snapshot.signingKeys);
      const colo = await this.#stores.colo();
      await colo.put(coloUrl, new Response(this.#sealed, { headers }));
    } catch (error) {
      this.#stores.report("colo_write_failed", { key: "snapshot", error });
    }
  }
}

type Told = {
  readonly edition: number;
  /** Null where the one held is no older. */
  readonly text: string | null;
  /** The keys that were wrapped beside the text; undefined where they are in it. */
  readonly keys: readonly string[] | undefined;
  /** How it was stored; undefined where that was in clear. */
  readonly sealed: string | undefined;
  /** When the Registry said so; 0 where it may be long ago. */
  readonly confirmedAtMs: number;
};

const inClear = { keys: undefined, sealed: undefined };

const wholeNumber = v.pipe(v.string(), v.regex(/^\d+$/), v.transform(Number));
const coloFields = v.pipe(
  v.object({ "x-edition": wholeNumber, "x-confirmed-at-ms": wholeNumber }),
  v.transform((fields) => ({
    edition: fields["x-edition"],
    confirmedAtMs: fields["x-confirmed-at-ms"],
  })),
);
const kvMetadata = v.object({ edition: v.number() });

function keysOf({ signingKeys }: Snapshot): readonly SigningKey[] {
  return signingKeys.map(signingKeyFrom);
}
