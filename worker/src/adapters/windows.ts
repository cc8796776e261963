// Hands beacons to the shards of page views. An isolate has one call to a shard under
// way at a time; what comes meanwhile goes with the next, so that a busy isolate pays
// for one call where it has many beacons. A beacon counts as taken when it is durable.
import { waitUntil } from "cloudflare:workers";
import { err, ok, type Result } from "#base/result.ts";
import type { Received } from "#rum/stitch.ts";
import { encodeReceived } from "#rum/window/codec.ts";
import { homesFor, type Home, type Ring } from "#rum/window/ring.ts";
import type { KnownRings } from "./known-rings.ts";
import { Lane, type Failure } from "./window-lane.ts";
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
  readonly rings: KnownRings;
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

export function createWindows({ window, rings, report }: WindowsDependencies): Windows {
  const lanes = new Map<string, Lane>();

  return {
    async take(beacon, { nowMs, region }) {
      const text = encodeReceived(beacon, nowMs);
      const view = { pvId: beacon.said["pv.id"], continent: region, nowMs };
      const known = rings.current();
      const { home, askFirst } = homesFor(known, view);
      if (askFirst !== undefined) {
        const word = await laneTo(askFirst, known[0], true).take(text);
        if (!isMoved(word)) return resultOf(word);
      }
      const word = await laneTo(home, known[0], false).take(text);
      if (!isMoved(word)) return resultOf(word);
      // The shard has heard of a ring that this isolate had not, and has told it.
      const newer = rings.current();
      return resultOf(await laneTo(homesFor(newer, view).home, newer[0], false).take(text));
    },
  };

  // One for each ring: a shard must know by which one a view was placed.
  function laneTo(home: Home, ring: Ring, onlyKnown: boolean): Lane {
    const { shard } = home;
    const name = `${shard}/${ring.epoch}${onlyKnown ? "?" : ""}`;
    const known = lanes.get(name);
    if (known !== undefined) return known;
    const lane = new Lane({
      call: async (list) => {
        const beacons = list.join(",");
        const call = { shard, ring, onlyKnown, beacons, count: list.length };
        const answer = await window(home).take(call);
        if (answer.ring.epoch > ring.epoch) rings.learn([answer.ring, ring]);
        return answer;
      },
      keepAlive: waitUntil,
      now: Date.now,
      report: (error) => report("window_failed", { shard, error }),
    });
    lanes.set(name, lane);
    return lane;
  }
}

function isMoved(word: Word): boolean {
  return "fate" in word && word.fate === "m";
}

type Word = { readonly fate: string } | Failure;

const shedRetryAfterS = 5;

function resultOf(word: Word): Result<"taken" | "duplicate", TakeReject> {
  if (!("fate" in word)) return err(word);
  switch (word.fate) {
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
