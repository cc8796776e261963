// What one `Window` object answers, to the edge and to the control API.
import type { Ring } from "#rum/window/ring.ts";

/** Beacons of one shard, as the edge gathered them. */
export type TakeCall = {
  /** The name that the edge knows the shard by. */
  readonly shard: string;
  /** The ring that the edge placed them by. */
  readonly ring: Ring;
  /** Take only beacons of views that the shard knows: others are at home elsewhere. */
  readonly onlyKnown: boolean;
  /** As `encodeReceived` wrote them, joined with commas. */
  readonly beacons: string;
  readonly count: number;
};

/** What became of a beacon: taken, a duplicate, shed, or at home in another shard. */
export type Fate = "t" | "d" | "s" | "m";

export type TakeAnswer = {
  /** A `Fate` for each beacon, in their order. */
  readonly fates: string;
  /** The newest ring that the shard has heard of. */
  readonly ring: Ring;
  /** When to come again with those that were shed. */
  readonly retryAfterS: number;
};

/** Sampled deliveries of one isolate. */
export type DeliverCall = {
  /** A list of wide events, as JSON. */
  readonly events: string;
  /** Events that were lost on their way since the last call. */
  readonly dropped: number;
};

/** What became of a shard's beacons and events since it was made. */
export type ShardCounts = {
  /** Beacons in the log or once in it, and those that came again. */
  readonly taken: number;
  readonly duplicate: number;
  /** Beacons that the shard let go because it was overloaded. */
  readonly shed: number;
  /** Beacons in events. */
  readonly sealed: number;
  /** Events by what they are made of. */
  readonly both: number;
  readonly earlyOnly: number;
  readonly lateOnly: number;
  readonly update: number;
  /** Events of sampled deliveries, and those that never arrived. */
  readonly delivery: number;
  readonly deliveryDropped: number;
  /** Events in which the shard told of itself. */
  readonly pipeline: number;
};

export type SinkCounts = {
  readonly name: string;
  /** Events since the sink was there: exported, waiting and parked ones together. */
  readonly events: number;
  readonly exported: number;
  readonly waiting: number;
  readonly parked: number;
  readonly retried: number;
  readonly oldestUnsentMs: number | null;
  readonly lastFailure: string;
};

/** One shard at one moment. */
export type ShardView = {
  readonly shard: string;
  readonly counts: ShardCounts;
  /** Beacons in views that are open. */
  readonly openBeacons: number;
  readonly openViews: number;
  readonly sinks: readonly SinkCounts[];
  readonly storedBytes: number;
  /** What edges told this shard of the beacons that they were sent, by outcome. */
  readonly edge: Readonly<Record<string, number>>;
  /** Since the object began: rows of its database and alarms, which are rows too. */
  readonly rowsWritten: number;
  readonly alarmsSet: number;
};

export type WindowRpc = {
  /** Answers once the beacons are durable. */
  take(call: TakeCall): Promise<TakeAnswer>;
  /** Notes an isolate's totals, which replace what it told before. */
  tell(isolate: string, totals: Readonly<Record<string, number>>): Promise<void>;
  /** Answers once the events are durable. The same call twice makes the same events twice. */
  deliver(call: DeliverCall): Promise<void>;
  /** @param shard the name that the asker knows it by. */
  view(shard: string): Promise<ShardView>;
};
