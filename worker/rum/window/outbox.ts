// A shard's events that some sink still waits for, in order. The newest are in memory;
// where a sink lags, the oldest are laid down in chunks, so that memory has a bound
// whatever the sink does. Each event is there until every sink is done with it.
import type { WideEvent } from "#rum/wide-event.ts";

/** An event that is to go out. */
export type Outgoing = {
  /** From 1, without gaps. */
  readonly seq: number;
  readonly event: WideEvent;
  readonly sealedAtMs: number;
  /** Rows of the log that are kept for it. */
  readonly rows: readonly number[];
};

/** A run of events that was laid down. */
export type Chunk = {
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** When its first event was sealed. */
  readonly sealedAtMs: number;
  readonly events: readonly WideEvent[];
};

/** Where chunks are laid down. */
export type Chunks = {
  readonly keep: (chunk: Chunk) => void;
  /** The chunk that holds `seq`; undefined where none does. */
  readonly find: (seq: number) => Chunk | undefined;
  /** Drops all that end at `lastSeq` or before. */
  readonly drop: (lastSeq: number) => void;
};

/** Most events in memory. */
export const mostInMemory = 2_000;
/** Events of one chunk. */
export const chunkSize = 250;

type Numbered = { readonly seq: number; readonly event: WideEvent };

export class Outbox {
  readonly #chunks: Chunks;
  #memory: Outgoing[] = [];
  #lastSeq: number;
  /** Last event that was laid down. */
  #laidDown: number;
  #done = 0;
  #dropped = 0;

  /** @param lastSeq the last event that there was before those that will be pushed. */
  constructor(chunks: Chunks, lastSeq: number, laidDown: number) {
    this.#chunks = chunks;
    this.#lastSeq = lastSeq;
    this.#laidDown = laidDown;
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  push(outgoing: Outgoing): void {
    this.#memory.push(outgoing);
    this.#lastSeq = outgoing.seq;
  }

  /** Counts an event that no sink waits for. */
  skip(seq: number): void {
    this.#lastSeq = seq;
  }

  /** When the event after `seq` was sealed, or one shortly before it; undefined where none waits. */
  waitingSinceMs(seq: number): number | undefined {
    if (seq >= this.#lastSeq) return undefined;
    if (seq + 1 <= this.#laidDown) return this.#chunk(seq + 1)?.sealedAtMs;
    return this.#memory[this.#indexOf(seq + 1)]?.sealedAtMs;
  }

  /** Events after `seq`, at most so many; fewer where a chunk ends. */
  read(seq: number, most: number): readonly Numbered[] {
    const from = seq + 1;
    if (from > this.#laidDown) {
      const at = this.#indexOf(from);
      return this.#memory.slice(at, at + most);
    }
    const chunk = this.#chunk(from);
    if (chunk === undefined) return [];
    const skip = from - chunk.firstSeq;
    return chunk.events.slice(skip, skip + most).map((event, at) => ({ seq: from + at, event }));
  }

  /** Lets go of all events up to `seq`, and says which rows were kept for them. */
  release(seq: number): readonly number[] {
    this.#done = Math.max(this.#done, seq);
    const count = this.#memory.findIndex((each) => each.seq > seq);
    const gone = this.#memory.splice(0, count < 0 ? this.#memory.length : count);
    return gone.flatMap(({ rows }) => rows);
  }

  /**
   * Drops chunks that were let go: to be called where the cursors are written down, or a
   * crash between the two would leave a cursor that points at nothing.
   */
  drop(): void {
    if (this.#done <= this.#dropped) return;
    if (this.#dropped < this.#laidDown) this.#chunks.drop(this.#done);
    this.#dropped = this.#done;
  }

  /**
   * Adds events that no row of the log holds: they are laid down at once, and so are all
   * before them. Says which rows were kept for those.
   */
  append(events: readonly WideEvent[], sealedAtMs: number): readonly number[] {
    const rows = this.layDown(0);
    const firstSeq = this.#lastSeq + 1;
    const lastSeq = this.#lastSeq + events.length;
    this.#chunks.keep({ firstSeq, lastSeq, sealedAtMs, events });
    this.#lastSeq = lastSeq;
    this.#laidDown = lastSeq;
    return rows;
  }

  /** Lays down what is too much for memory, and says which rows were kept for it. */
  layDown(most = mostInMemory): readonly number[] {
    const rows: number[] = [];
    while (this.#memory.length > most) {
      const chunk = this.#memory.splice(0, chunkSize);
      const [first, last] = [chunk[0], chunk.at(-1)];
      if (first === undefined || last === undefined) break;
      this.#chunks.keep({
        firstSeq: first.seq,
        lastSeq: last.seq,
        sealedAtMs: first.sealedAtMs,
        events: chunk.map(({ event }) => event),
      });
      this.#laidDown = last.seq;
      for (const each of chunk) rows.push(...each.rows);
    }
    return rows;
  }

  // Sinks that lag read one chunk again and again.
  #cached: Chunk | undefined;

  #chunk(seq: number): Chunk | undefined {
    const cached = this.#cached;
    if (cached !== undefined && cached.firstSeq <= seq && seq <= cached.lastSeq) return cached;
    this.#cached = this.#chunks.find(seq);
    return this.#cached;
  }

  #indexOf(seq: number): number {
    const first = this.#memory[0]?.seq ?? this.#lastSeq + 1;
    return Math.max(0, seq - first);
  }
}
