// Honeycomb's batch API. It answers with one status an event, so that those it has no
// room for now are sent again alone; it leaves no repeats out. Lists are JSON texts,
// because Honeycomb knows no arrays.
// Source: https://docs.honeycomb.io/api/events/create-events
import * as v from "valibot";
import { sampleRateOf, type WideEvent } from "#rum/wide-event.ts";
import { mustEncode } from "#src/adapters/compression.ts";
import { attributesOf, type Attribute } from "./attributes.ts";
import { allTaken, outcomeOf } from "./outcome.ts";
import { post, type PostDependencies } from "./post.ts";
import type { Sink, SinkEvent, SinkOutcome } from "./sink.ts";

export type HoneycombConfig = {
  readonly name: string;
  /** Origin of the API: that of the EU is another one. */
  readonly url: string;
  readonly dataset: string;
  readonly apiKey: string;
};

// Limits of https://docs.honeycomb.io/api/events/create-an-event; it does not say
// which of its megabytes is meant, so the smaller one.
const mostEventBytes = 1_000_000;
const mostTextBytes = 64_000;

const answerSchema = v.array(v.object({ status: v.number(), error: v.optional(v.string()) }));

/** A sink that sends to one dataset. */
export function honeycombSink(config: HoneycombConfig, dependencies: PostDependencies): Sink {
  const { name, url, dataset, apiKey } = config;
  const target = `${url}/1/batch/${encodeURIComponent(dataset)}`;
  const headers = {
    "content-type": "application/json",
    "content-encoding": "gzip",
    "x-honeycomb-team": apiKey,
  };
  return { name, most: { events: 1_000, bytes: 4_000_000, ageMs: 1_000 }, send };

  async function send({ events }: { events: readonly SinkEvent[] }): Promise<SinkOutcome> {
    const lines = events.map((each) => ({ each, json: JSON.stringify(entryOf(each.event)) }));
    const fitting = lines.filter(({ json }) => bytesOf(json) <= mostEventBytes);
    const tooLarge = lines.filter((line) => !fitting.includes(line)).map(({ each }) => each);
    const why = `is larger than ${mostEventBytes} bytes`;
    const refused = tooLarge.map(({ seq }) => ({ seq, why }));
    if (fitting.length === 0) return merge(allTaken, refused);
    const text = `[${fitting.map(({ json }) => json).join(",")}]`;
    const body = mustEncode(encoder.encode(text), "gzip", "quick");
    const posted = await post({ url: target, headers, body }, dependencies);
    const sent = fitting.map(({ each }) => each);
    if (posted.answer !== "accepted") return merge(outcomeOf(posted, sent), refused);
    return merge(readStatuses(posted.text, sent), refused);
  }
}

type Refused = { readonly seq: number; readonly why: string };

const encoder = new TextEncoder();

function bytesOf(text: string): number {
  return encoder.encode(text).byteLength;
}

function entryOf(event: WideEvent): object {
  const data = Object.fromEntries(
    attributesOf(event).map(([name, value]) => [name, fieldOf(value)]),
  );
  return { time: event["event.at"], samplerate: sampleRateOf(event), data };
}

function fieldOf(value: Attribute): string | number | boolean {
  if (typeof value === "number" || typeof value === "boolean") return value;
  return cut(typeof value === "string" ? value : JSON.stringify(value));
}

/** As much of a text as Honeycomb keeps, without half a character at its end. */
function cut(text: string): string {
  // No character of UTF-16 takes more than three bytes.
  if (text.length * 3 <= mostTextBytes) return text;
  const room = new Uint8Array(mostTextBytes);
  return text.slice(0, encoder.encodeInto(text, room).read);
}

/** Statuses come in the order of the events. */
function readStatuses(text: string, sent: readonly SinkEvent[]): SinkOutcome {
  const answers = v.safeParse(v.pipe(v.string(), v.parseJson(), answerSchema), text);
  if (!answers.success || answers.output.length !== sent.length) {
    return { outcome: "failed", why: `does not answer one status for each of ${sent.length}` };
  }
  const retry: number[] = [];
  const refused: Refused[] = [];
  let why = "";
  for (const [at, { seq }] of sent.entries()) {
    const { status = 0, error = "" } = answers.output[at] ?? {};
    if (status >= 200 && status < 300) continue;
    const reason = `answers ${status}: ${error}`;
    if (status === 429 || status >= 500) {
      retry.push(seq);
      why = reason;
    } else refused.push({ seq, why: reason });
  }
  // Where nothing gets through, the whole batch backs off.
  if (retry.length === sent.length) return { outcome: "failed", why };
  return { outcome: "taken", retry, refused };
}

/** What became of those that were sent, and those that were not. */
function merge(sent: SinkOutcome, refused: readonly Refused[]): SinkOutcome {
  if (sent.outcome === "failed") return sent;
  return { ...sent, refused: [...sent.refused, ...refused] };
}
