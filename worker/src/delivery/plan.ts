// What one request gets, decided before anything is loaded.
import { bodyKeyOf, defaultParameters, type DeliveryParameters } from "#flags/parameters.ts";

/** The delivery parameters of a request and the bytes that they lead to. */
export type DeliveryPlan = {
  readonly parameters: DeliveryParameters;
  /** Names the copy of the bytes; empty for the one that everybody shares. */
  readonly copy: string;
  /** Equal keys lead from one pointer to equal bytes; empty: to those that were published. */
  readonly bodyKey: string;
  /** Whether it is for one pair of eyes: no cache may keep what it leads to. */
  readonly isPreview: boolean;
};

type PlanSource = Pick<DeliveryPlan, "parameters" | "copy"> & { readonly isPreview?: boolean };

/** A plan from what an assignment says. */
export function deliveryPlan({ parameters, copy, isPreview = false }: PlanSource): DeliveryPlan {
  const body = bodyKeyOf(parameters);
  const bodyKey = copy === "" ? body : `${body}|${copy}`;
  return { parameters, copy, bodyKey, isPreview };
}

/** The plan of a request that no flag has touched. */
export const stablePlan: DeliveryPlan = deliveryPlan({ parameters: defaultParameters, copy: "" });
