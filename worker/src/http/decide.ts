// Which arms a request is in, and what follows from them.
import { applyPreview, type Preview } from "#flags/preview.ts";
import { evaluateAll } from "#flags/plan.ts";
import { deliveryPlan } from "#src/delivery/plan.ts";
import type { Delivery, Visit } from "./delivery.ts";
import { RequestContext, type Asked } from "./request-context.ts";
import { newSample } from "./sample.ts";

/** The request with its plan. Touches memory alone. */
export function decide(visit: Visit, asked: Asked): Delivery {
  const { held, services, headers } = visit;
  const { plan, snapshot } = held;
  if (snapshot.rollouts.length > 0) {
    const preview = services.previews.read(headers.get("aviary-preview"), visit);
    if (preview !== undefined) return previewed(visit, asked, preview);
  }
  if (plan.flags.length === 0) {
    const rate = services.deliveries.draw(visit.plan.parameters.deliverySampleRate);
    if (rate === undefined) return visit;
    return { ...visit, sample: newSample(new RequestContext(visit, asked), [], rate) };
  }
  const subject = new RequestContext(visit, asked);
  services.latest.subject = subject;
  const assignment = evaluateAll(plan, subject);
  if (assignment.arms.length > 0) {
    const isVisit = countsAsVisit(visit, asked, subject);
    services.counts.add(assignment.arms, { kind: asked.kind, isVisit }, subject);
  }
  if (services.counts.isDue(visit.nowMs))
    visit.background.waitUntil(services.counts.flush(visit.nowMs));
  const chosen = services.plans.planFor(assignment.outcome);
  // Pages report back, and the SDKs that poll datafiles do not.
  const isReported = asked.kind === "snippet" && plan.isTrial;
  const arms = isReported
    ? services.tokens.tokenFor(assignment, held, askerOf(visit, asked, subject))
    : undefined;
  const rate = services.deliveries.draw(chosen.parameters.deliverySampleRate);
  const sample = rate === undefined ? undefined : newSample(subject, assignment.arms, rate);
  return withPlan(visit, chosen, { arms, sample });
}

function askerOf({ headers, nowMs }: Visit, { id, account = "" }: Asked, subject: RequestContext) {
  const address = headers.get("cf-connecting-ip") ?? "";
  return { nowMs, named: subject.named, address, snippet: id, account };
}

// SDKs poll, and what they fetch is evidence itself: nothing has to arrive for it.
function countsAsVisit(visit: Visit, { kind, id }: Asked, subject: RequestContext): boolean {
  if (kind === "datafile") return visit.method === "GET";
  const { method, headers, services, nowMs, cf } = visit;
  const { named, context } = subject;
  const { userAgent } = context;
  const address = headers.get("cf-connecting-ip") ?? "";
  return services.firstVisits.isFirst({ method, named, id, address, userAgent, cf }, nowMs);
}

// What is shown to one person is nobody's evidence: it is not counted and bears no token.
function previewed(visit: Visit, asked: Asked, preview: Preview): Delivery {
  const { rollouts } = visit.held.snapshot;
  const shown = applyPreview(rollouts, preview);
  const { outcome } = evaluateAll(shown, new RequestContext(visit, asked));
  return withPlan(visit, deliveryPlan({ ...outcome, isPreview: true }), nobody);
}

// Written out: a spread of the visit costs more than everything above it.
function withPlan(
  visit: Visit,
  plan: Delivery["plan"],
  { arms, sample }: Pick<Delivery, "arms" | "sample">,
): Delivery {
  const { request, method, headers, cf, services, background, nowMs, held } = visit;
  return { request, method, headers, cf, services, background, nowMs, held, plan, arms, sample };
}

const nobody = { arms: undefined, sample: undefined };
