// A shard whose sinks lag far behind, and which crashes again and again meanwhile. Its
// clock is told what time it is, and a crash leaves what its log holds, as SIGKILL does.
import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { keepMs } from "#rum/window/closed-views.ts";
import { encodeReceived, type Taken } from "#rum/window/codec.ts";
import { firstRing } from "#rum/window/ring.ts";
import { mostInMemory } from "#rum/window/outbox.ts";
import { Shard } from "#src/objects/shard.ts";
import { WindowLog } from "#src/objects/window-log.ts";
import type { Sink, SinkBatch, SinkOutcome } from "#src/adapters/sinks/sink.ts";
import { env } from "../isolate.ts";
import { fullEarly, fullLate, received } from "../rum/beacons.ts";
import { seeded } from "../stats/seeded.ts";

const startMs = 1_795_000_000_000;
const stepMs = 250;
const sentForMs = 150_000;
const viewsPerStep = 15;

type Clock = { nowMs: number };

/** A sink that answers `delayMs` after it was sent something, and is down till `downTillMs`. */
class LaggingSink implements Sink {
  readonly most = { events: 100, bytes: 4_000_000, ageMs: 1_000 };
  /** By event id: how often it came, and which beacons it was made of. */
  readonly events = new Map<
    string,
    { copies: number; readonly beacons: string; differs: boolean }
  >();
  #answers: { readonly atMs: number; readonly answer: () => void }[] = [];

  readonly name: string;
  readonly #clock: Clock;
  readonly #delayMs: number;
  readonly #downTillMs: number;

  constructor(name: string, clock: Clock, moods: { delayMs: number; downTillMs: number }) {
    this.name = name;
    this.#clock = clock;
    this.#delayMs = moods.delayMs;
    this.#downTillMs = moods.downTillMs;
  }

  send({ events }: SinkBatch): Promise<SinkOutcome> {
    const isDown = this.#clock.nowMs < this.#downTillMs;
    if (!isDown) {
      for (const { event } of events) {
        const id = event["event.id"] ?? "";
        const beacons = `${event["pv.id"]} ${event["stitch.state"]}`;
        const known = this.events.get(id);
        if (known === undefined) this.events.set(id, { copies: 1, beacons, differs: false });
        else {
          known.copies += 1;
          known.differs ||= known.beacons !== beacons;
        }
      }
    }
    return new Promise((resolve) => {
      const outcome: SinkOutcome = isDown
        ? { outcome: "failed", why: "down" }
        : { outcome: "taken", retry: [], refused: [] };
      this.#answers.push({
        atMs: this.#clock.nowMs + this.#delayMs,
        answer: () => resolve(outcome),
      });
    });
  }

  /** Gives the answers that are due. */
  answer(): void {
    const due = this.#answers.filter(({ atMs }) => atMs <= this.#clock.nowMs);
    this.#answers = this.#answers.filter(({ atMs }) => atMs > this.#clock.nowMs);
    for (const { answer } of due) answer();
  }

  /** Whoever waited for an answer is gone. */
  forget(): void {
    this.#answers = [];
  }
}

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
  for (const { beacons } of sink.events.values()) {
    const [id = "", state] = beacons.split(" ");
    const sequences = state === "both" ? [0, 1] : [state === "early_only" ? 0 : 1];
    for (const sequence of sequences) {
      const name = `${id}:${sequence}`;
      found.set(name, (found.get(name) ?? 0) + 1);
    }
  }
  return found;
}

describe("a shard that crashes while its sinks lag", () => {
  it.each([1, 2])(
    "loses no beacon and puts none into two events, run %i",
    { timeout: 120_000 },
    async (seed) => {
      const stub = env.WINDOW.get(env.WINDOW.idFromName(`crash-${seed}`));
      await runInDurableObject(stub, async (_, { storage }) => {
        const random = seeded(seed);
        const clock = { nowMs: startMs };
        const sinks = [
          new LaggingSink("slow", clock, { delayMs: 3_000, downTillMs: 0 }),
          new LaggingSink("down", clock, { delayMs: 100, downTillMs: startMs + 110_000 }),
        ];
        const log = new WindowLog(storage.sql);
        const open = (): Shard =>
          new Shard({
            name: "crash",
            log,
            sinks,
            park: () => Promise.reject(new Error("nothing is to be parked")),
            isPaused: () => false,
            now: () => clock.nowMs,
            random,
          });
        let shard = open();
        const shots = shotsOf(random);
        const sent = new Set(shots.map(({ view, sequence }) => `${idOf(view)}:${sequence}`));
        let next = 0;
        let mostWaiting = 0;
        let crashes = 0;
        const isDone = (): boolean => next === shots.length && shard.isIdle;
        while (!isDone() && clock.nowMs < startMs + 30 * 60_000) {
          clock.nowMs += stepMs;
          const beacons: Taken[] = [];
          for (; (shots[next]?.atMs ?? Infinity) <= clock.nowMs; next += 1) {
            beacons.push(takenOf(shots[next] as Shot));
          }
          if (beacons.length > 0) {
            const text = beacons.map(({ beacon, atMs }) => encodeReceived(beacon, atMs)).join();
            const call = { shard: "crash-0", ring: firstRing, onlyKnown: false };
            shard.commit([{ ...call, text, beacons }], clock.nowMs);
          }
          if (clock.nowMs % 500 === 0) shard.settle(clock.nowMs);
          for (const sink of sinks) sink.answer();
          void shard.pump();
          await new Promise((resolve) => setTimeout(resolve, 0));
          const waiting = shard.lanes.map((lane) => lane.waiting);
          mostWaiting = Math.max(mostWaiting, ...waiting);
          if (random() >= stepMs / 15_000) continue;
          for (const sink of sinks) sink.forget();
          shard = open();
          crashes += 1;
        }
        const { counts, openBeacons } = shard.view(clock.nowMs);
        expect(mostWaiting).toBeGreaterThan(2 * mostInMemory);
        expect(crashes).toBeGreaterThan(20);
        for (const sink of sinks) {
          const found = foundIn(sink);
          const events = [...sink.events].filter(([id]) => !isRevenant(viewOf(id)));
          expect([...sent].filter((each) => !found.has(each))).toEqual([]);
          const isTwice = ([name, times]: [string, number]): boolean =>
            times > 1 && !isRevenant(viewOf(name));
          expect([...found].filter(isTwice)).toEqual([]);
          expect(events.filter(([, { differs }]) => differs)).toEqual([]);
        }
        expect(counts.taken).toBe(shots.length);
        expect(counts.duplicate + counts.sealed + openBeacons).toBe(counts.taken);
      });
    },
  );
});

describe("a shard that was away while many views became due", () => {
  it("seals them all at once, in rows of bounded size", { timeout: 60_000 }, async () => {
    const stub = env.WINDOW.get(env.WINDOW.idFromName("many-due"));
    await runInDurableObject(stub, async (_, { storage }) => {
      const clock = { nowMs: startMs };
      const sink = new LaggingSink("well", clock, { delayMs: 0, downTillMs: 0 });
      const log = new WindowLog(storage.sql);
      const open = (): Shard =>
        new Shard({
          name: "due",
          log,
          sinks: [sink],
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
      expect([...sink.events.values()].filter(({ copies }) => copies > 1)).toEqual([]);
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
