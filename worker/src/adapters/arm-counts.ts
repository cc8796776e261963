// How many requests each arm of each flag got, unsampled, and how many of them are visits:
// what beacons are held against. Summed here, by kind of delivery and by the bucket of the unit that was assigned,
// and sent as totals every twenty seconds, never one by one.
import type { ArmOfFlag } from "#flags/assignment.ts";
import { visitorBuckets } from "#flags/token.ts";
import { unitBucket } from "#src/canary/trial.ts";
import type { PointerKind } from "#src/delivery/pointer.ts";
import { withDeadline } from "./deadline.ts";
import type { Report } from "./report.ts";
import type { ArmCount, CountBatch, RolloutRpc } from "./rollouts.ts";

export type ArmCountsDependencies = {
  /** The object that keeps a flag's counts. */
  readonly rollout: (flag: string) => Pick<RolloutRpc, "count">;
  /** Names this isolate. */
  readonly isolate: string;
  readonly report: Report;
};

// Every flush is a call and some rows for every live flag.
const betweenFlushesMs = 20_000;
const deadlineMs = 5_000;

/** What is asked for, and whether it is held against arrivals. */
type Counting = { readonly kind: PointerKind; readonly isVisit: boolean };

/** Who asks, as far as counting needs to know. */
type Asking = {
  readonly named: { readonly bucket: number } | undefined;
  readonly context: { readonly [unit: string]: unknown };
};

/** Visits by the bucket of their unit, then those whose unit nobody knows, then all requests. */
type Buckets = Float64Array;
const nowhere = visitorBuckets;
const requestsAt = visitorBuckets + 1;
/** Units whose buckets are remembered: a hash of their name costs more than all else here. */
const mostKnown = 10_000;

type Pending = { readonly flag: string; readonly batch: CountBatch };

export class ArmCounts {
  readonly #deps: ArmCountsDependencies;
  #counts = newCounts();
  readonly #known = new Map<string, number>();
  #flushedAtMs = 0;
  #seq = 0;
  #isFlushing = false;
  /** Batches that have not arrived yet, each under the number that it was sent with. */
  #pending: readonly Pending[] = [];

  constructor(dependencies: ArmCountsDependencies) {
    this.#deps = dependencies;
  }

  /** One request. Only what `isVisit` is held against arrivals. */
  add(arms: readonly ArmOfFlag[], { kind, isVisit }: Counting, asking: Asking): void {
    const byArm = this.#counts[kind];
    for (const arm of arms) {
      let buckets = byArm.get(arm);
      if (buckets === undefined) byArm.set(arm, (buckets = new Float64Array(visitorBuckets + 2)));
      buckets[requestsAt] = (buckets[requestsAt] ?? 0) + 1;
      if (!isVisit) continue;
      const at = this.#bucketOf(arm.unit, asking);
      buckets[at] = (buckets[at] ?? 0) + 1;
    }
  }

  // The same bucket as evidence has it, or pages could not be held against requests.
  #bucketOf(unit: ArmOfFlag["unit"], { named, context }: Asking): number {
    if (unit === "visitor" || unit === "request") return named?.bucket ?? nowhere;
    const name = context[unit];
    if (typeof name !== "string") return nowhere;
    let bucket = this.#known.get(name);
    if (bucket === undefined) {
      if (this.#known.size >= mostKnown) this.#known.clear();
      this.#known.set(name, (bucket = unitBucket(name)));
    }
    return bucket;
  }

  isDue(nowMs: number): boolean {
    return nowMs - this.#flushedAtMs >= betweenFlushesMs && !this.#isFlushing;
  }

  /** Sends what was counted, unless that is under way: for those who are about to read the sums. */
  async settle(nowMs: number): Promise<void> {
    if (!this.#isFlushing) await this.flush(nowMs);
  }

  /** Sends what was counted. Never rejects: what does not arrive is sent again, and counts once. */
  async flush(nowMs: number): Promise<void> {
    this.#isFlushing = true;
    this.#flushedAtMs = nowMs;
    const batches = [...this.#pending, ...this.#take()];
    try {
      const sent = await Promise.all(batches.map((pending) => this.#send(pending)));
      this.#pending = sent.filter((each) => each !== undefined).slice(-mostPending);
    } finally {
      this.#isFlushing = false;
    }
  }

  #take(): readonly Pending[] {
    const counts = this.#counts;
    this.#counts = newCounts();
    const byFlag = new Map<string, ArmCount[]>();
    const note = (flag: string, count: ArmCount): void => {
      const list = byFlag.get(flag);
      if (list === undefined) byFlag.set(flag, [count]);
      else list.push(count);
    };
    for (const kind of ["snippet", "datafile"] as const) {
      for (const [{ flag, code, arm, stage, attempt, sharePpm }, counted] of counts[kind]) {
        const requests = counted[requestsAt] ?? 0;
        const visits = counted.subarray(0, requestsAt).reduce((sum, each) => sum + each, 0);
        const buckets = Array.from(counted.subarray(0, visitorBuckets));
        note(`${flag}:${code}`, { kind, arm, stage, attempt, sharePpm, requests, visits, buckets });
      }
    }
    this.#seq += 1;
    const { isolate } = this.#deps;
    const seq = this.#seq;
    return [...byFlag].map(([flag, list]) => ({ flag, batch: { isolate, seq, counts: list } }));
  }

  async #send(pending: Pending): Promise<Pending | undefined> {
    const { flag, batch } = pending;
    try {
      await withDeadline(this.#deps.rollout(flag).count(batch), deadlineMs, "rollout");
      return undefined;
    } catch (error) {
      this.#deps.report("counts_not_sent", { flag, seq: batch.seq, error });
      return pending;
    }
  }
}

// An outage of hours must not fill the memory: the oldest counts go first.
const mostPending = 200;

function newCounts(): Readonly<Record<PointerKind, Map<ArmOfFlag, Buckets>>> {
  return { snippet: new Map(), datafile: new Map() };
}
