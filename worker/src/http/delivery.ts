// What every delivery handler is given.
import type { Background } from "#src/adapters/background.ts";
import type { DeliveryPlan } from "#src/delivery/plan.ts";
import type { Services } from "#src/services.ts";

export type Delivery = {
  readonly request: Request;
  readonly services: Services;
  readonly background: Background;
  /** When the request arrived, ms since the epoch. */
  readonly nowMs: number;
  readonly plan: DeliveryPlan;
};
