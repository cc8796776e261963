import { describe, expect, it } from "vitest";
import type { WideEvent } from "#rum/wide-event.ts";
import { approximateBytes, BatchCutter } from "#src/adapters/sinks/event-bytes.ts";
import type { SinkEvent } from "#src/adapters/sinks/sink.ts";
import { fc } from "../../property.ts";

const most = { events: 5, bytes: 300, ageMs: 1_000 };

const eventOf = (seq: number, chars: number): SinkEvent => ({
  seq,
  event: { "event.id": "x".repeat(chars) },
});

function sizeOf(events: readonly SinkEvent[]): number {
  return events.reduce((sum, { event }) => sum + approximateBytes(event), 0);
}

/** What a batch is by its definition. */
function cutAnew(events: readonly SinkEvent[]) {
  const fitting = events.findIndex((_, at) => sizeOf(events.slice(0, at + 1)) > most.bytes);
  const isTooMuch = fitting >= 0;
  return {
    events: isTooMuch ? events.slice(0, Math.max(1, fitting)) : events,
    isFull: isTooMuch || events.length >= most.events,
  };
}

describe("cutting batches", () => {
  it("takes as many as fit, whatever was asked before", () => {
    const sizes = fc.array(fc.nat(200), { minLength: 1, maxLength: 30 });
    const steps = fc.array(fc.tuple(fc.nat(8), fc.nat(3)), { maxLength: 20 });
    fc.assert(
      fc.property(sizes, steps, (chars, asked) => {
        const all = chars.map((each, at) => eventOf(at + 1, each));
        const cutter = new BatchCutter(most);
        let from = 0;
        for (const [seen, ahead] of asked) {
          const events = all.slice(from, from + Math.min(seen, most.events));
          const cut = cutter.cut(events);
          expect(cut).toEqual(cutAnew(events));
          from += Math.min(ahead, cut.events.length);
        }
      }),
    );
  });

  it("measures no event as smaller than it is as JSON, whatever a page says", () => {
    const word = fc.oneof(
      fc.string({ unit: "binary", maxLength: 60 }),
      fc.string({ unit: fc.constantFrom('"', "\\", "例", "é", "👍", "a"), maxLength: 60 }),
    );
    const words = fc.record({ "url.template": word, "x.mark.a": word, "lcp.element": word });
    const maps = fc.record({ "delivery.arms": fc.dictionary(word, word, { maxKeys: 3 }) });
    fc.assert(
      fc.property(fc.oneof(words, maps), (event) => {
        const bytes = new TextEncoder().encode(JSON.stringify(event)).length;
        expect(approximateBytes(event as WideEvent)).toBeGreaterThanOrEqual(bytes);
      }),
    );
  });

  it("sends alone what is too large alone", () => {
    const events = [eventOf(1, 1_000), eventOf(2, 1)];
    expect(new BatchCutter(most).cut(events)).toEqual({ events: [events[0]], isFull: true });
  });
});
