// What every delivery handler is given. Method and header fields are read from the
// request once: each look at a native object costs as much as the decision after it.
import type { ArmsToken } from "#src/adapters/arms-tokens.ts";
import type { Background } from "#src/adapters/background.ts";
import type { HeldSnapshot } from "#src/adapters/snapshots.ts";
import type { DeliveryPlan } from "#src/delivery/plan.ts";
import type { Services } from "#src/services.ts";
import type { Sample } from "./sample.ts";

/** A request and what it gets. */
export type Delivery = {
  readonly request: Request;
  readonly method: string;
  readonly headers: Headers;
  /** What Cloudflare says of the request, by name; undefined where it does not. */
  readonly cf: { readonly [name: string]: unknown } | undefined;
  readonly services: Services;
  readonly background: Background;
  /** When the request arrived, ms since the epoch. */
  readonly nowMs: number;
  /** The flags that it meets. */
  readonly held: HeldSnapshot;
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
