// One flag's counts, evidence and verdicts. Loads, lets pure steps decide, saves, and arms its
// alarm: every look at the flag is taken there, at most one a second, and none once nothing is
// on trial and nobody waits to be told.
import { DurableObject } from "cloudflare:workers";
import { ok } from "#base/result.ts";
import type { IdTraffic, Traffic } from "#flags/traffic.ts";
import { channelsFrom } from "#src/adapters/notices/configure.ts";
import { registryFrom } from "#src/adapters/registry.ts";
import { reportToLog } from "#src/adapters/report.ts";
import type {
  CountBatch,
  Counted,
  RolloutRpc,
  Standing,
  StoredVerdict,
  VerdictLine,
  VerdictQuery,
} from "#src/adapters/rollouts.ts";
import { foldBatch, type Batch } from "#src/canary/evidence.ts";
import type { Env } from "#src/services.ts";
import { ArmCountTable } from "./arm-count-table.ts";
import { EvidenceTable } from "./evidence-table.ts";
import type { HeldTrial } from "./held-trial.ts";
import { Judgement } from "./judgement.ts";
import { migrate } from "./migrations.ts";
import { NoticeOutbox } from "./notice-outbox.ts";
import { TrafficTable } from "./traffic-table.ts";
import { VerdictLog } from "./verdict-log.ts";

const steps = [
  ...ArmCountTable.steps,
  ...EvidenceTable.steps,
  ...VerdictLog.steps,
  ...NoticeOutbox.steps,
  "CREATE TABLE self (name TEXT PRIMARY KEY) WITHOUT ROWID",
  ...ArmCountTable.laterSteps,
  ...EvidenceTable.laterSteps,
  ...TrafficTable.steps,
  ...ArmCountTable.latestSteps,
];

const betweenLooksMs = 1_000;
/** Time alone changes verdicts: stages ripen, silence grows. */
const restlessMs = 5_000;
/** How long a batch may be folded by what was known of the flag before. */
const trialFreshMs = 5_000;
const noticeTimeoutMs = 5_000;

export class Rollout extends DurableObject<Env> implements RolloutRpc {
  readonly #counts: ArmCountTable;
  readonly #traffic: TrafficTable;
  readonly #evidence: EvidenceTable;
  readonly #verdicts: VerdictLog;
  readonly #notices: NoticeOutbox;
  readonly #judgement: Judgement;
  readonly #name: string;
  #held: { readonly trial: HeldTrial | undefined; readonly atMs: number } | undefined;
  #lookedAtMs = 0;

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    const { storage } = state;
    migrate(storage, steps);
    const report = reportToLog;
    const posting = {
      fetch: (url: string, init: RequestInit) => fetch(url, init),
      now,
      timeoutMs: noticeTimeoutMs,
    };
    const { channels, problems } = channelsFrom(env, posting);
    for (const problem of problems) report("notice_channel_unusable", { problem });
    this.#name = nameOf(state);
    this.#counts = new ArmCountTable(storage);
    this.#traffic = new TrafficTable(storage);
    this.#evidence = new EvidenceTable(storage, report);
    this.#verdicts = new VerdictLog(storage);
    this.#notices = new NoticeOutbox({ storage, channels, report, now, newId });
    this.#judgement = new Judgement({
      storage,
      registry: () => registryFrom(this.env.REGISTRY)(),
      counts: this.#counts,
      evidence: this.#evidence,
      verdicts: this.#verdicts,
      notices: this.#notices,
      report,
      now,
    });
  }

  async count(batch: CountBatch): Promise<void> {
    this.#counts.add(batch, Date.now());
    // Requests in arms are the first sign that a flag is on trial.
    if (this.#flag !== undefined) await this.#wakeBy(Date.now() + betweenLooksMs);
  }

  async counted(): Promise<Counted> {
    return { counts: this.#counts.all(), perMinute: this.#counts.perMinute(Date.now()) };
  }

  async addTraffic(ids: readonly IdTraffic[]): Promise<void> {
    this.#traffic.add(ids, Date.now());
  }

  async traffic(): Promise<Traffic | null> {
    return this.#traffic.lastDay(Date.now());
  }

  async take(batch: Batch): ReturnType<RolloutRpc["take"]> {
    const newest = Math.max(0, ...batch.events.map(({ epoch }) => epoch));
    const held = await this.#trialOf(newest);
    if (!held?.isLive) return ok("not_live");
    // Nothing is awaited from here until it is saved: batches of two shards may come at once.
    const folded = foldBatch(this.#evidence.of(held.rollout), held.trial, batch);
    if (!folded.ok) return folded;
    this.#evidence.save(folded.value);
    await this.#wakeBy(Math.max(Date.now(), this.#lookedAtMs + betweenLooksMs));
    return ok("taken");
  }

  async standing(): Promise<Standing | null> {
    const flag = this.#flag;
    const trial = flag && (await this.#judgement.trial(flag.key, flag.code));
    if (trial === undefined || trial.rollout.attempt === 0) return null;
    if (trial.isLive) await this.#wakeBy(Date.now() + betweenLooksMs);
    return {
      input: this.#judgement.input(trial),
      isAutomatic: trial.isAutomatic,
      latest: this.#verdicts.latest(),
      notices: this.#notices.counts(),
    };
  }

  async verdicts(query: VerdictQuery): Promise<readonly VerdictLine[]> {
    return this.#verdicts.list(query);
  }

  async verdictAt(atMs: number): Promise<StoredVerdict | null> {
    return this.#verdicts.at(atMs);
  }

  override async alarm(): Promise<void> {
    const flag = this.#flag;
    let isLive = false;
    try {
      this.#lookedAtMs = Date.now();
      isLive = flag !== undefined && (await this.#judgement.look(flag.key, flag.code));
    } catch (error) {
      isLive = true;
      reportToLog("judgement_failed", { name: this.#name, error });
    }
    // A channel that hangs must not keep the next look waiting.
    this.ctx.waitUntil(this.#sendNotices());
    if (isLive) await this.#wakeBy(this.#lookedAtMs + restlessMs);
  }

  async #sendNotices(): Promise<void> {
    await this.#notices.send();
    const dueAtMs = this.#notices.dueAtMs();
    if (dueAtMs !== null) await this.#wakeBy(Math.max(dueAtMs, Date.now() + betweenLooksMs));
  }

  async #trialOf(newestEpoch: number): Promise<HeldTrial | undefined> {
    const flag = this.#flag;
    if (flag === undefined) return undefined;
    const nowMs = Date.now();
    const { trial, atMs } = this.#held ?? { trial: undefined, atMs: 0 };
    if (trial?.isLive && trial.epoch >= newestEpoch && nowMs - atMs < trialFreshMs) return trial;
    const fresh = await this.#judgement.trial(flag.key, flag.code);
    // An answer that was long on its way may be of an attempt that is over: saving its evidence
    // would do away with that of the next one.
    const newer = this.#held?.trial;
    if (fresh !== undefined && newer !== undefined && newer.epoch > fresh.epoch) return newer;
    this.#held = { trial: fresh, atMs: nowMs };
    return fresh;
  }

  /** Arms the alarm, unless it goes off before that anyway. */
  async #wakeBy(atMs: number): Promise<void> {
    const armed = await this.ctx.storage.getAlarm();
    if (armed === null || armed > atMs) await this.ctx.storage.setAlarm(atMs);
  }

  /** The flag whose object this is; undefined for the one that counts all requests. */
  get #flag(): { readonly key: string; readonly code: string } | undefined {
    const [key = "", code] = this.#name.split(":");
    return code === undefined ? undefined : { key, code };
  }
}

const now = (): number => Date.now();
const newId = (): string => crypto.randomUUID();

// An alarm may wake an object without telling it its name.
function nameOf({ id, storage }: DurableObjectState): string {
  const { sql } = storage;
  if (id.name !== undefined) sql.exec("INSERT OR IGNORE INTO self VALUES (?)", id.name);
  const [row] = sql.exec<{ name: string }>("SELECT name FROM self").toArray();
  return row?.name ?? "";
}
