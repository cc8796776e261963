// The page views of a ramp: who comes, which arm they are given, how the snippet came, and what
// their pages say. Counts the canary's views, and those since its harm began.
import type { Arm } from "#flags/arms.ts";
import type { WideEvent } from "#rum/wide-event.ts";
import { unitBucket } from "#src/canary/trial.ts";
import { Browsers, type Got } from "./browsers.ts";
import type { Edge } from "./edge.ts";
import type { EdgeCounts } from "./edge-counts.ts";
import { harmless, pageEvent } from "./pages.ts";
import type { Population, Visitor } from "./population.ts";
import type { Client, World } from "./worlds.ts";

type VisitsOptions = {
  readonly world: World;
  readonly people: Population;
  readonly flag: string;
  readonly edge: Edge;
  readonly counts: EdgeCounts;
  readonly armOf: (unit: string) => Arm;
};

/** When it is, and which snapshot holds. */
export type Now = {
  readonly nowMs: number;
  /** Minutes since the ramp began. */
  readonly minute: number;
  readonly epoch: number;
  readonly sharePpm: number;
};

const minuteMs = 60_000;

export class Visits {
  /** Views of the canary, and those of them whose snippet was fetched whole. */
  readonly canary = { views: 0, whole: 0 };
  /** What both were when harm began, or the first canary view came, and the minute of it. */
  countedFrom:
    | { readonly views: number; readonly whole: number; readonly minute: number }
    | undefined;
  readonly #options: VisitsOptions;
  readonly #browsers: Browsers;
  readonly #phase: number;
  #count = 0;

  constructor(options: VisitsOptions) {
    this.#options = options;
    this.#phase = options.people.random();
    this.#browsers = new Browsers(options.edge);
  }

  /** Has everybody known fetch the snippet before anything is on trial. */
  warm(nowMs: number): void {
    const { world, people } = this.#options;
    if (world.crowd.kind !== "habitual") return;
    for (const visitor of people.known) this.#ask(visitor, { nowMs, epoch: 0 });
  }

  /** A minute of so many views. */
  *minute(count: number, now: Now): Generator<WideEvent> {
    const { world, people, flag } = this.#options;
    const { random, customers } = people;
    const { harm = harmless, harmAfter = 0, clients = [], stepMs = minuteMs } = world;
    const hour = 1 + 0.3 * Math.sin(2 * Math.PI * (now.minute / 97 + this.#phase));
    for (let at = 0; at < count; at += 1) {
      const atMs = now.nowMs + Math.floor((stepMs * at) / count);
      const client = clients.find(({ share }) => random() < share);
      const visitor = client === undefined ? people.next() : this.#strange(client);
      const customer = customers[visitor.account];
      if (customer === undefined) continue;
      const got = this.#got(visitor, client, { ...now, nowMs: atMs });
      const { arm, fetch, epoch } = got;
      if (fetch !== "cached") this.#note(arm, visitor, { ...now, nowMs: atMs });
      if (arm === "canary" && client?.isMute !== true) {
        this.canary.views += 1;
        if (fetch === "whole") this.canary.whole += 1;
      }
      const isHarmful = arm === "canary" && this.canary.views > harmAfter;
      if (isHarmful || (harm === harmless && arm === "canary")) {
        const { views, whole } = this.canary;
        this.countedFrom ??= {
          views: views - 1,
          whole: Math.max(0, whole - 1),
          minute: now.minute,
        };
      }
      if (client?.isMute === true) continue;
      const does = isHarmful ? harm : harmless;
      if (visitor.isBlocked || random() < does.lost) continue;
      const bad = client?.isBad === true ? { ...does, errors: 1_000_000 } : does;
      const id = (this.#count += 1);
      const view = { id, atMs, epoch, flag, arm, visitor, customer, harm: bad, hour, fetch };
      yield pageEvent({ ...view, random });
    }
  }

  #got(visitor: Visitor, client: Client | undefined, now: Now): Got {
    const { world, people, armOf } = this.#options;
    if (world.crowd.kind === "habitual") return this.#ask(visitor, now);
    const unit = world.unit === "account" ? people.nameOf(visitor) : visitor.id;
    const isCached = client === undefined && people.random() < (world.returns ?? 0.2);
    return { arm: armOf(unit), epoch: now.epoch, fetch: isCached ? "cached" : "whole" };
  }

  #ask(visitor: Visitor, { nowMs, epoch }: Pick<Now, "nowMs" | "epoch">): Got {
    const account = this.#options.people.nameOf(visitor);
    return this.#browsers.view({ visitor: visitor.id, account, nowMs, epoch });
  }

  #note(arm: Arm, visitor: Visitor, { nowMs: atMs, sharePpm }: Now): void {
    const { world, people, counts } = this.#options;
    if (arm === "rest") return;
    const isOfAccounts = world.unit === "account";
    const bucket = isOfAccounts ? unitBucket(people.nameOf(visitor)) : visitor.bucket;
    counts.add({ kind: "snippet", arm, sharePpm, atMs, bucket, visitor: visitor.id });
  }

  /** One client that comes again and again, and is like no other visitor. */
  #strange({ name, isBad }: Client): Visitor {
    let id = name;
    if (isBad === true) while (this.#options.armOf(id) !== "canary") id += "+";
    const usual = { slowness: 1, frailty: 1, isBlocked: false, grain: 0.1 };
    return { id, bucket: unitBucket(id), account: 0, ...usual };
  }
}
