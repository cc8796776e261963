// What a page view says of itself, as the wide event that a sink would get: times of Weibull
// and Pareto shape, coarse clocks, missing columns, copies from the browser's cache.
import type { Arm } from "#flags/arms.ts";
import type { WideEvent } from "#rum/wide-event.ts";
import type { Fetch } from "./browsers.ts";
import type { Customer, Visitor } from "./population.ts";

/** What the canary does to its pages: factors, 1 for nothing. */
export type Harm = {
  readonly download: number;
  readonly evaluation: number;
  readonly errors: number;
  readonly incomplete: number;
  readonly bytes: number;
  /** Share of its pages whose beacons never come. */
  readonly lost: number;
};

export const harmless: Harm = {
  download: 1,
  evaluation: 1,
  errors: 1,
  incomplete: 1,
  bytes: 1,
  lost: 0,
};

export type PageView = {
  readonly id: number;
  readonly atMs: number;
  readonly epoch: number;
  readonly flag: string;
  readonly arm: Arm;
  readonly visitor: Visitor;
  readonly customer: Customer;
  readonly harm: Harm;
  /** How slow the hour is, for everybody. */
  readonly hour: number;
  readonly fetch: Fetch;
  readonly random: () => number;
};

/** As Resource Timing has it, by the size of the body. */
const transferred: Readonly<Record<Fetch, (bytes: number) => number>> = {
  whole: (bytes) => 300 + bytes,
  revalidated: () => 300,
  cached: () => 0,
};

export function pageEvent(view: PageView): WideEvent {
  const { id, atMs, epoch, flag, arm, visitor, customer, harm, hour, fetch, random } = view;
  const isErring = random() < 0.01 * hour * visitor.frailty * customer.frailty * harm.errors;
  const isLeaving = random() < 0.03 * hour * visitor.frailty * harm.incomplete;
  const common: WideEvent = {
    "event.id": `view-${id}`,
    "event.kind": "page_view",
    "event.at": new Date(atMs).toISOString(),
    "account.id": customer.id,
    "snippet.id": customer.id,
    "delivery.token_ok": true,
    "delivery.epoch": epoch,
    "delivery.arms": arm === "rest" ? {} : { [flag]: arm },
    "stitch.state": isLeaving ? "early_only" : "both",
    "snippet.error_count": isErring ? 1 + Math.floor(3 * random()) : 0,
    "snippet.encoded_size": Math.round(customer.bytes * (0.9 + 0.2 * random()) * harm.bytes),
  };
  // Whoever is in no arm is compared by these alone, and bears no name.
  if (arm === "rest") return common;
  const slow = visitor.slowness * customer.slowness * hour;
  const time = (scale: number, shape: number): number => {
    const stall = random() < 0.01 ? 1 / Math.sqrt(random()) : 1;
    const ms = scale * slow * stall * (-Math.log(1 - random())) ** (1 / shape);
    return Math.round(ms / visitor.grain) * visitor.grain;
  };
  const late = isLeaving
    ? {}
    : {
        "snippet.eval_ms": time(22 * harm.evaluation, 2.6),
        "snippet.change_after_fcp_ms": random() < 0.05 ? time(50, 1.2) : 0,
        "lcp.value": Math.round(time(1_700, 2.2)),
        "cls.value": random() < 0.35 ? 0.12 * random() * hour : 0,
        ...(random() < 0.55 && { "inp.value": 8 * Math.round(time(110, 1.4) / 8) }),
      };
  return {
    ...common,
    "delivery.bucket": visitor.bucket,
    "snippet.transfer_size": transferred[fetch](Math.round(customer.bytes * harm.bytes)),
    // A 304 has no body to wait for.
    "snippet.download_ms": fetch === "revalidated" ? time(2, 2) : time(70 * harm.download, 2),
    "snippet.ttfb_ms": time(100, 2.4),
    ...late,
  };
}
