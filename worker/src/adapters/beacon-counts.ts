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

type Totals = Readonly<Record<string, number>>;

export type BeaconCountsDependencies = {
  /** The shard that is told: one and the same for an isolate's whole life. */
  readonly shard: () => Pick<WindowRpc, "tell">;
  /** Names this isolate. */
  readonly isolate: string;
  readonly report: Report;
};

const betweenTellingsMs = 10_000;
const deadlineMs = 5_000;
/** Half of the time after which the shard takes an isolate that says nothing for one that ended. */
const silentMs = 1_800_000;

export class BeaconCounts {
  readonly #deps: BeaconCountsDependencies;
  readonly #totals = new Map<BeaconOutcome, number>(outcomes.map((outcome) => [outcome, 0]));
  #toldAtMs = 0;
  /** Totals of the last telling that arrived, and of those under a former name. */
  #told: Totals = {};
  #former: Totals = {};
  #name: string;
  #names = 1;

  constructor(dependencies: BeaconCountsDependencies) {
    this.#deps = dependencies;
    this.#name = dependencies.isolate;
  }

  add(outcome: BeaconOutcome): void {
    this.#totals.set(outcome, (this.#totals.get(outcome) ?? 0) + 1);
  }

  isDue(nowMs: number): boolean {
    return nowMs - this.#toldAtMs >= betweenTellingsMs;
  }

  /** Tells the totals. Never rejects: the next telling says all of it again. */
  async tell(nowMs: number): Promise<void> {
    const { shard, report } = this.#deps;
    if (this.#toldAtMs > 0 && nowMs - this.#toldAtMs >= silentMs) this.#beginAnew();
    this.#toldAtMs = nowMs;
    const totals = this.totals();
    const counted = Object.entries(totals)
      .map(([outcome, count]) => [outcome, count - (this.#former[outcome] ?? 0)] as const)
      .filter(([, count]) => count > 0);
    try {
      const told = shard().tell(this.#name, Object.fromEntries(counted));
      await withDeadline(told, deadlineMs, "window");
      this.#told = totals;
    } catch (error) {
      report("beacon_counts_not_told", { error });
    }
  }

  // What was told is in the shard's sum of isolates that ended, and must not be told again.
  #beginAnew(): void {
    this.#former = this.#told;
    this.#names += 1;
    this.#name = `${this.#deps.isolate}.${this.#names}`;
  }

  /** Totals since the isolate began, every outcome named. */
  totals(): Readonly<Record<BeaconOutcome, number>> {
    return Object.fromEntries(this.#totals) as Record<BeaconOutcome, number>;
  }
}
