// Sampled delivery requests on their way to the sinks: gathered in the isolate and handed
// to a shard behind a request, ten seconds' worth at a time. A sample may be lost, and is
// counted then; it never counts twice, because nothing is sent again. A busy isolate looks
// at fewer of its requests, so that what samples cost does not grow with the traffic.
import type { WideEvent } from "#rum/wide-event.ts";
import { withDeadline } from "./deadline.ts";
import type { Report } from "./report.ts";
import type { WindowRpc } from "./window-rpc.ts";

export type DeliveryEventsDependencies = {
  /** The shard for events of this continent. */
  readonly shard: (continent: string | undefined) => Pick<WindowRpc, "deliver">;
  /** Names this isolate. */
  readonly isolate: string;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly report: Report;
};

const betweenFlushesMs = 10_000;
const deadlineMs = 5_000;
/** Some hundred kilobytes; what comes beyond is dropped and counted. */
const mostPending = 500;
/** What an isolate makes between two flushes in the long run. */
const wantedPerFlush = mostPending;
/** As the column `delivery.sample_rate` has it. */
const highestRate = 1_000_000;

export class DeliveryEvents {
  readonly #deps: DeliveryEventsDependencies;
  #pending: WideEvent[] = [];
  #dropped = 0;
  #made = 0;
  #madeAtFlush = 0;
  /** One request is looked at where so many would be. */
  #thinning = 1;
  #flushedAtMs = 0;
  #isFlushing = false;

  constructor(dependencies: DeliveryEventsDependencies) {
    this.#deps = dependencies;
  }

  /**
   * Draws one request in `rate`, none where it is 0, and fewer where the isolate is busy:
   * the number that the drawn one stands for, or undefined.
   */
  draw(rate: number): number | undefined {
    const actual = Math.min(rate * this.#thinning, highestRate);
    return actual > 0 && this.#deps.random() * actual < 1 ? actual : undefined;
  }

  /** A name for an event that no other has. */
  nextId(): string {
    this.#made += 1;
    return `d-${this.#deps.isolate}-${this.#made}`;
  }

  add(event: WideEvent): void {
    if (this.#pending.length < mostPending) this.#pending.push(event);
    else this.#dropped += 1;
  }

  isDue(nowMs: number): boolean {
    const isWaiting = this.#pending.length > 0 && !this.#isFlushing;
    const isFull = this.#pending.length >= mostPending;
    return isWaiting && (isFull || nowMs - this.#flushedAtMs >= betweenFlushesMs);
  }

  /** Hands over what was gathered. Never rejects: what does not arrive is counted as dropped. */
  async flush(nowMs: number, continent: string | undefined): Promise<void> {
    const events = this.#pending;
    const dropped = this.#dropped;
    this.#pending = [];
    this.#dropped = 0;
    this.#thin(nowMs - this.#flushedAtMs);
    this.#flushedAtMs = nowMs;
    this.#isFlushing = true;
    try {
      const sent = this.#deps.shard(continent).deliver({ events: JSON.stringify(events), dropped });
      await withDeadline(sent, deadlineMs, "window");
    } catch (error) {
      this.#dropped += events.length + dropped;
      this.#deps.report("deliveries_not_sent", { events: events.length, error });
    } finally {
      this.#isFlushing = false;
    }
  }

  // By how often requests come, never by what they are: both arms thin alike.
  #thin(sinceFlushMs: number): void {
    const made = this.#made - this.#madeAtFlush;
    const wanted = (wantedPerFlush * Math.max(sinceFlushMs, 1)) / betweenFlushesMs;
    const needed = Math.ceil((this.#thinning * made) / wanted);
    this.#thinning = Math.min(Math.max(1, needed), highestRate);
    this.#madeAtFlush = this.#made;
  }
}
