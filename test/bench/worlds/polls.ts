// SDKs that poll datafiles, each with what it has: by tag, or as some do by date alone. Of the
// answers to those in an arm some become delivery events, as at the edge.
import type { Arm } from "#flags/arms.ts";
import type { WideEvent } from "#rum/wide-event.ts";
import { unitBucket } from "#src/canary/trial.ts";
import type { Validators } from "#src/delivery/conditional.ts";
import type { DatafilePointer } from "#src/delivery/pointer.ts";
import { datafileOf, type Answered, type Edge, type Sent } from "./edge.ts";
import type { EdgeCounts } from "./edge-counts.ts";

/** SDKs of a world, and how they poll: once a minute each. */
export type Sdks = {
  readonly count: number;
  /** Of their polls those of a process that has polled before; the others have just begun. */
  readonly returning: number;
  /** Bytes of the candidate relative to the stable datafile's. */
  readonly candidateBytes: number;
};

type PollsOptions = {
  readonly sdks: Sdks;
  readonly flag: string;
  readonly edge: Edge;
  readonly counts: EdgeCounts;
  readonly random: () => number;
};

const minuteMs = 60_000;
/** One answer under trial in so many is looked at. */
const sampledOneIn = 20;
/** Datafiles are published once in half an hour. */
const publishedEveryMs = 30 * minuteMs;
const bytes = 40_000;
const accounts = 40;

export class Polls {
  /** Answers of the canary that were looked at, and those of them that were whole. */
  readonly canary = { events: 0, whole: 0 };
  readonly #options: PollsOptions;
  readonly #before = new Map<number, Validators>();
  readonly #held = new Map<number, Validators>();
  readonly #datafiles = new Map<string, DatafilePointer>();
  #seq = 0;
  /** SDKs in an arm, and since which snapshot; of the others nothing is seen. */
  #inArms: { readonly epoch: number; readonly sdks: readonly number[] } = { epoch: -1, sdks: [] };

  constructor(options: PollsOptions) {
    this.#options = options;
  }

  /** Has every SDK have its datafile before anything is on trial: all of one customer have the same. */
  warm(nowMs: number): void {
    for (let sdk = 0; sdk < Math.min(accounts, this.#options.sdks.count); sdk += 1) {
      this.#before.set(sdk, this.#answer(sdk, nowMs, undefined).validators);
    }
  }

  /** What a minute of polls is seen as. */
  *minute(
    nowMs: number,
    { epoch, sharePpm }: { epoch: number; sharePpm: number },
  ): Generator<WideEvent> {
    const { sdks, flag, counts, random } = this.#options;
    if (this.#inArms.epoch !== epoch) this.#inArms = { epoch, sdks: this.#sdksInArms(nowMs) };
    for (const sdk of this.#inArms.sdks) {
      const atMs = nowMs + Math.floor((minuteMs * sdk) / sdks.count);
      const sent = random() < sdks.returning ? this.#sentBy(sdk) : undefined;
      const { arm, isNotModified } = this.#ask(sdk, atMs, sent);
      if (arm === "rest") continue;
      const bucket = unitBucket(nameOf(sdk));
      counts.add({ kind: "datafile", arm, sharePpm, atMs, bucket });
      if (random() * sampledOneIn >= 1) continue;
      yield this.#event({ arm, flag, atMs, epoch, bucket, isNotModified, sdk });
    }
  }

  #sentBy(sdk: number): Sent | undefined {
    const validators = this.#held.get(sdk) ?? this.#before.get(sdk % accounts);
    // Some SDKs know dates alone.
    return validators && { validators, isByDate: sdk % 2 === 0 };
  }

  #sdksInArms(nowMs: number): readonly number[] {
    const all = Array.from({ length: this.#options.sdks.count }, (_, sdk) => sdk);
    return all.filter((sdk) => this.#answer(sdk, nowMs, undefined).arm !== "rest");
  }

  #ask(sdk: number, nowMs: number, sent: Sent | undefined): Answered {
    const answered = this.#answer(sdk, nowMs, sent);
    this.#held.set(sdk, answered.validators);
    return answered;
  }

  #answer(sdk: number, nowMs: number, sent: Sent | undefined): Answered {
    const published = Math.floor(nowMs / publishedEveryMs) * publishedEveryMs;
    const account = `customer-${sdk % accounts}`;
    const pointer = this.#datafileOf(account, published);
    const context = { visitor: nameOf(sdk), account };
    return this.#options.edge.answer({ pointer, context, nowMs, sent });
  }

  #datafileOf(account: string, published: number): DatafilePointer {
    const known = this.#datafiles.get(account);
    if (known?.movedAtMs === published) return known;
    const fresh = datafileOf(account, published);
    this.#datafiles.set(account, fresh);
    return fresh;
  }

  #event(of: {
    readonly arm: Exclude<Arm, "rest">;
    readonly flag: string;
    readonly atMs: number;
    readonly epoch: number;
    readonly bucket: number;
    readonly isNotModified: boolean;
    readonly sdk: number;
  }): WideEvent {
    const { sdks, random } = this.#options;
    const { arm, isNotModified } = of;
    if (arm === "canary") {
      this.canary.events += 1;
      if (!isNotModified) this.canary.whole += 1;
    }
    const size = bytes * (0.5 + (of.sdk % accounts) / accounts);
    const factor = arm === "canary" ? sdks.candidateBytes : 1;
    return {
      "event.id": `poll-${(this.#seq += 1)}`,
      "event.kind": "delivery",
      "event.at": new Date(of.atMs).toISOString(),
      "delivery.route": "datafile",
      "delivery.epoch": of.epoch,
      "delivery.bucket": of.bucket,
      "delivery.arms": { [of.flag]: arm },
      "delivery.status": isNotModified ? 304 : random() < 0.000_2 ? 503 : 200,
      "delivery.bytes": isNotModified ? 0 : Math.round(size * factor),
      "delivery.edge_ms": Math.floor(-2 * Math.log(1 - random())),
    };
  }
}

function nameOf(sdk: number): string {
  return `sdk-${sdk}`;
}
