import { describe, expect, it } from "vitest";
import type { WideEvent } from "#rum/wide-event.ts";
import { otlpSink } from "#src/adapters/sinks/otlp.ts";
import type { Sink } from "#src/adapters/sinks/sink.ts";
import { dependencies, itBearsBadDays } from "./bad-days.ts";
import { batchOf, pageView } from "./events.ts";
import { decodeTraces, type DecodedSpan } from "./otlp-decoder.ts";
import { standIn, type Asked, type StandIn } from "./stand-in.ts";

type Collector = { readonly server: StandIn; readonly sink: Sink; readonly spans: DecodedSpan[] };

/** A collector that wants a key; `answer` is what it says of a request that it could read. */
async function collector(answer: object = {}, own = dependencies): Promise<Collector> {
  const spans: DecodedSpan[] = [];
  const server = await standIn(({ method, path, headers, body }: Asked) => {
    if (headers["x-key"] !== "k1") return { status: 401 };
    if (method !== "POST" || path !== "/v1/traces") return { status: 404 };
    if (headers["content-type"] !== "application/json") return { status: 415 };
    try {
      const { resourceSpans } = decodeTraces(body.toString());
      for (const { scopeSpans } of resourceSpans)
        for (const scope of scopeSpans) spans.push(...scope.spans);
    } catch (error) {
      return { status: 400, body: String(error) };
    }
    return { status: 200, body: JSON.stringify(answer) };
  });
  const config = { name: "otlp", url: server.url, headers: { "x-key": "k1" } };
  return { server, sink: otlpSink(config, own), spans };
}

/** Of a root span alone: it has every column. */
function eventIdOf({ attributes }: DecodedSpan): readonly string[] {
  const found = attributes.find(({ key }) => key === "event.id");
  return found === undefined ? [] : [String(found.value["stringValue"])];
}

const taken = { outcome: "taken", retry: [], refused: [] };

describe("the OTLP sink", () => {
  itBearsBadDays({
    start: async (own) => {
      const { spans, ...rest } = await collector({}, own);
      return { ...rest, received: () => spans.flatMap(eventIdOf) };
    },
    afterInternalError: "taken",
  });

  it("sends what OpenTelemetry's definitions know, a trace for each page view", async () => {
    const { sink, spans } = await collector();
    expect(await sink.send(batchOf(2))).toEqual(taken);
    const first = spans.filter(({ traceId }) => traceId === "1".padStart(32, "0"));
    expect(first.map(({ name }) => name)).toEqual([
      "pageview",
      "snippet.fetch",
      "snippet.evaluate",
      "snippet.config",
      "snippet.targeting",
      "snippet.bucketing",
      "snippet.apply",
      "third_party.1",
    ]);
    expect(spans).toHaveLength(2 * first.length);
    expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length);
  });

  it("puts every column on the root span, each as the type of its column", async () => {
    const { sink, spans } = await collector();
    await sink.send(batchOf(1));
    const values = Object.fromEntries(
      (spans[0]?.attributes ?? []).map(({ key, value }) => [key, value]),
    );
    expect(values).toMatchObject({
      "event.id": { stringValue: pageView()["event.id"] },
      "lcp.value": { doubleValue: 640 },
      "dom.nodes": { intValue: "1450" },
      "browser.mobile": { boolValue: true },
      "delivery.arms.engine-6-7": { stringValue: "canary" },
      "tp.entities": { arrayValue: { values: [{ stringValue: "Tags" }, { stringValue: "Ads" }] } },
      "x.mark.basket": { doubleValue: 3 },
    });
    const columns = Object.keys(pageView()).filter((name) => name !== "delivery.arms");
    expect(Object.keys(values)).toEqual(expect.arrayContaining(columns));
  });

  it("nests spans under their parents, in nanoseconds since 1970", async () => {
    const { sink, spans } = await collector();
    await sink.send(batchOf(1));
    const [root, fetched, evaluated, config] = spans;
    expect(root?.parentSpanId).toBeUndefined();
    expect(fetched?.parentSpanId).toBe(root?.spanId);
    expect(config?.parentSpanId).toBe(evaluated?.spanId);
    const lengths = spans.map(
      ({ startTimeUnixNano: from, endTimeUnixNano: to }) => BigInt(to) - BigInt(from),
    );
    expect(lengths.slice(1, 4)).toEqual([100_000_000n, 4_500_000n, 500_000n]);
    expect(fetched?.startTimeUnixNano).toMatch(/^\d{19}$/);
  });

  it("has an id for a trace whose page gave none but zeros, and for a delivery", async () => {
    const { sink, spans } = await collector();
    const zeros: WideEvent = { ...pageView(), "pv.id": "0".repeat(32) };
    const delivery: WideEvent = {
      "event.id": "d-1",
      "event.kind": "delivery",
      "event.at": "2026-11-23T12:00:00.000Z",
      "delivery.edge_ms": 0.5,
      "delivery.status": 304,
    };
    const events = [zeros, delivery].map((event, at) => ({ seq: at + 1, event }));
    expect(await sink.send({ shard: "s7", events })).toEqual(taken);
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(2);
    expect(spans.at(-1)).toMatchObject({ name: "delivery", kind: 2 });
  });

  it("never sends again what was rejected in part, and keeps all of it", async () => {
    const partialSuccess = { rejectedSpans: "3", errorMessage: "too old" };
    const { sink } = await collector({ partialSuccess });
    const why = "rejects 3 spans: too old";
    expect(await sink.send(batchOf(2))).toEqual({
      ...taken,
      refused: [
        { seq: 1, why },
        { seq: 2, why },
      ],
    });
  });

  it("takes a warning for what it is", async () => {
    const { sink } = await collector({ partialSuccess: { errorMessage: "deprecated" } });
    expect(await sink.send(batchOf(1))).toEqual(taken);
  });
});

describe("the decoder that stands in for a collector", () => {
  const span = {
    traceId: "1".padStart(32, "0"),
    spanId: "1".padStart(16, "0"),
    name: "a",
    kind: 1,
    startTimeUnixNano: "1",
    endTimeUnixNano: "2",
  };
  const textOf = (changed: object): string =>
    JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [{ ...span, ...changed }] }] }] });

  it("takes a span that is as it should be", () => {
    expect(() => decodeTraces(textOf({}))).not.toThrow();
  });

  it.each([
    ["a number where 64 bits are a text", { startTimeUnixNano: 1 }],
    ["an id in base64", { traceId: "AAAAAAAAAAAAAAAAAAAAAQ==" }],
    ["an id of zeros", { spanId: "0".repeat(16) }],
    ["a name in snake case", { parent_span_id: span.spanId }],
    ["a name that nobody knows", { durationMs: 1 }],
    ["a kind that is a text", { kind: "internal" }],
  ])("does not take %s", (_, changed) => {
    expect(() => decodeTraces(textOf(changed))).toThrow(Error);
  });
});
