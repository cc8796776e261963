// How many requests each id got in this isolate, whether or not a flag is live: what a plan
// for one is made from. A request adds one to a number that it has at hand anyway; the sums
// go to one object now and then, behind a request. What does not arrive is lost: it
// is an estimate, and must not be counted twice.
import { deliveredBeacon } from "#src/delivery/beacon.ts";
import { sampleRateUnderTrial } from "#flags/parameters.ts";
import { isDeleted, type Pointer, type PointerRecord } from "#src/delivery/pointer.ts";
import { summed, type IdTraffic } from "#flags/traffic.ts";
import { withDeadline } from "./deadline.ts";
import type { Report } from "./report.ts";
import type { RolloutRpc } from "./rollouts.ts";

export type TrafficCountsDependencies = {
  /** The object that keeps the sums of all isolates. */
  readonly sums: () => Pick<RolloutRpc, "addTraffic">;
  readonly report: Report;
};

/** An id as the isolate holds it, with its requests since they were last taken. */
type Held = { readonly pointer: PointerRecord | null; requests: number };
type Counted = Held & { readonly pointer: Pointer };

// News is wanted soon of a site that has just begun, and costs a call and a row each time.
const leastWaitMs = 20_000;
const mostWaitMs = 300_000;
const deadlineMs = 5_000;
/** Ids that one isolate tells of at a time: the busiest are what a plan is made from. */
const mostIds = 256;
/** Entries that wait at most: what memory dropped meanwhile lives on here. */
const mostWaiting = 10_000;

export class TrafficCounts {
  readonly #deps: TrafficCountsDependencies;
  #counted: Counted[] = [];
  #firstAtMs: number | undefined;
  #dueAtMs = 0;

  constructor(dependencies: TrafficCountsDependencies) {
    this.#deps = dependencies;
  }

  /** One request. Of what does not exist nothing is kept: its ids are without end. */
  add(held: Held): void {
    if (!isCounted(held)) return;
    if (held.requests === 0) this.#counted.push(held);
    held.requests += 1;
  }

  isDue(nowMs: number): boolean {
    return nowMs >= this.#dueAtMs || this.#counted.length >= mostWaiting;
  }

  /** Sends what was counted. Never rejects. */
  async flush(nowMs: number): Promise<void> {
    this.#firstAtMs ??= nowMs;
    this.#dueAtMs = nowMs + Math.min(Math.max(nowMs - this.#firstAtMs, leastWaitMs), mostWaitMs);
    const counted = this.#counted;
    if (counted.length === 0) return;
    this.#counted = [];
    const ids = summed(counted.map(trafficOf), mostIds);
    try {
      await withDeadline(this.#deps.sums().addTraffic(ids), deadlineMs, "rollout");
    } catch (error) {
      this.#deps.report("traffic_not_sent", { ids: ids.length, error });
    }
  }
}

function isCounted(held: Held): held is Counted {
  return held.pointer !== null && !isDeleted(held.pointer);
}

/** Takes an entry's requests. */
function trafficOf(entry: Counted): IdTraffic {
  const { pointer, requests } = entry;
  entry.requests = 0;
  const { kind, id, account } = pointer;
  return { kind, id, account, requests, views: requests / viewRate(pointer) };
}

/** Of how many requests one is evidence; Infinity where none is. */
function viewRate(pointer: Pointer): number {
  if (pointer.kind === "datafile") return sampleRateUnderTrial;
  return deliveredBeacon(pointer.content.beacon)?.sampleRate ?? Infinity;
}
