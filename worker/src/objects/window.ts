// A shard of page views. Nothing is answered before it is durable: what comes within a
// tenth of a second is one row of the log, and the output gate holds the answers until
// the row is on disk. What memory knows can be read back from the log at any time. While
// there is work a timer ticks, and one alarm wakes the object should it have gone.
import { DurableObject } from "cloudflare:workers";
import { decodeReceived } from "#rum/window/codec.ts";
import type { Reading } from "#rum/pipeline-events.ts";
import { shedShare } from "#rum/window/shed.ts";
import { reportToLog } from "#src/adapters/report.ts";
import type { Sink } from "#src/adapters/sinks/sink.ts";
import type { WideEvent } from "#rum/wide-event.ts";
import type {
  DeliverCall,
  ShardView,
  TakeAnswer,
  TakeCall,
  WindowRpc,
} from "#src/adapters/window-rpc.ts";
import { servicesFor, type Env } from "#src/services.ts";
import { EdgeTable } from "./edge-table.ts";
import { GroupCommit } from "./group-commit.ts";
import { migrate } from "./migrations.ts";
import { SelfReport } from "./self-report.ts";
import { Shard, type Delivery } from "./shard.ts";
import { WindowLog } from "./window-log.ts";

/** Longest that a beacon waits for its row. */
const betweenCommitsMs = 100;
/** Characters at which a row is written at once: with one more call it is below a row's 2 MB. */
const mostRowChars = 300_000;
const betweenTicksMs = 500;
/** Only where the object was gone meanwhile is the alarm the first to wake it. */
const betweenAlarmsMs = 10_000;
const retryAfterS = 5;

export class Window extends DurableObject<Env> implements WindowRpc {
  readonly #log: WindowLog;
  readonly #edge: EdgeTable;
  readonly #shard: Shard;
  readonly #group: GroupCommit<Delivery, string>;
  readonly #selfReport: SelfReport;
  #ticking: ReturnType<typeof setTimeout> | undefined;
  #isArmed = false;
  #alarmsSet = 0;

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    migrate(state.storage, [...WindowLog.steps, ...EdgeTable.steps, ...SelfReport.steps]);
    const name = state.id.toString().slice(0, 16);
    this.#selfReport = new SelfReport(state.storage.sql, name);
    this.#edge = new EdgeTable(state.storage.sql);
    this.#log = new WindowLog(state.storage.sql);
    const services = servicesFor(env);
    this.#shard = new Shard({
      name,
      log: this.#log,
      sinks: this.sinks(env),
      absentSink: services.absentSink,
      park: services.deadLetters.park,
      isPaused: services.isSinkPaused,
      now: Date.now,
      random: Math.random,
    });
    this.#group = new GroupCommit({
      commit: (deliveries) => this.#commit(deliveries),
      now: Date.now,
      betweenMs: betweenCommitsMs,
      mostWeight: mostRowChars,
    });
    this.#selfReport.resume(this.#reading(Date.now()));
    this.#keepTicking();
  }

  /** Where the shard's events go. */
  protected sinks(env: Env): readonly Sink[] {
    return servicesFor(env).sinks;
  }

  async take({ beacons, count, ...call }: TakeCall): Promise<TakeAnswer> {
    if (this.#shedShare() >= 1) {
      this.#shard.letGo(count);
      this.#work();
      return { fates: "s".repeat(count), retryAfterS, ring: this.#shard.ring };
    }
    const delivery = { ...call, text: beacons, beacons: decodeReceived(beacons) };
    const fates = await this.#group.add(delivery, beacons.length);
    return { fates, retryAfterS, ring: this.#shard.ring };
  }

  async deliver({ events, dropped }: DeliverCall): Promise<void> {
    const list = JSON.parse(events) as readonly WideEvent[];
    const isFull = this.#shedShare() >= 1;
    const [kept, lost] = isFull ? [[], list.length] : [list, 0];
    this.#safely(() => this.#shard.deliver(kept, dropped + lost, Date.now()));
    this.#work();
  }

  async tell(isolate: string, totals: Readonly<Record<string, number>>): Promise<void> {
    this.#edge.note(isolate, totals, Date.now());
    this.#work();
  }

  async view(shard: string): Promise<ShardView> {
    const edge = this.#edge.sums();
    return { shard, edge, alarmsSet: this.#alarmsSet, ...this.#shard.view(Date.now()) };
  }

  override async alarm(): Promise<void> {
    this.#isArmed = false;
    this.#tick();
    await this.#shard.pump();
  }

  #commit(deliveries: readonly Delivery[]): readonly string[] {
    const fates = this.#safely(() => this.#shard.commit(deliveries, Date.now(), this.#shedShare()));
    this.#work();
    return fates;
  }

  #shedShare(): number {
    return shedShare({
      pendingChars: this.#group.weight,
      openViews: this.#shard.openViews,
      storedBytes: this.#log.storedBytes,
    });
  }

  #work(): void {
    this.#selfReport.owe(Date.now());
    this.#keepTicking();
  }

  #keepTicking(): void {
    if (this.#shard.isIdle && !this.#selfReport.isOwed) return;
    this.#ticking ??= setTimeout(() => this.#tick(), betweenTicksMs);
    if (this.#isArmed) return;
    this.#isArmed = true;
    this.#alarmsSet += 1;
    this.ctx.waitUntil(this.ctx.storage.setAlarm(Date.now() + betweenAlarmsMs));
  }

  #tick(): void {
    clearTimeout(this.#ticking);
    this.#ticking = undefined;
    this.#safely(() => {
      const nowMs = Date.now();
      const events = this.#selfReport.take(nowMs, () => this.#reading(nowMs));
      if (events.length > 0) this.#shard.tell(events, nowMs);
      this.#shard.settle(nowMs);
    });
    this.ctx.waitUntil(this.#shard.pump());
    this.#keepTicking();
  }

  #reading(nowMs: number): Reading {
    const { counts, openViews, storedBytes, sinks } = this.#shard.view(nowMs);
    return { atMs: nowMs, counts, openViews, storedBytes, sinks, edge: this.#edge.sums() };
  }

  // Memory may be ahead of the log: it is thrown away and read back.
  #safely<T>(write: () => T): T {
    try {
      return write();
    } catch (error) {
      reportToLog("window_reset", { error });
      this.ctx.abort("the log could not be written");
      throw error;
    }
  }
}
