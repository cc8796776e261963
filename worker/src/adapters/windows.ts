// Hands beacons to the shards of page views. An isolate has one call to a shard under
// way at a time; what comes meanwhile goes with the next, so that a busy isolate pays
// for one call where it has many beacons. A beacon counts as taken when it is durable.
import { waitUntil } from "cloudflare:workers";
import { err, ok, type Result } from "#base/result.ts";
import type { Received } from "#rum/stitch.ts";
import { encodeReceived } from "#rum/window/codec.ts";
import { homeOf, type Home, type Ring } from "#rum/window/ring.ts";
import { Lane } from "./window-lane.ts";
import type { Report } from "./report.ts";
import type { WindowRpc } from "./window-rpc.ts";

type TakeReject =
  /** The view was let go, or the shard takes nothing at all. */
  | { readonly reason: "overloaded"; readonly retryAfterS: number }
  /** Nobody knows whether it was taken: the same beacon may come again. */
  | { readonly reason: "unavailable" };

export type Windows = {
  /**
   * Takes a beacon into the window of its view. Never rejects.
   *
   * @param where when the edge took it, and the visitor's continent as in `request.cf.continent`.
   */
  take(
    beacon: Received,
    where: { readonly nowMs: number; readonly region: string | undefined },
  ): Promise<Result<"taken" | "duplicate", TakeReject>>;
};

export type WindowsDependencies = {
  /** A fresh stub each time: a broken one stays broken. */
  readonly window: (home: Home) => Pick<WindowRpc, "take">;
  readonly ring: () => Ring;
  readonly report: Report;
};

/** Stubs of shards, each placed near its visitors when it is made. */
export function windowsFrom(namespace: DurableObjectNamespace): (home: Home) => WindowRpc {
  return ({ shard, region }) =>
    namespace.get(
      namespace.idFromName(shard),
      region === undefined ? {} : { locationHint: region },
    ) as unknown as WindowRpc;
}

export function createWindows({ window, ring, report }: WindowsDependencies): Windows {
  const lanes = new Map<string, Lane>();

  const laneOf = (home: Home): Lane => {
    const known = lanes.get(home.shard);
    if (known !== undefined) return known;
    const lane = new Lane({
      call: (beacons) =>
        window(home).take({
          epoch: ring().epoch,
          beacons: beacons.join(","),
          count: beacons.length,
        }),
      keepAlive: waitUntil,
      now: Date.now,
      report: (error) => report("window_failed", { shard: home.shard, error }),
    });
    lanes.set(home.shard, lane);
    return lane;
  };

  return {
    async take(beacon, { nowMs, region }) {
      const home = homeOf(ring(), beacon.said["pv.id"], region);
      const word = await laneOf(home).take(encodeReceived(beacon, nowMs));
      return "fate" in word ? resultOf(word.fate) : err(word);
    },
  };
}

const shedRetryAfterS = 5;

function resultOf(fate: string): Result<"taken" | "duplicate", TakeReject> {
  switch (fate) {
    case "t":
      return ok("taken");
    case "d":
      return ok("duplicate");
    case "s":
      return err({ reason: "overloaded", retryAfterS: shedRetryAfterS });
    default:
      return err({ reason: "unavailable" });
  }
}
