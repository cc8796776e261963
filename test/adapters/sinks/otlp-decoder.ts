// Reads OTLP/HTTP JSON by the protocol's own protobuf definitions, which OpenTelemetry's
// package for JavaScript ships, and lets nothing pass that they do not know.
import { isDeepStrictEqual } from "node:util";
import root from "@opentelemetry/otlp-transformer/build/src/generated/root.js";

type Json = { readonly [key: string]: Json } | readonly Json[] | string | number | boolean | null;

type Message = {
  verify(message: object): string | null;
  fromObject(object: object): object;
  encode(message: object): { finish(): Uint8Array };
  decode(bytes: Uint8Array): object;
  toObject(message: object, options: object): object;
};

const { ExportTraceServiceRequest } = (
  root as unknown as {
    opentelemetry: {
      proto: { collector: { trace: { v1: { ExportTraceServiceRequest: Message } } } };
    };
  }
).opentelemetry.proto.collector.trace.v1;

const idDigits: Readonly<Record<string, number>> = { traceId: 32, spanId: 16, parentSpanId: 16 };
const wide64 = new Set(["startTimeUnixNano", "endTimeUnixNano", "intValue"]);

type KeyValue = { readonly key: string; readonly value: Readonly<Record<string, unknown>> };
export type DecodedSpan = {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly KeyValue[];
};
export type DecodedRequest = {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly KeyValue[] };
    readonly scopeSpans: readonly { readonly spans: readonly DecodedSpan[] }[];
  }[];
};

/** What the bytes of protobuf say that the JSON stands for. Throws for what is not as the protocol has it. */
export function decodeTraces(text: string): DecodedRequest {
  const json = JSON.parse(text) as Json;
  // JSON has ids as hexadecimal digits, where protobuf's own mapping has base64.
  const object = mapIds(json, (digits) => Buffer.from(digits, "hex")) as object;
  const sent = ExportTraceServiceRequest.fromObject(object);
  const fault = ExportTraceServiceRequest.verify(sent);
  if (fault !== null) throw new Error(fault);
  const message = ExportTraceServiceRequest.decode(ExportTraceServiceRequest.encode(sent).finish());
  const plain = ExportTraceServiceRequest.toObject(message, { longs: String, bytes: String });
  const back = mapIds(plain as Json, (base64) => Buffer.from(base64, "base64").toString("hex"));
  // Names that the definitions do not know would not have come back.
  if (!isDeepStrictEqual(withoutEmpty(back), withoutEmpty(json))) {
    throw new Error("something is not in the definitions");
  }
  return back as DecodedRequest;
}

/** Protobuf does not tell an empty list from none. */
function withoutEmpty(value: unknown): unknown {
  const text = JSON.stringify(value, (_, each: unknown) =>
    Array.isArray(each) && each.length === 0 ? undefined : each,
  );
  return JSON.parse(text);
}

function mapIds(value: Json, change: (id: string) => unknown): unknown {
  if (Array.isArray(value)) return value.map((each) => mapIds(each as Json, change));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]: [string, Json]) => {
      if (wide64.has(key) && !(typeof each === "string" && /^-?\d+$/.test(each))) {
        throw new Error(`${key} is not a 64-bit integer as a text`);
      }
      if (!(key in idDigits)) return [key, mapIds(each, change)];
      if (typeof each !== "string") throw new Error(`${key} is no text`);
      return [key, checked(key, change(each))];
    }),
  );
}

function checked(key: string, id: unknown): unknown {
  const bytes = typeof id === "string" ? Buffer.from(id, "hex") : (id as Buffer);
  if (bytes.length * 2 !== idDigits[key]) throw new Error(`${key} is of another length`);
  if ([...bytes].every((byte) => byte === 0)) throw new Error(`${key} is all zeros`);
  return id;
}
