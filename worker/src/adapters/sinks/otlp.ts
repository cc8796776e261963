// OpenTelemetry's protocol: each event as a trace, over HTTP, as JSON. Ids follow from
// the event, so that a repeat writes the same spans. Of a batch of which some spans were
// rejected nobody says which, and the protocol forbids to send it again: all of it is
// refused, so that it is parked and not lost.
// Source: https://opentelemetry.io/docs/specs/otlp/#otlphttp
import * as v from "valibot";
import { sipHash, type Sip64 } from "#base/siphash.ts";
import type { Column } from "#rum/column.ts";
import { columnTable, schemaVersion } from "#rum/columns.ts";
import { spansOf, type Span } from "#rum/spans.ts";
import type { WideEvent } from "#rum/wide-event.ts";
import { mustEncode } from "#src/adapters/compression.ts";
import { attributesOf, type Attribute } from "./attributes.ts";
import { allRefused, outcomeOf } from "./outcome.ts";
import { post, type PostDependencies } from "./post.ts";
import type { Sink, SinkEvent, SinkOutcome } from "./sink.ts";

export type OtlpConfig = {
  readonly name: string;
  /** Of the receiver, without `/v1/traces`. */
  readonly url: string;
  /** What the receiver asks for, as keys. */
  readonly headers: Readonly<Record<string, string>>;
};

const retryable = new Set([429, 502, 503, 504]);

/** A sink that sends traces to a collector or to whoever speaks its protocol. */
export function otlpSink(config: OtlpConfig, dependencies: PostDependencies): Sink {
  const { name, url } = config;
  const headers = {
    ...config.headers,
    "content-type": "application/json",
    "content-encoding": "gzip",
  };
  return { name, most: { events: 500, bytes: 1_000_000, ageMs: 1_000 }, send };

  async function send({ events }: { events: readonly SinkEvent[] }): Promise<SinkOutcome> {
    const text = JSON.stringify(exportRequest(events.map(({ event }) => event)));
    const body = mustEncode(new TextEncoder().encode(text), "gzip", "quick");
    const posted = await post(
      { url: `${url}/v1/traces`, headers, body, refusing: (status) => !retryable.has(status) },
      dependencies,
    );
    const rejected = posted.answer === "accepted" ? readRejected(posted.text) : undefined;
    return rejected === undefined ? outcomeOf(posted, events) : allRefused(events, rejected);
  }
}

const answerSchema = v.object({
  partialSuccess: v.object({
    rejectedSpans: v.pipe(v.union([v.string(), v.number()]), v.transform(Number)),
    errorMessage: v.optional(v.string(), ""),
  }),
});

/** Why some spans were rejected; undefined where none were. */
function readRejected(text: string): string | undefined {
  const answer = v.safeParse(v.pipe(v.string(), v.parseJson(), answerSchema), text);
  if (!answer.success) return undefined;
  const { rejectedSpans, errorMessage } = answer.output.partialSuccess;
  return rejectedSpans > 0 ? `rejects ${rejectedSpans} spans: ${errorMessage}` : undefined;
}

/** An `ExportTraceServiceRequest`: one resource for each service. */
function exportRequest(events: readonly WideEvent[]): object {
  const services = Map.groupBy(events, (event) => event["service.name"] ?? "aviary");
  const scope = { name: "aviary", version: String(schemaVersion) };
  return {
    resourceSpans: [...services].map(([service, own]) => ({
      resource: { attributes: [keyValue("service.name", service)] },
      scopeSpans: [{ scope, spans: own.flatMap((event) => encodeSpans(event)) }],
    })),
  };
}

const kinds = { internal: 1, server: 2, client: 3 } as const satisfies Record<Span["kind"], number>;

function encodeSpans(event: WideEvent): readonly object[] {
  const id = event["event.id"] ?? "";
  const ids = { eventId: id, traceId: traceIdOf(event, id) };
  return spansOf(event).map((span) => encodeSpan(span, ids));
}

type Ids = { readonly eventId: string; readonly traceId: string };

function encodeSpan(span: Span, { eventId, traceId }: Ids): object {
  const { name, parent, kind, placement, startMs, endMs, columns } = span;
  return {
    traceId,
    spanId: hex64(`${eventId}/${name}`),
    ...(parent === undefined ? {} : { parentSpanId: hex64(`${eventId}/${parent}`) }),
    name,
    kind: kinds[kind],
    startTimeUnixNano: nanoseconds(startMs),
    endTimeUnixNano: nanoseconds(endMs),
    attributes: [
      keyValue("aviary.span.start", placement),
      ...attributesOf(columns).map(([key, value]) => keyValue(key, value)),
    ],
  };
}

/** The page view's id. Zeros are no trace's id, but a page may say them. */
function traceIdOf(event: WideEvent, id: string): string {
  const { "pv.id": view = "" } = event;
  return /[1-9a-f]/.test(view) ? view : hex64(`${id}/trace/high`) + hex64(`${id}/trace/low`);
}

/** 64 bits of `text` that are not all zero. */
function hex64(text: string): string {
  const { 0: high, 1: low }: Sip64 = sipHash([0, 0, 0, 0], text);
  return digits(high) + digits(high === 0 && low === 0 ? 1 : low);
}

function digits(word: number): string {
  return word.toString(16).padStart(8, "0");
}

/** As decimal digits, because JSON's numbers end at 2^53. */
function nanoseconds(ms: number): string {
  return String(BigInt(Math.round(ms * 1_000)) * 1_000n);
}

function keyValue(key: string, value: Attribute): object {
  return { key, value: anyValue(key, value) };
}

function anyValue(key: string, value: Attribute): object {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "number") {
    // By the column and not by the value: 1 and 1.5 of one column are of one type.
    return integers.has(key) ? { intValue: String(value) } : { doubleValue: value };
  }
  return { arrayValue: { values: value.map((each) => ({ stringValue: each })) } };
}

const integers: ReadonlySet<string> = new Set(
  Object.entries<Column>(columnTable)
    .filter(([, { kind }]) => kind.type === "integer")
    .map(([name]) => name),
);
