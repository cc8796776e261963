import * as v from "valibot";
import { describe, expect, it } from "vitest";
import type { WideEvent } from "#rum/wide-event.ts";
import { honeycombSink } from "#src/adapters/sinks/honeycomb.ts";
import type { Sink } from "#src/adapters/sinks/sink.ts";
import { dependencies, itBearsBadDays } from "./bad-days.ts";
import { batchOf, pageView } from "./events.ts";
import { standIn, type Answer, type Asked, type StandIn } from "./stand-in.ts";

// As https://docs.honeycomb.io/api/events/create-events has it.
const kilobytes = (text: string): number => Buffer.byteLength(text) / 1_000;
const field = v.union([
  v.pipe(
    v.string(),
    v.check((text) => kilobytes(text) <= 64),
  ),
  v.number(),
  v.boolean(),
]);
const entry = v.pipe(
  v.strictObject({
    time: v.pipe(v.string(), v.isoTimestamp()),
    samplerate: v.pipe(v.number(), v.integer(), v.minValue(1)),
    data: v.pipe(
      v.record(v.string(), field),
      v.check((data) => Object.keys(data).length <= 2_000, "Event has too many columns."),
    ),
  }),
  v.check((each) => kilobytes(JSON.stringify(each)) <= 1_000, "Event is too large."),
);

type Entry = v.InferOutput<typeof entry>;

type Honeycomb = { readonly server: StandIn; readonly sink: Sink; readonly stored: Entry[] };

/** A Honeycomb with one dataset; `statusOf` answers for an entry that is as it should be. */
async function honeycomb(
  statusOf: (entry: Entry) => number = () => 202,
  own = dependencies,
): Promise<Honeycomb> {
  const stored: Entry[] = [];
  const server = await standIn((asked: Asked): Answer => {
    const { headers, body } = asked;
    if (headers["x-honeycomb-team"] !== "hcaik_test")
      return { status: 401, body: "unknown API key" };
    if (asked.method !== "POST" || asked.path !== "/1/batch/page%20views") return { status: 404 };
    if (headers["content-type"] !== "application/json") return { status: 415 };
    const entries = v.safeParse(v.array(v.unknown()), JSON.parse(body.toString()));
    if (!entries.success) return { status: 400, body: "Request body is malformed." };
    const answers = entries.output.map((each) => {
      const parsed = v.safeParse(entry, each);
      if (!parsed.success) return { status: 400, error: parsed.issues[0].message };
      const status = statusOf(parsed.output);
      if (status === 202) stored.push(parsed.output);
      return status === 202 ? { status } : { status, error: "not now" };
    });
    return { status: 200, body: JSON.stringify(answers) };
  });
  return { server, sink: sinkFor(server, "hcaik_test", own), stored };
}

function sinkFor({ url }: StandIn, apiKey: string, own = dependencies): Sink {
  return honeycombSink({ name: "honeycomb", url, dataset: "page views", apiKey }, own);
}

describe("the Honeycomb sink", () => {
  itBearsBadDays({
    start: async (own) => {
      const { stored, ...rest } = await honeycomb(undefined, own);
      return { ...rest, received: () => stored.map(({ data }) => String(data["event.id"])) };
    },
  });

  it("sends every column as a value that Honeycomb knows, with time and sample rate", async () => {
    const { sink, stored } = await honeycomb();
    expect(await sink.send(batchOf(1))).toEqual({ outcome: "taken", retry: [], refused: [] });
    expect(stored).toHaveLength(1);
    expect(stored[0]).toMatchObject({ time: "2026-11-23T12:00:00.000Z", samplerate: 10 });
    expect(stored[0]?.data).toMatchObject({
      "event.id": `${"1".padStart(32, "0")}-0-0`,
      "lcp.value": 640,
      "browser.mobile": true,
      "delivery.arms.engine-6-7": "canary",
      "delivery.arms.brotli-11": "control",
      "tp.entities": '["Tags","Ads"]',
      "x.mark.theme": "dark",
      "x.event.added.value": 39.9,
    });
  });

  it("asks again for those alone that were throttled, and names those that are wrong", async () => {
    const { sink, stored } = await honeycomb(({ data }) => {
      const number = Number.parseInt(String(data["pv.id"]), 16);
      return [429, 400, 503][number % 4] ?? 202;
    });
    expect(await sink.send(batchOf(8, 4))).toEqual({
      outcome: "taken",
      retry: [4, 6, 8, 10],
      refused: [
        { seq: 5, why: "answers 400: not now" },
        { seq: 9, why: "answers 400: not now" },
      ],
    });
    expect(stored.map(({ data }) => Number.parseInt(String(data["pv.id"]), 16))).toEqual([7, 11]);
  });

  it("backs off as a whole when every event was throttled", async () => {
    const { sink } = await honeycomb(() => 429);
    expect(await sink.send(batchOf(3))).toEqual({ outcome: "failed", why: "answers 429: not now" });
  });

  it("keeps events for an operator who mends the key", async () => {
    const { server } = await honeycomb();
    expect(await sinkFor(server, "old").send(batchOf(1))).toEqual({
      outcome: "failed",
      why: "answers 401: unknown API key",
    });
  });

  it("does not believe an answer that speaks of another number of events", async () => {
    const { server, sink } = await honeycomb();
    server.mood = { status: 200, body: '[{"status":202}]' };
    expect(await sink.send(batchOf(2))).toEqual({
      outcome: "failed",
      why: "does not answer one status for each of 2",
    });
  });

  it("cuts texts at 64 kB without halving a character, and refuses events over 1 MB unsent", async () => {
    const { sink, stored } = await honeycomb();
    const long: WideEvent = { ...pageView(1), "x.mark.note": `a${"🐦".repeat(40_000)}` };
    const fat = Object.fromEntries(
      Array.from({ length: 20 }, (_, at) => [`x.mark.${at}`, "y".repeat(60_000)] as const),
    );
    const events = [
      { seq: 1, event: long },
      { seq: 2, event: { ...pageView(2), ...fat } as WideEvent },
    ];
    expect(await sink.send({ shard: "s7", events })).toEqual({
      outcome: "taken",
      retry: [],
      refused: [{ seq: 2, why: "is larger than 1000000 bytes" }],
    });
    expect(stored[0]?.data["x.mark.note"]).toBe(`a${"🐦".repeat(15_999)}`);
  });
});
