// How large an event is as JSON, near enough to fill batches: putting it into words to
// find out would cost as much as sending it.
import type { WideEvent } from "#rum/wide-event.ts";
import type { Sink, SinkEvent } from "./sink.ts";

const perField = 5;
const perNumber = 12;

type Cut = {
  readonly events: readonly SinkEvent[];
  /** Whether one more would have been too much. */
  readonly isFull: boolean;
};

/** Cuts a lane's batches. Measures each event once, however often a batch is asked for. */
export class BatchCutter {
  readonly #most: Sink["most"];
  #firstSeq = 0;
  #sizes: number[] = [];

  constructor(most: Sink["most"]) {
    this.#most = most;
  }

  /** As many of `events` as a batch may have: some of a lane's that are to go next, in order. */
  cut(events: readonly SinkEvent[]): Cut {
    this.#moveTo(events[0]?.seq ?? 0);
    let bytes = 0;
    for (const [at, { event }] of events.entries()) {
      this.#sizes[at] ??= approximateBytes(event);
      bytes += this.#sizes[at];
      // One that is too large alone is sent alone: the sink says what becomes of it.
      if (bytes > this.#most.bytes)
        return { events: events.slice(0, Math.max(1, at)), isFull: true };
    }
    return { events, isFull: events.length >= this.#most.events };
  }

  #moveTo(seq: number): void {
    const gone = seq - this.#firstSeq;
    if (gone === 0) return;
    this.#sizes = gone < 0 ? [] : this.#sizes.slice(gone);
    this.#firstSeq = seq;
  }
}

/** Length as JSON in bytes; rather too much than too little. */
export function approximateBytes(event: WideEvent): number {
  let bytes = 2;
  const row: Readonly<Record<string, unknown>> = event;
  for (const name in row) {
    const value = row[name];
    bytes += name.length + perField;
    if (typeof value === "string") bytes += isPlain(value) ? value.length + 2 : bytesOf(value);
    else if (typeof value === "object") bytes += bytesOf(value);
    else bytes += perNumber;
  }
  return bytes;
}

const encoder = new TextEncoder();

/** Whether a text is as long in JSON and in bytes as in characters. */
function isPlain(text: string): boolean {
  return !/[^ !#-[\]-~]/.test(text);
}

// Where a page's words are not plain, a batch could be three times as large as its sink
// takes, and would be refused as a whole.
function bytesOf(value: unknown): number {
  const json = JSON.stringify(value);
  return /[^ -~]/.test(json) ? encoder.encode(json).length : json.length;
}
