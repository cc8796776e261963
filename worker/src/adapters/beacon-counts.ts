// What became of the beacons that this isolate was sent, as totals that only grow: told
// every ten seconds, behind a beacon, to the one shard that keeps them. Totals may be told
// twice and one telling may be lost; what an isolate had not told when it ended is gone.
import { withDeadline } from "./deadline.ts";
import type { Report } from "./report.ts";
import type { WindowRpc } from "./window-rpc.ts";

const outcomes = [
  "taken",
  "duplicate",
  "unwanted",
  "unknown_snippet",
  "rate_limited",
  "too_large",
  "interrupted",
  "not_text",
  "not_json",
  "not_a_beacon",
  "unknown_version",
  "invalid_head",
  "overloaded",
  "unavailable",
] as const;

/** `unwanted` is of a page that is not to be measured: taken with thanks, and dropped. */
export type BeaconOutcome = (typeof outcomes)[number];

export type BeaconCountsDependencies = {
  /** The shard that is told: one and the same for an isolate's whole life. */
  readonly shard: () => Pick<WindowRpc, "tell">;
  /** Names this isolate. */
  readonly isolate: string;
  readonly report: Report;
};

const betweenTellingsMs = 10_000;
const deadlineMs = 5_000;

export class BeaconCounts {
  readonly #deps: BeaconCountsDependencies;
  readonly #totals = new Map<BeaconOutcome, number>(outcomes.map((outcome) => [outcome, 0]));
  #toldAtMs = 0;

  constructor(dependencies: BeaconCountsDependencies) {
    this.#deps = dependencies;
  }

  add(outcome: BeaconOutcome): void {
    this.#totals.set(outcome, (this.#totals.get(outcome) ?? 0) + 1);
  }

  isDue(nowMs: number): boolean {
    return nowMs - this.#toldAtMs >= betweenTellingsMs;
  }

  /** Tells the totals. Never rejects: the next telling says all of it again. */
  async tell(nowMs: number): Promise<void> {
    this.#toldAtMs = nowMs;
    const { shard, isolate, report } = this.#deps;
    const counted = Object.entries(this.totals()).filter(([, count]) => count > 0);
    try {
      const told = shard().tell(isolate, Object.fromEntries(counted));
      await withDeadline(told, deadlineMs, "window");
    } catch (error) {
      report("beacon_counts_not_told", { error });
    }
  }

  /** Totals since the isolate began, every outcome named. */
  totals(): Readonly<Record<BeaconOutcome, number>> {
    return Object.fromEntries(this.#totals) as Record<BeaconOutcome, number>;
  }
}
