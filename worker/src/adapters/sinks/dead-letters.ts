// Events that a sink would not take, kept in R2 until somebody replays them. A letter is
// a batch with the reason; it is named after the lines in it, so that a batch that is
// parked again, because a crash came between, writes over itself. Nothing here is ever
// deleted but by a replay that delivered it.
import { gzipSync, gunzipSync } from "node:zlib";
import * as v from "valibot";
import type { WideEvent } from "#rum/wide-event.ts";
import { withDeadline } from "#src/adapters/deadline.ts";
import { batchId, type SinkBatch, type SinkEvent } from "./sink.ts";

/** What is told of a letter without opening it. */
type Letter = {
  readonly key: string;
  readonly events: number;
  readonly why: string;
  readonly parkedAtMs: number;
};

export type DeadLetters = {
  /** Keeps a batch. Rejects where the bucket does not. */
  readonly park: (sink: string, batch: SinkBatch, why: string) => Promise<void>;
  /** At most `most` letters of a sink, in the order of their keys, after the key `after`. */
  readonly list: (
    sink: string,
    options: { readonly after?: string | undefined; readonly most: number },
  ) => Promise<{ readonly letters: readonly Letter[]; readonly more: boolean }>;
  /** Names of the sinks that have letters, whether they are still there or not. */
  readonly sinks: () => Promise<readonly string[]>;
  /** The batch in a letter; undefined where it is gone. */
  readonly open: (key: string) => Promise<SinkBatch | undefined>;
  /** Leaves of a letter what is in `rest.batch`; nothing where that is empty. */
  readonly replace: (
    key: string,
    rest: { readonly sink: string; readonly batch: SinkBatch; readonly why: string },
  ) => Promise<void>;
};

const deadlineMs = 10_000;
const longestWhy = 300;
const notAscii = /[^\x20-\x7e]/g;

/** The dead letters in `bucket`. */
export function deadLettersIn(bucket: R2Bucket): DeadLetters {
  return { park, list, sinks, open, replace };

  async function park(sink: string, batch: SinkBatch, why: string): Promise<void> {
    const { shard, events } = batch;
    const lines = [{ shard, why }, ...events].map((line) => `${JSON.stringify(line)}\n`);
    const put = bucket.put(keyOf(sink, batch), gzipSync(lines.join("")), {
      httpMetadata: { contentType: "application/x-ndjson", contentEncoding: "gzip" },
      // Metadata are header fields.
      customMetadata: {
        events: String(events.length),
        why: why.replaceAll(notAscii, "?").slice(0, longestWhy),
      },
    });
    await withDeadline(put, deadlineMs, "the bucket");
  }

  async function list(
    sink: string,
    { after, most }: { readonly after?: string | undefined; readonly most: number },
  ): Promise<{ readonly letters: readonly Letter[]; readonly more: boolean }> {
    const listing = bucket.list({
      prefix: prefixOf(sink),
      limit: most,
      include: ["customMetadata"],
      ...(after === undefined ? {} : { startAfter: after }),
    });
    const { objects, truncated } = await withDeadline(listing, deadlineMs, "the bucket");
    return { letters: objects.map(letterFrom), more: truncated };
  }

  async function sinks(): Promise<readonly string[]> {
    const listing = bucket.list({ prefix: folder, delimiter: "/" });
    const { delimitedPrefixes } = await withDeadline(listing, deadlineMs, "the bucket");
    return delimitedPrefixes.map((prefix) => prefix.slice(folder.length, -1));
  }

  async function open(key: string): Promise<SinkBatch | undefined> {
    const stored = await withDeadline(bucket.get(key), deadlineMs, "the bucket");
    if (stored === null) return undefined;
    const bytes = await withDeadline(stored.arrayBuffer(), deadlineMs, "the bucket");
    const text = gunzipSync(new Uint8Array(bytes)).toString();
    const [head = "", ...lines] = text.trimEnd().split("\n");
    const { shard } = v.parse(headSchema, JSON.parse(head));
    return { shard, events: lines.map((line) => eventFrom(line)) };
  }

  async function replace(
    key: string,
    {
      sink,
      batch,
      why,
    }: { readonly sink: string; readonly batch: SinkBatch; readonly why: string },
  ): Promise<void> {
    // What is left is kept before the whole of it goes.
    if (batch.events.length > 0) await park(sink, batch, why);
    if (batch.events.length > 0 && keyOf(sink, batch) === key) return;
    await withDeadline(bucket.delete(key), deadlineMs, "the bucket");
  }
}

const headSchema = v.object({ shard: v.string() });
const lineSchema = v.object({ seq: v.number(), event: v.record(v.string(), v.unknown()) });

function eventFrom(line: string): SinkEvent {
  const { seq, event } = v.parse(lineSchema, JSON.parse(line));
  return { seq, event: event as WideEvent };
}

function letterFrom({ key, uploaded, customMetadata = {} }: R2Object): Letter {
  const { events = "0", why = "" } = customMetadata;
  return { key, events: Number(events), why, parkedAtMs: uploaded.getTime() };
}

const folder = "dead-letters/";

function prefixOf(sink: string): string {
  return `${folder}${sink}/`;
}

function keyOf(sink: string, batch: SinkBatch): string {
  return `${prefixOf(sink)}${batchId(batch)}.ndjson.gz`;
}
