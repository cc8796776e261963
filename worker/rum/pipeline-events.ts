// The wide events in which a shard tells of itself: what it did since it told last, and
// how each of its sinks fares. Knows no clock and keeps nothing: two readings of its
// counters come in.
import { schemaVersion, type ColumnValues } from "./columns.ts";
import type { WideEvent } from "./wide-event.ts";

/** Totals of a sink that only grow, and how it fares now. */
type SinkReading = {
  readonly name: string;
  readonly exported: number;
  readonly parked: number;
  readonly retried: number;
  readonly waiting: number;
  readonly oldestUnsentMs: number | null;
  readonly lastFailure: string;
};

/** Totals that only grow, of a shard since it was made. */
type Totals = Readonly<
  Record<
    | "taken"
    | "duplicate"
    | "shed"
    | "sealed"
    | "both"
    | "earlyOnly"
    | "lateOnly"
    | "update"
    | "delivery"
    | "deliveryDropped",
    number
  >
>;

/** A shard's counters at one moment. */
export type Reading = {
  readonly atMs: number;
  readonly counts: Totals;
  /** Beacons by what edges said became of them: totals too. */
  readonly edge: Readonly<Record<string, number>>;
  readonly openViews: number;
  readonly storedBytes: number;
  readonly sinks: readonly SinkReading[];
};

const columnOf = {
  taken: "pipeline.taken",
  duplicate: "pipeline.duplicate",
  shed: "pipeline.shed",
  sealed: "pipeline.sealed",
  both: "pipeline.both",
  earlyOnly: "pipeline.early_only",
  lateOnly: "pipeline.late_only",
  update: "pipeline.updates",
  delivery: "pipeline.deliveries",
  deliveryDropped: "pipeline.deliveries_dropped",
} as const satisfies Record<keyof Totals, keyof ColumnValues>;

/** Whether beacons or requests came between two readings. */
export function hasWorked(before: Reading | undefined, now: Reading): boolean {
  return [...grown(before, now), ...grownEdge(before, now)].some(([, count]) => count > 0);
}

/**
 * A row of the shard, one of each sink, and one of each outcome that edges told of.
 *
 * @param shard names it among all shards.
 * @param before the reading that was told of last; undefined the first time.
 */
export function pipelineEvents(
  shard: string,
  before: Reading | undefined,
  now: Reading,
): readonly WideEvent[] {
  const common = (of: string): ColumnValues => ({
    "event.id": `p-${shard}-${now.atMs}${of}`,
    "event.kind": "pipeline",
    "event.at": new Date(now.atMs).toISOString(),
    "schema.version": schemaVersion,
    "pipeline.shard": shard,
    ...(before === undefined ? {} : { "pipeline.since": new Date(before.atMs).toISOString() }),
  });
  const own: ColumnValues = {
    ...common(""),
    "pipeline.scope": "shard",
    ...Object.fromEntries(grown(before, now)),
    "pipeline.open_views": now.openViews,
    "pipeline.stored_bytes": now.storedBytes,
  };
  const sinks = now.sinks.map((sink): ColumnValues => {
    const was = before?.sinks.find(({ name }) => name === sink.name);
    return {
      ...common(`.${sink.name}`),
      "pipeline.scope": "sink",
      "pipeline.sink": sink.name,
      "pipeline.exported": sink.exported - (was?.exported ?? 0),
      "pipeline.parked": sink.parked - (was?.parked ?? 0),
      "pipeline.retried": sink.retried - (was?.retried ?? 0),
      "pipeline.waiting": sink.waiting,
      ...(sink.oldestUnsentMs === null ? {} : { "pipeline.oldest_unsent_ms": sink.oldestUnsentMs }),
      ...(sink.lastFailure === "" ? {} : { "pipeline.failure": sink.lastFailure.slice(0, 200) }),
    };
  });
  const edge = grownEdge(before, now).map(([outcome, beacons]) =>
    Object.assign(common(`:${outcome}`), {
      "pipeline.scope": "edge",
      "pipeline.outcome": outcome,
      "pipeline.beacons": beacons,
    } as const),
  );
  return [own, ...sinks, ...edge];
}

function grown(before: Reading | undefined, now: Reading): readonly (readonly [string, number])[] {
  const names = Object.keys(columnOf) as (keyof Totals)[];
  return names.map((name) => [columnOf[name], now.counts[name] - (before?.counts[name] ?? 0)]);
}

function grownEdge(
  before: Reading | undefined,
  now: Reading,
): readonly (readonly [string, number])[] {
  return Object.entries(now.edge)
    .map(([outcome, count]) => [outcome, count - (before?.edge[outcome] ?? 0)] as const)
    .filter(([, count]) => count > 0);
}
