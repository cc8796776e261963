// The pipeline's counters: what the edge was sent and what each shard made of it, added
// up. Every beacon is accounted for; what is not is told as a number that should be 0.
import { homesOf, type Home, type Ring } from "#rum/window/ring.ts";
import type { ShardView, SinkCounts, WindowRpc } from "./window-rpc.ts";

/** A sink over all shards. */
type SinkSums = Omit<SinkCounts, "name"> & {
  readonly name: string;
  /** Events that are neither exported nor parked nor waiting. */
  readonly unaccounted: number;
};

export type Pipeline = {
  /** What became of the beacons that edges were sent, by outcome: what they told so far. */
  readonly edge: Readonly<Record<string, number>>;
  /** Beacons that shards took: in the log, durable. */
  readonly taken: number;
  readonly duplicate: number;
  readonly shed: number;
  readonly open: number;
  readonly sealed: number;
  /** Beacons taken that are no duplicate and in no view, open or sealed. */
  readonly unaccounted: number;
  /** Events by what they are made of. */
  readonly events: Readonly<
    Record<"both" | "earlyOnly" | "lateOnly" | "update" | "delivery" | "pipeline", number>
  >;
  /** Sampled deliveries that never arrived. */
  readonly deliveryDropped: number;
  readonly openViews: number;
  readonly sinks: readonly SinkSums[];
  readonly shards: readonly ShardView[];
};

/** Asks every shard of a ring that has taken anything. Rejects where one does not answer. */
export async function readPipeline(
  ring: Ring,
  window: (home: Home) => Pick<WindowRpc, "view">,
): Promise<Pipeline> {
  const views = await Promise.all(homesOf(ring).map((home) => window(home).view(home.shard)));
  const shards = views.filter(
    ({ counts, edge }) =>
      counts.taken + counts.delivery + counts.deliveryDropped > 0 || Object.keys(edge).length > 0,
  );
  const total = (of: (view: ShardView) => number): number => sum(shards.map(of));
  const taken = total(({ counts }) => counts.taken);
  const duplicate = total(({ counts }) => counts.duplicate);
  const open = total(({ openBeacons }) => openBeacons);
  const sealed = total(({ counts }) => counts.sealed);
  return {
    edge: sumsByName(shards.map(({ edge }) => edge)),
    taken,
    duplicate,
    shed: total(({ counts }) => counts.shed),
    open,
    sealed,
    unaccounted: taken - duplicate - open - sealed,
    events: {
      both: total(({ counts }) => counts.both),
      earlyOnly: total(({ counts }) => counts.earlyOnly),
      lateOnly: total(({ counts }) => counts.lateOnly),
      update: total(({ counts }) => counts.update),
      delivery: total(({ counts }) => counts.delivery),
      pipeline: total(({ counts }) => counts.pipeline),
    },
    deliveryDropped: total(({ counts }) => counts.deliveryDropped),
    openViews: total(({ openViews }) => openViews),
    sinks: sinkSums(shards.flatMap(({ sinks }) => sinks)),
    shards,
  };
}

function sinkSums(all: readonly SinkCounts[]): readonly SinkSums[] {
  const names = [...new Set(all.map(({ name }) => name))];
  return names.map((name) => {
    const each = all.filter((one) => one.name === name);
    const total = (field: "events" | "exported" | "waiting" | "parked" | "retried"): number =>
      sum(each.map((one) => one[field]));
    const ages = each.flatMap(({ oldestUnsentMs }) => oldestUnsentMs ?? []);
    const [events, exported] = [total("events"), total("exported")];
    const [waiting, parked] = [total("waiting"), total("parked")];
    return {
      name,
      events,
      exported,
      waiting,
      parked,
      retried: total("retried"),
      oldestUnsentMs: ages.length === 0 ? null : Math.max(...ages),
      lastFailure: each.map(({ lastFailure }) => lastFailure).find((why) => why !== "") ?? "",
      unaccounted: events - exported - waiting - parked,
    };
  });
}

function sumsByName(
  all: readonly Readonly<Record<string, number>>[],
): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const each of all) {
    for (const [name, count] of Object.entries(each)) sums[name] = (sums[name] ?? 0) + count;
  }
  return sums;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
