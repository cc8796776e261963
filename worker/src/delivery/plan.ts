// What one request gets, decided before anything is loaded.
import { defaultParameters, type DeliveryParameters } from "#flags/parameters.ts";

/** The delivery parameters of one request, and a name for them. */
export type DeliveryPlan = {
  /** Equal keys mean equal parameters: answers made for one plan may be reused under its key. */
  readonly key: string;
  readonly parameters: DeliveryParameters;
};

/** The plan of a request that no flag has touched. */
export const stablePlan: DeliveryPlan = { key: "stable", parameters: defaultParameters };
