// An hour of page views at a constant rate, with a clock that is told what time it is.
import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { encodeReceived } from "#rum/window/codec.ts";
import { firstRing } from "#rum/window/ring.ts";
import { Shard } from "#src/objects/shard.ts";
import { WindowLog } from "#src/objects/window-log.ts";
import type { Sink } from "#src/adapters/sinks/sink.ts";
import { env } from "../isolate.ts";
import { fullEarly, fullLate, received } from "../rum/beacons.ts";

const startMs = 1_795_000_000_000;
const hourMs = 3_600_000;
const stepMs = 2_000;

/** Takes everything, and notes how often each event came. */
function counter(name: string): { readonly sink: Sink; readonly ids: Map<string, number> } {
  const ids = new Map<string, number>();
  const sink: Sink = {
    name,
    most: { events: 500, bytes: 1_000_000, ageMs: 1_000 },
    send: async ({ events }) => {
      for (const { event } of events) {
        const id = event["event.id"] ?? "";
        ids.set(id, (ids.get(id) ?? 0) + 1);
      }
      return { outcome: "taken", retry: [], refused: [] };
    },
  };
  return { sink, ids };
}

describe("a shard at constant load", () => {
  it(
    "stores no more after an hour than after twenty minutes, through crashes too",
    { timeout: 120_000 },
    async () => {
      const stub = env.WINDOW.get(env.WINDOW.idFromName("soak"));
      await runInDurableObject(stub, async (_, { storage }) => {
        const { sink, ids } = counter("counter");
        const clock = { nowMs: startMs };
        const log = new WindowLog(storage.sql);
        const open = (): Shard =>
          new Shard({
            name: "soak",
            log,
            sinks: [sink],
            absentSink: () => undefined,
            park: () => Promise.reject(new Error("nothing is to be parked")),
            isPaused: () => false,
            now: () => clock.nowMs,
            random: () => 0.5,
          });
        let shard = open();
        const sizes: { readonly bytes: number; readonly rows: number }[] = [];
        const early = JSON.stringify(received(fullEarly));
        const late = JSON.stringify(received(fullLate));
        const beaconOf = (view: number, text: string) => {
          const id = view.toString(16).padStart(32, "0");
          const beacon = JSON.parse(text.replace(fullEarly["pv.id"], id)) as ReturnType<
            typeof received
          >;
          return { beacon, atMs: clock.nowMs };
        };
        let view = 0;
        while (clock.nowMs < startMs + hourMs) {
          clock.nowMs += stepMs;
          view += 2;
          // Every eighth view never says its last word.
          const beacons = [beaconOf(view, early), beaconOf(view + 1, early)];
          const ended = view - 12;
          if (ended > 0 && ended % 16 !== 0) beacons.push(beaconOf(ended, late));
          if (ended > 0) beacons.push(beaconOf(ended + 1, late), beaconOf(ended + 1, late));
          const text = beacons.map(({ beacon, atMs }) => encodeReceived(beacon, atMs)).join(",");
          const call = { shard: "soak-0", ring: firstRing, onlyKnown: false };
          shard.commit([{ ...call, text, beacons }], clock.nowMs);
          shard.settle(clock.nowMs);
          await shard.pump();
          if ((clock.nowMs - startMs) % (hourMs / 6) !== 0) continue;
          const rows = storage.sql.exec<{ n: number }>("SELECT count(*) AS n FROM log").one().n;
          sizes.push({ bytes: log.storedBytes, rows });
          // What a crash leaves: the log alone.
          shard = open();
        }
        // Closed views are remembered for ten minutes: only then is it all there.
        const [, settled, ...later] = sizes;
        expect(later).toHaveLength(4);
        for (const { bytes, rows } of later) {
          expect(rows).toBeLessThanOrEqual((settled?.rows ?? 0) + 10);
          // Ten minutes of beacons are 2.5 MB: these are pages that were not quite full.
          expect(bytes).toBeLessThanOrEqual((settled?.bytes ?? 0) + 65_536);
        }
        const { counts, openBeacons } = shard.view(clock.nowMs);
        expect(counts.taken).toBe(counts.duplicate + counts.sealed + openBeacons);
        expect(counts.duplicate).toBeGreaterThan(1_000);
        // What was sent in the moment before a crash comes once more.
        expect(Math.max(...ids.values())).toBeLessThanOrEqual(2);
        const repeated = [...ids.values()].filter((times) => times > 1).length;
        expect(repeated).toBeLessThanOrEqual(6 * 4);
      });
    },
  );
});
