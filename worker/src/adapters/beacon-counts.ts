// What became of the beacons that this isolate was sent, as totals that only grow.
// Whoever keeps the pipeline's counters reads them; what an isolate had not told when
// it ended is lost with it.

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

export class BeaconCounts {
  readonly #totals = new Map<BeaconOutcome, number>(outcomes.map((outcome) => [outcome, 0]));

  add(outcome: BeaconOutcome): void {
    this.#totals.set(outcome, (this.#totals.get(outcome) ?? 0) + 1);
  }

  /** Totals since the isolate began, every outcome named. */
  totals(): Readonly<Record<BeaconOutcome, number>> {
    return Object.fromEntries(this.#totals) as Record<BeaconOutcome, number>;
  }
}
