// Sends dead letters again, a few at a time, so that whoever asks can say how far it is.
// A letter goes once the sink took all of it; what it did not take stays. A replay that
// was cut off can be asked for again: events have the ids that they had.
import { approximateBytes } from "./event-bytes.ts";
import type { DeadLetters } from "./dead-letters.ts";
import type { Sink, SinkBatch, SinkEvent } from "./sink.ts";

export type Replayed = {
  /** Letters that were looked at. */
  readonly letters: number;
  /** Events that the sink took. */
  readonly delivered: number;
  /** Events that stay, refused once more or not taken now. */
  readonly kept: number;
  /** Key of the last letter that was looked at, where there are more; null at the end. */
  readonly next: string | null;
  /** Why it stopped early; null where it did not. */
  readonly failure: string | null;
};

type Stores = { readonly sink: Sink; readonly deadLetters: DeadLetters };

/** Replays up to `most` letters after the key `after`. Rejects where the bucket fails. */
export async function replay(
  { sink, deadLetters }: Stores,
  { after, most }: { readonly after?: string | undefined; readonly most: number },
): Promise<Replayed> {
  const { letters, more } = await deadLetters.list(sink.name, { after, most });
  const sum = { letters: 0, delivered: 0, kept: 0 };
  for (const { key } of letters) {
    const batch = await deadLetters.open(key);
    sum.letters += 1;
    if (batch === undefined) continue;
    const { left, why, failure } = await deliver(sink, batch);
    sum.delivered += batch.events.length - left.length;
    sum.kept += left.length;
    if (left.length < batch.events.length) {
      await deadLetters.replace(key, { sink: sink.name, batch: { ...batch, events: left }, why });
    }
    if (failure !== null) return { ...sum, next: key, failure };
  }
  return { ...sum, next: more ? (letters.at(-1)?.key ?? null) : null, failure: null };
}

type Delivered = {
  readonly left: readonly SinkEvent[];
  /** Why the last of those that are left is. */
  readonly why: string;
  readonly failure: string | null;
};

async function deliver(sink: Sink, { shard, events }: SinkBatch): Promise<Delivered> {
  const left: SinkEvent[] = [];
  let why = "";
  const parts = partsOf(events, sink.most);
  for (const [at, part] of parts.entries()) {
    const outcome = await sink.send({ shard, events: part });
    if (outcome.outcome === "failed") {
      const rest = parts.slice(at).flat();
      return { left: [...left, ...rest], why: outcome.why, failure: outcome.why };
    }
    const reasons = new Map(outcome.refused.map((each) => [each.seq, each.why]));
    const again = new Set(outcome.retry);
    left.push(...part.filter(({ seq }) => again.has(seq) || reasons.has(seq)));
    why = [...reasons.values()].at(-1) ?? (again.size > 0 ? "not taken now" : why);
  }
  return { left, why, failure: null };
}

/** Batches that the sink takes: it may be another one than that which refused them. */
function partsOf(events: readonly SinkEvent[], most: Sink["most"]): readonly SinkEvent[][] {
  const parts: SinkEvent[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const each of events) {
    const size = approximateBytes(each.event);
    const last = parts.at(-1);
    if (last === undefined || bytes + size > most.bytes || last.length >= most.events) {
      parts.push([each]);
      bytes = size;
    } else {
      last.push(each);
      bytes += size;
    }
  }
  return parts;
}
