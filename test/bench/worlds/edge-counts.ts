// What the edge counted of the requests in arms, and what of it has been told: isolates send
// their sums every twenty seconds, so that the newest are always missing.
import type { Arm } from "#flags/arms.ts";
import {
  slotMs,
  slotsKept,
  wholeAttempt,
  type CountedArm,
  type CountedBuckets,
} from "#src/canary/assignments.ts";

type Request = {
  readonly kind: CountedArm["kind"];
  readonly arm: Arm;
  readonly sharePpm: number;
  readonly atMs: number;
  readonly bucket: number;
  /** Who asks, where each of them counts once in a slot; undefined where every request does. */
  readonly visitor?: string;
};

type Told = { readonly counts: readonly CountedArm[]; readonly buckets: readonly CountedBuckets[] };

const flushMs = 20_000;

export class EdgeCounts {
  readonly #counts = new Map<string, Omit<CountedArm, "visits"> & { visits: number }>();
  readonly #buckets = new Map<string, Omit<CountedBuckets, "buckets"> & { buckets: number[] }>();
  readonly #visitors = new Set<string>();
  #slot = 0;
  #pending: Request[] = [];

  add(request: Request): void {
    const { visitor, atMs } = request;
    const slot = Math.floor(atMs / slotMs);
    if (slot !== this.#slot) this.#visitors.clear();
    this.#slot = slot;
    if (visitor !== undefined && this.#visitors.has(visitor)) return;
    if (visitor !== undefined) this.#visitors.add(visitor);
    this.#pending.push(request);
  }

  /** Everything that was told by a time. */
  told(nowMs: number): Told {
    const due = nowMs - flushMs;
    const late = this.#pending.filter(({ atMs }) => atMs > due);
    for (const request of this.#pending) {
      if (request.atMs <= due) this.#note(request, Math.floor((request.atMs + flushMs) / slotMs));
    }
    this.#pending = late;
    const oldest = Math.floor(nowMs / slotMs) - slotsKept;
    for (const [key, { slot }] of this.#buckets) {
      if (slot !== wholeAttempt && slot < oldest) this.#buckets.delete(key);
    }
    return { counts: [...this.#counts.values()], buckets: [...this.#buckets.values()] };
  }

  #note({ kind, arm, sharePpm, bucket }: Request, now: number): void {
    const key = `${kind} ${arm} ${sharePpm}`;
    const row = this.#counts.get(key) ?? { kind, arm, attempt: 1, sharePpm, visits: 0 };
    row.visits += 1;
    this.#counts.set(key, row);
    for (const slot of [wholeAttempt, now]) {
      const name = `${kind} ${arm} ${slot}`;
      const fresh = { kind, arm, attempt: 1, slot, buckets: Array<number>(64).fill(0) };
      const known = this.#buckets.get(name) ?? fresh;
      known.buckets[bucket] = (known.buckets[bucket] ?? 0) + 1;
      this.#buckets.set(name, known);
    }
  }
}
