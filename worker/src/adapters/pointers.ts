// What every id stands for, as this isolate knows it. A pointer once known is
// never forgotten for want of a store: it is refreshed in the background, and an
// older revision or a missing record never replaces it. A deleted id leaves a record
// of its own, so "absent" after "present" is a store lagging behind.
import * as v from "valibot";
import { Lru } from "#base/lru.ts";
import { err, ok, type Result } from "#base/result.ts";
import type { PointerKind, PointerRecord } from "#src/delivery/pointer.ts";
import type { Background } from "./background.ts";
import { withDeadline } from "./deadline.ts";
import { recordSchema } from "./pointer-schema.ts";
import type { Report } from "./report.ts";

/** One id in isolate memory. `pointer` is null where the store knows no such id. */
export type KnownPointer = {
  readonly pointer: PointerRecord | null;
  /** When a store last confirmed it, ms since the epoch; 0 for a copy kept from an outage. */
  readonly confirmedAtMs: number;
};

/**
 * The same with when a store was last asked, changed here alone, and the requests that
 * `TrafficCounts` has not taken yet.
 */
export type HeldPointer = KnownPointer & {
  confirmedAtMs: number;
  attemptedAtMs: number;
  requests: number;
};

export type PointerStores = {
  readonly kv: KVNamespace;
  /** The colo's own cache, opened anew for each use. */
  readonly colo: () => Promise<Cache>;
  readonly report: Report;
};

export type PointerRequest = {
  readonly kind: PointerKind;
  readonly id: string;
  readonly nowMs: number;
  readonly background: Background;
};

const maxPointers = 10_000;
// Whoever asks for ids that nobody has pushes out others of these, never what is served.
const maxUnknown = 10_000;
const deadlineMs = 2_000;
// An isolate that slept may hold an hour-old pointer. Where nobody asked for it so
// long, one request waits for the store, briefly. Under load nobody does: a store
// that hangs is then known to, since somebody tried it a moment ago.
const sleptMs = 10_000;
const waitMs = 300;
const retryMs = 2_000;
const kvCacheTtlS = 30;
const coloKeepS = 86_400;

export class Pointers {
  readonly #stores: PointerStores;
  // By kind and id: a key that joins the two would have to be made and hashed for every request.
  readonly #memory: Readonly<Record<PointerKind, Lru<HeldPointer>>> = {
    snippet: new Lru(maxPointers),
    datafile: new Lru(maxPointers),
  };

  readonly #unknown: Readonly<Record<PointerKind, Lru<HeldPointer>>> = {
    snippet: new Lru(maxUnknown),
    datafile: new Lru(maxUnknown),
  };

  /** What was learnt last, also of ids that nobody asked for here yet: a few hundred at most. */
  readonly #news = new Map<string, PointerRecord>();

  constructor(stores: PointerStores) {
    this.#stores = stores;
  }

  /** What memory holds, however old: `mustWait` tells whether it will do. */
  held(kind: PointerKind, id: string): HeldPointer | undefined {
    return this.#memory[kind].get(id) ?? this.#unknown[kind].get(id);
  }

  /**
   * Takes over records that came another way, newer than what KV may still say.
   * What is no record is left out.
   * @param pointers all that came that way lately, in the place of those of the last call.
   */
  learn(pointers: readonly unknown[], nowMs: number): void {
    this.#news.clear();
    for (const each of pointers) {
      const parsed = v.safeParse(recordSchema, each);
      if (!parsed.success) continue;
      const pointer = parsed.output;
      this.#news.set(kvKey(pointer.kind, pointer.id), pointer);
      const held = this.held(pointer.kind, pointer.id);
      if (held === undefined || (held.pointer?.revision ?? 0) >= pointer.revision) continue;
      const times = { confirmedAtMs: nowMs, attemptedAtMs: nowMs };
      this.#hold(pointer, { pointer, ...times, requests: 0 });
    }
  }

  /** Whether a request must ask `load` for what it holds. Starts a refresh behind it where one is due. */
  mustWait(held: HeldPointer, request: PointerRequest, freshMs: number): boolean {
    const { nowMs } = request;
    if (nowMs - held.confirmedAtMs < freshMs || nowMs - held.attemptedAtMs < retryMs) return false;
    if (nowMs - held.attemptedAtMs >= sleptMs) return true;
    held.attemptedAtMs = nowMs;
    request.background.waitUntil(this.load(request));
    return false;
  }

  /** Asks KV, then memory, then the colo's last copy. Fails only where none of them ever had an answer. */
  async load(request: PointerRequest): Promise<Result<HeldPointer, { reason: "unavailable" }>> {
    const { kind, id, nowMs } = request;
    const held = this.held(kind, id);
    if (held !== undefined) held.attemptedAtMs = nowMs;
    const read = this.#readKv(request);
    try {
      const stored = await withDeadline(read, held === undefined ? deadlineMs : waitMs, "kv");
      const pointer = this.#newer(request, stored);
      return ok(this.#remember(request, { pointer, confirmedAtMs: nowMs }));
    } catch (error) {
      this.#stores.report("pointer_read_failed", { kind, id, error });
    }
    if (held !== undefined) return ok(held);
    const pointer = await this.#readColo(request);
    if (pointer === null) return err({ reason: "unavailable" });
    return ok(this.#remember(request, { pointer, confirmedAtMs: 0 }));
  }

  #newer({ kind, id }: PointerRequest, stored: PointerRecord | null): PointerRecord | null {
    const news = this.#news.get(kvKey(kind, id));
    return (news?.revision ?? 0) > (stored?.revision ?? 0) ? (news ?? stored) : stored;
  }

  #remember(request: PointerRequest, known: KnownPointer): HeldPointer {
    const { kind, id } = request;
    const held = this.held(kind, id);
    if (held?.pointer && (known.pointer?.revision ?? 0) <= held.pointer.revision) {
      held.confirmedAtMs = Math.max(held.confirmedAtMs, known.confirmedAtMs);
      return held;
    }
    const entry = { ...known, attemptedAtMs: request.nowMs, requests: 0 };
    this.#hold(request, entry);
    if (known.pointer && known.confirmedAtMs > 0) {
      request.background.waitUntil(this.#keepInColo(known.pointer));
    }
    return entry;
  }

  #hold({ kind, id }: Pick<PointerRequest, "kind" | "id">, entry: HeldPointer): void {
    if (entry.pointer === null) {
      this.#unknown[kind].set(id, entry);
      return;
    }
    this.#unknown[kind].delete(id);
    this.#memory[kind].set(id, entry);
  }

  async #readKv({ kind, id }: PointerRequest): Promise<PointerRecord | null> {
    const stored = await this.#stores.kv.get(kvKey(kind, id), {
      type: "json",
      cacheTtl: kvCacheTtlS,
    });
    return stored === null ? null : v.parse(recordSchema, stored);
  }

  async #readColo({ kind, id }: PointerRequest): Promise<PointerRecord | null> {
    try {
      const read = this.#stores.colo().then((colo) => colo.match(coloKey(kind, id)));
      const stored = await withDeadline(read, deadlineMs, "colo");
      return stored === undefined ? null : v.parse(recordSchema, await stored.json());
    } catch (error) {
      this.#stores.report("pointer_colo_read_failed", { kind, id, error });
      return null;
    }
  }

  async #keepInColo(pointer: PointerRecord): Promise<void> {
    try {
      const headers = { "cache-control": `max-age=${coloKeepS}` };
      const copy = new Response(JSON.stringify(pointer), { headers });
      const colo = await this.#stores.colo();
      await colo.put(coloKey(pointer.kind, pointer.id), copy);
    } catch (error) {
      this.#stores.report("colo_write_failed", { kind: pointer.kind, id: pointer.id, error });
    }
  }
}

/** Where a pointer's copy for the edge lives in KV. */
export const kvKey = (kind: PointerKind, id: string): string => `pointer:${kind}:${id}`;

const coloKey = (kind: PointerKind, id: string): string =>
  `https://colo.invalid/pointer/${kind}/${id}`;
