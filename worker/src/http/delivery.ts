// What every delivery handler is given.
import type { ArmsToken } from "#src/adapters/arms-tokens.ts";
import type { DeliveryPlan } from "#src/delivery/plan.ts";
import type { RequestFacts } from "./request-facts.ts";
import type { Sample } from "./sample.ts";

/** A request and what it gets. */
export type Delivery = RequestFacts & {
  readonly plan: DeliveryPlan;
  /** The signed arms token, for those who report back; undefined where nothing is on trial. */
  readonly arms: ArmsToken | undefined;
  /** Present in one request of many, of which an event is made. */
  readonly sample: Sample | undefined;
};

/** A request before its flags are asked: a delivery of the stable plan. */
export type Visit = Delivery;

/** What the visitor accepts: the field itself is rewritten on its way through the edge. */
export function acceptEncodingOf({ cf, headers }: Visit): string | null {
  const sent = cf?.["clientAcceptEncoding"];
  return typeof sent === "string" ? sent : headers.get("accept-encoding");
}
