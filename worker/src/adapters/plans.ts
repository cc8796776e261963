// Plans that this isolate has made. Equal plans are one object, so that whatever
// is kept for a plan is found again by another request with the same arms, and
// after a new snapshot.
import type { Outcome } from "#flags/assignment.ts";
import { deliveryPlan, stablePlan, type DeliveryPlan } from "#src/delivery/plan.ts";

const mostPlans = 1_000;

export class Plans {
  readonly #byOutcome = new WeakMap<Outcome, DeliveryPlan>();
  readonly #muted = new WeakMap<DeliveryPlan, DeliveryPlan>();
  readonly #byContent = new Map<string, DeliveryPlan>();

  /** The plan that follows from the arms of a request. */
  planFor(outcome: Outcome): DeliveryPlan {
    const known = this.#byOutcome.get(outcome);
    if (known !== undefined) return known;
    const plan = this.#shared(outcome);
    this.#byOutcome.set(outcome, plan);
    return plan;
  }

  /** The same plan without any beacon. */
  muted(plan: DeliveryPlan): DeliveryPlan {
    const known = this.#muted.get(plan);
    if (known !== undefined) return known;
    const muted = deliveryPlan({ ...plan, parameters: { ...plan.parameters, beacon: "off" } });
    this.#muted.set(plan, muted);
    return muted;
  }

  #shared({ parameters, copy }: Outcome): DeliveryPlan {
    if (copy === "" && parameters === stablePlan.parameters) return stablePlan;
    const content = JSON.stringify([parameters, copy]);
    const known = this.#byContent.get(content);
    if (known !== undefined) return known;
    if (this.#byContent.size >= mostPlans) this.#byContent.clear();
    const plan = deliveryPlan({ parameters, copy });
    this.#byContent.set(content, plan);
    return plan;
  }
}
