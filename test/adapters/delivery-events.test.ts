// How many requests an isolate looks at, whatever comes. The shard and chance are fakes.
import { describe, expect, it } from "vitest";
import { testEvent } from "#rum/test-event.ts";
import { DeliveryEvents } from "#src/adapters/delivery-events.ts";

const event = testEvent("0".repeat(32), 0);
const secondMs = 1_000;
const asked = 20;
const perFlush = 500;
const flushS = 10;

/** An isolate whose chance is an even sequence, and what its shard was handed. */
class Edge {
  #nowMs = 1_800_000_000_000;
  #drawn = 0;
  readonly #events = new DeliveryEvents({
    shard: () => ({ deliver: async () => undefined }),
    isolate: "edge",
    random: () => {
      // The golden ratio's multiples fill the unit interval evenly.
      this.#drawn += 1;
      return (this.#drawn * 0.618_033_988_749_895) % 1;
    },
    report: () => undefined,
  });

  /** What the requests drawn in `seconds` stand for, together and by number. */
  async serve(perSecond: number, seconds: number): Promise<{ made: number; stoodFor: number }> {
    let [made, stoodFor] = [0, 0];
    for (let at = 0; at < perSecond * seconds; at += 1) {
      this.#nowMs += secondMs / perSecond;
      const rate = this.#events.draw(asked);
      if (rate === undefined) continue;
      made += 1;
      stoodFor += rate;
      this.#events.nextId();
      this.#events.add(event);
      if (this.#events.isDue(this.#nowMs)) await this.#events.flush(this.#nowMs, undefined);
    }
    return { made, stoodFor };
  }
}

describe("what an isolate looks at", () => {
  it("is one request in the rate asked for, where few come", async () => {
    const edge = new Edge();
    const { made, stoodFor } = await edge.serve(100, 60);
    expect(made).toBeGreaterThan(0);
    expect(stoodFor).toBe(made * asked);
    expect(Math.abs(made - (100 * 60) / asked)).toBeLessThanOrEqual(2);
  });

  it("does not grow with the traffic, and still stands for all of it", async () => {
    const edge = new Edge();
    await edge.serve(5_000, flushS * 2);
    for (const perSecond of [5_000, 20_000]) {
      await edge.serve(perSecond, flushS * 3);
      const { made, stoodFor } = await edge.serve(perSecond, flushS * 6);
      expect(made).toBeLessThanOrEqual(perFlush * 6 * 1.1);
      expect(Math.abs(stoodFor / (perSecond * flushS * 6) - 1)).toBeLessThan(0.05);
    }
  });

  it("is what was asked for again once the rush is over", async () => {
    const edge = new Edge();
    await edge.serve(20_000, flushS * 3);
    await edge.serve(100, flushS * 60);
    const { made, stoodFor } = await edge.serve(100, flushS * 6);
    expect(stoodFor).toBe(made * asked);
  });

  it("is nothing where nothing is asked for", () => {
    const events = new DeliveryEvents({
      shard: () => ({ deliver: async () => undefined }),
      isolate: "edge",
      random: () => 0,
      report: () => undefined,
    });
    expect(events.draw(0)).toBeUndefined();
    expect(events.draw(1)).toBe(1);
  });
});
