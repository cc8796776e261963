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
    this.#sizes = gone < 0 ? [] : this.#sizes.slice(gone);
    this.#firstSeq = seq;
  }
}

/** Length as JSON in bytes, of ASCII; rather too much than too little. */
export function approximateBytes(event: WideEvent): number {
  let bytes = 2;
  const row: Readonly<Record<string, unknown>> = event;
  for (const name in row) {
    const value = row[name];
    bytes += name.length + perField;
    if (typeof value === "string") bytes += value.length + 2;
    else if (typeof value === "object") bytes += JSON.stringify(value).length;
    else bytes += perNumber;
  }
  return bytes;
}
