// Plans that this isolate has made. Equal plans are one object, so that whatever
// is kept for a plan is found again by another request with the same arms, and
// after a new snapshot.
import type { Assignment } from "#flags/assignment.ts";
import { deliveryPlan, stablePlan, type DeliveryPlan } from "#src/delivery/plan.ts";

const mostPlans = 1_000;

export class Plans {
  readonly #byAssignment = new WeakMap<Assignment, DeliveryPlan>();
  readonly #byContent = new Map<string, DeliveryPlan>();

  /** The plan that follows from an assignment. */
  planFor(assignment: Assignment): DeliveryPlan {
    const known = this.#byAssignment.get(assignment);
    if (known !== undefined) return known;
    const plan = this.#shared(assignment);
    this.#byAssignment.set(assignment, plan);
    return plan;
  }

  #shared({ parameters, copy }: Assignment): DeliveryPlan {
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
