// What every delivery handler is given. Method and header fields are read from the
// request once: each look at a native object costs as much as the decision after it.
import type { Background } from "#src/adapters/background.ts";
import type { DeliveryPlan } from "#src/delivery/plan.ts";
import type { Services } from "#src/services.ts";

export type Delivery = {
  readonly request: Request;
  readonly method: string;
  readonly headers: Headers;
  readonly services: Services;
  readonly background: Background;
  /** When the request arrived, ms since the epoch. */
  readonly nowMs: number;
  readonly plan: DeliveryPlan;
};

/** What the visitor accepts: the field itself is rewritten on its way through the edge. */
export function acceptEncodingOf({ request, headers }: Delivery): string | null {
  const sent = request.cf?.["clientAcceptEncoding"];
  return typeof sent === "string" ? sent : headers.get("accept-encoding");
}
