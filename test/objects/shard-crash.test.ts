// A shard whose sinks lag far behind, come and go, and which crashes again and again
// meanwhile, also while views move to another shard. Its clock is told what time it is, and a crash leaves what its log holds, as SIGKILL does.
import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { keepMs } from "#rum/window/closed-views.ts";
import { encodeReceived, type Taken } from "#rum/window/codec.ts";
import { firstRing, isAtHome, type Ring } from "#rum/window/ring.ts";
import { mostInMemory } from "#rum/window/outbox.ts";
import { Shard } from "#src/objects/shard.ts";
import { WindowLog } from "#src/objects/window-log.ts";
import { env } from "../isolate.ts";
import { fullEarly, fullLate, received } from "../rum/beacons.ts";
import { seeded } from "../stats/seeded.ts";
import { LaggingSink } from "./lagging-sink.ts";

const startMs = 1_795_000_000_000;
const stepMs = 250;
const sentForMs = 150_000;
const viewsPerStep = 15;

type Shot = { readonly atMs: number; readonly view: number; readonly sequence: 0 | 1 };

/** Views of which a beacon comes again when the shard may have forgotten the view. */
const isRevenant = (view: number): boolean => view % 20 === 0;

/** Beacons of views in the order of their sending: late ones before early ones too, some twice. */
function shotsOf(random: () => number): readonly Shot[] {
  const shots: Shot[] = [];
  for (let step = 0; step * stepMs < sentForMs; step += 1) {
    for (let nth = 0; nth < viewsPerStep; nth += 1) {
      const view = step * viewsPerStep + nth;
      for (const sequence of [0, 1] as const) {
        if (random() < 0.1) continue;
        const spreadMs = random() < 0.2 ? 60_000 : 5_000;
        const atMs = startMs + step * stepMs + random() * spreadMs;
        shots.push({ atMs, view, sequence });
        const againMs = random() * (isRevenant(view) ? 2.5 * keepMs : 40_000);
        if (isRevenant(view) || random() < 0.1)
          shots.push({ atMs: atMs + againMs, view, sequence });
      }
    }
  }
  return shots.sort((a, b) => a.atMs - b.atMs);
}

const texts = [JSON.stringify(received(fullEarly)), JSON.stringify(received(fullLate))] as const;
const idOf = (view: number): string => view.toString(16).padStart(32, "0");
const viewOf = (name: string): number => Number.parseInt(name.slice(0, 32), 16);

function takenOf({ view, sequence, atMs }: Shot): Taken {
  const text = texts[sequence].replace(fullEarly["pv.id"], idOf(view));
  return { beacon: JSON.parse(text) as Taken["beacon"], atMs };
}

/** Beacons by the events that they are in, at one sink. */
function foundIn(sink: LaggingSink): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const { beacons } of sink.lines.values()) {
    const [id = "", state] = beacons.split(" ");
    if (state === "undefined") continue;
    const sequences = state === "both" ? [0, 1] : [state === "early_only" ? 0 : 1];
    for (const sequence of sequences) {
      const name = `${id}:${sequence}`;
      found.set(name, (found.get(name) ?? 0) + 1);
    }
  }
  return found;
}

const nextRing: Ring = { epoch: 1, shards: 3, most: 3, sinceMs: startMs + 60_000 };

/** A call of an edge that has heard of the next ring, and asks the former home first, or has not. */
function callOf(beacons: readonly Taken[], hasHeard: boolean) {
  const text = beacons.map(({ beacon, atMs }) => encodeReceived(beacon, atMs)).join();
  const ring = hasHeard ? nextRing : firstRing;
  return { shard: "crash-0", ring, onlyKnown: hasHeard, text, beacons };
}

describe("a shard that crashes while its sinks lag, come and go, and views move away", () => {
  it.each([1, 2])(
    "loses no beacon and puts none into two events, run %i",
    { timeout: 120_000 },
    async (seed) => {
      const stub = env.WINDOW.get(env.WINDOW.idFromName(`crash-${seed}`));
      await runInDurableObject(stub, async (_, { storage }) => {
        const random = seeded(seed);
        const clock = { nowMs: startMs };
        const slow = new LaggingSink("slow", clock, { delayMs: 3_000 });
        const down = new LaggingSink("down", clock, {
          delayMs: 100,
          downTillMs: startMs + 110_000,
        });
        const picky = new LaggingSink("picky", clock, {
          delayMs: 200,
          pick: (seq) => (seq % 90 === 0 ? "refuse" : random() < 0.002 ? "retry" : "take"),
        });
        const late = new LaggingSink("late", clock, { delayMs: 100 });
        const leaving = new LaggingSink("leaving", clock, { delayMs: 100, downTillMs: Infinity });
        const again = new LaggingSink("leaving", clock, { delayMs: 100 });
        const all = [slow, down, picky, late, leaving, again];
        const isLate = (afterMs: number): boolean => clock.nowMs > startMs + afterMs;
        const present = (): readonly LaggingSink[] => [
          slow,
          down,
          picky,
          ...(isLate(40_000) ? [late] : []),
          ...(isLate(70_000) ? [] : [leaving]),
          ...(isLate(100_000) ? [again] : []),
        ];
        const log = new WindowLog(storage.sql);
        const open = (): Shard =>
          new Shard({
            name: "crash",
            log,
            sinks: present(),
            absentSink: () => undefined,
            park: (name, batch) => {
              if (random() < 0.2) return Promise.reject(new Error("no room"));
              const named = all.filter((each) => each.name === name);
              const sink = isLate(100_000) ? named.at(-1) : named[0];
              sink?.park(batch);
              return Promise.resolve();
            },
            isPaused: () => false,
            now: () => clock.nowMs,
            random,
          });
        let shard = open();
        const shots = shotsOf(random);
        const sent = new Set<string>();
        const moved = new Set<string>();
        const cameBack: string[] = [];
        let next = 0;
        let taken = 0;
        let delivered = 0;
        let mostWaiting = 0;
        let crashes = 0;
        const isDone = (): boolean => next === shots.length && shard.isIdle;
        while (!isDone() && clock.nowMs < startMs + 30 * 60_000) {
          clock.nowMs += stepMs;
          const beacons: Taken[] = [];
          for (; (shots[next]?.atMs ?? Infinity) <= clock.nowMs; next += 1) {
            beacons.push(takenOf(shots[next] as Shot));
          }
          const hasHeard = isLate(60_000) && random() < 0.5;
          const stays = ({ beacon }: Taken): boolean =>
            isAtHome(nextRing, beacon.said["pv.id"], "crash-0");
          // Edges that have heard ask here first for what is at home elsewhere alone.
          const calls = [
            callOf(hasHeard ? beacons.filter(stays) : beacons, false),
            callOf(hasHeard ? beacons.filter((each) => !stays(each)) : [], true),
          ].filter((call) => call.beacons.length > 0);
          const fates = calls.length === 0 ? [] : shard.commit(calls, clock.nowMs);
          for (const [at, fate] of Array.from(fates.join("")).entries()) {
            const { beacon } = calls.flatMap((call) => call.beacons)[at] as Taken;
            const id = beacon.said["pv.id"];
            if (fate === "m") moved.add(id);
            else {
              taken += 1;
              sent.add(`${id}:${beacon.said["stitch.late_seq"]}`);
              if (moved.has(id)) cameBack.push(id);
            }
          }
          if (random() < 0.01) {
            delivered += 3;
            const ids = [0, 1, 2].map((nth) => ({ "event.id": `d-${delivered - nth}` }));
            shard.deliver(ids, 0, clock.nowMs);
          }
          if (clock.nowMs % 500 === 0) shard.settle(clock.nowMs);
          for (const sink of all) sink.answer();
          void shard.pump();
          await new Promise((resolve) => setTimeout(resolve, 0));
          mostWaiting = Math.max(mostWaiting, ...shard.lanes.waiting);
          if (random() >= stepMs / 15_000) continue;
          for (const sink of all) sink.forget();
          shard = open();
          crashes += 1;
        }
        const { counts, openBeacons, sinks } = shard.view(clock.nowMs);
        expect(mostWaiting).toBeGreaterThan(2 * mostInMemory);
        expect(crashes).toBeGreaterThan(20);
        expect(moved.size).toBeGreaterThan(100);
        expect(cameBack.filter((id) => !isRevenant(viewOf(id)))).toEqual([]);
        for (const sink of [slow, down, picky]) {
          const found = foundIn(sink);
          expect([...sent].filter((each) => !found.has(each))).toEqual([]);
          const isTwice = ([name, times]: [string, number]): boolean =>
            times > 1 && !isRevenant(viewOf(name));
          expect([...found].filter(isTwice)).toEqual([]);
          const deliveries = [...sink.lines.values()].filter(({ id }) => id.startsWith("d-"));
          expect(deliveries).toHaveLength(delivered);
        }
        // Each line is where it was meant to go, and was the same each time.
        const lastSeq = Math.max(...slow.lines.keys());
        const gone = Math.max(...leaving.lines.keys());
        expect(seqsOf(leaving)).toEqual(range(1, gone));
        expect(leaving.parked.size).toBe(gone);
        expect(gone).toBeGreaterThan(1_000);
        for (const sink of [slow, down, picky, late, again]) {
          const first = Math.min(...sink.lines.keys());
          expect(seqsOf(sink)).toEqual(range(first, lastSeq));
          expect([...sink.lines.values()].filter(({ differs }) => differs)).toEqual([]);
          const { events, exported, parked, waiting } = sinks.find(
            ({ name }) => name === sink.name,
          ) as (typeof sinks)[number];
          expect({ events, waiting, parked }).toEqual({
            events: lastSeq - first + 1,
            waiting: 0,
            parked: sink.parked.size,
          });
          expect(exported + parked).toBe(events);
        }
        expect(counts.taken).toBe(taken);
        expect(counts.duplicate + counts.sealed + openBeacons).toBe(counts.taken);
      });
    },
  );
});

function seqsOf({ lines }: LaggingSink): readonly number[] {
  return [...lines.keys()].sort((a, b) => a - b);
}

function range(first: number, last: number): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, at) => first + at);
}

describe("a shard that was away while many views became due", () => {
  it("seals them all at once, in rows of bounded size", { timeout: 60_000 }, async () => {
    const stub = env.WINDOW.get(env.WINDOW.idFromName("many-due"));
    await runInDurableObject(stub, async (_, { storage }) => {
      const clock = { nowMs: startMs };
      const sink = new LaggingSink("well", clock, { delayMs: 0 });
      const log = new WindowLog(storage.sql);
      const open = (): Shard =>
        new Shard({
          name: "due",
          log,
          sinks: [sink],
          absentSink: () => undefined,
          park: () => Promise.reject(new Error("nothing is to be parked")),
          isPaused: () => false,
          now: () => clock.nowMs,
          random: () => 0.5,
        });
      let shard = open();
      const views = 12_000;
      for (let view = 0; view < views; view += 200) {
        const beacons = Array.from({ length: 200 }, (_unused, nth) =>
          takenOf({ atMs: clock.nowMs, view: view + nth, sequence: 0 }),
        );
        const text = beacons.map(({ beacon, atMs }) => encodeReceived(beacon, atMs)).join();
        const call = { shard: "due-0", ring: firstRing, onlyKnown: false };
        shard.commit([{ ...call, text, beacons }], clock.nowMs);
      }
      clock.nowMs += 60_000;
      shard = open();
      shard.settle(clock.nowMs);
      const longest = storage.sql.exec<{ chars: number }>(
        "SELECT max(length(events)) AS chars FROM log",
      );
      expect(longest.one().chars).toBeLessThan(500_000);
      shard = open();
      while (!shard.isIdle) {
        clock.nowMs += 500;
        shard.settle(clock.nowMs);
        void shard.pump();
        await new Promise((resolve) => setTimeout(resolve, 0));
        sink.answer();
      }
      expect(foundIn(sink).size).toBe(views);
      expect([...sink.lines.values()].filter(({ copies }) => copies > 1)).toEqual([]);
      expect(shard.view(clock.nowMs).counts).toMatchObject({ taken: views, sealed: views });
    });
  });

  it("keeps no row for a beacon whose copy in the same row took its place", async () => {
    const stub = env.WINDOW.get(env.WINDOW.idFromName("copies"));
    await runInDurableObject(stub, async (_, { storage }) => {
      const log = new WindowLog(storage.sql);
      const shard = new Shard({
        name: "copies",
        log,
        sinks: [],
        absentSink: () => undefined,
        park: () => Promise.reject(new Error("nothing is to be parked")),
        isPaused: () => false,
        now: () => startMs,
        random: () => 0.5,
      });
      const copies = [500, 100].map((lateMs) =>
        takenOf({ atMs: startMs - 1_000 + lateMs, view: 1, sequence: 0 }),
      );
      const text = copies.map(({ beacon, atMs }) => encodeReceived(beacon, atMs)).join();
      const call = { shard: "copies-0", ring: firstRing, onlyKnown: false };
      expect(shard.commit([{ ...call, text, beacons: copies }], startMs)).toEqual(["td"]);
      for (const minutes of [1, 2, 3]) shard.settle(startMs + minutes * 60_000);
      expect(shard.isIdle).toBe(true);
      const rows = storage.sql.exec<{ n: number }>("SELECT count(*) AS n FROM log").one().n;
      expect(rows).toBe(1);
    });
  });
});
