// The answer for an id as it stands now. In the steady state this touches isolate
// memory alone. After the first load nobody waits for a store longer than `waitMs`,
// and only one request does: the last good answer is always at hand.
import type { Result } from "#base/result.ts";
import type { Encoding } from "#flags/parameters.ts";
import type { Answer } from "#src/adapters/answers.ts";
import { withDeadline } from "#src/adapters/deadline.ts";
import { negotiateEncoding } from "#src/delivery/negotiate.ts";
import type { Pointer } from "#src/delivery/pointer.ts";
import { stablePlan, type DeliveryPlan } from "#src/delivery/plan.ts";
import type { Representations } from "#src/delivery/representation.ts";
import { acceptEncodingOf, type Delivery } from "./delivery.ts";
import { makeAnswer, type Made, type NotMade, type Resource } from "./make-answer.ts";
import { problem } from "./problem.ts";
import { respond, type Origin } from "./respond.ts";

/** A pointer and when a store last confirmed it, ms since the epoch. */
export type Confirmed<P extends Pointer> = { readonly pointer: P; readonly confirmedAtMs: number };

const waitMs = 300;
const retryMs = 2_000;
const staleAfterMs = 30_000;
// How long what was put together in a hurry is sent before better is looked for.
const provisionalMs = 10_000;
const staleNow: Origin = { state: "stale", edgeMs: 0 };

/** The response for a pointer that is known. */
export function serveRevision<P extends Pointer>(
  resource: Resource<P>,
  { pointer, confirmedAtMs }: Confirmed<P>,
  delivery: Delivery,
): Response | Promise<Response> {
  const { services, plan, nowMs } = delivery;
  const encoding = negotiated(resource.formsOf(pointer), delivery);
  if (encoding === undefined) return problem("not_acceptable", resource.media);
  const key = `${resource.visibility}:${pointer.kind}:${pointer.id}:${plan.bodyKey}:${encoding}`;
  const held = services.answers.get(key);
  if (held?.revision === pointer.revision) {
    if (held.isProvisional && nowMs - held.attemptedAtMs >= provisionalMs) {
      held.attemptedAtMs = nowMs;
      delivery.background.waitUntil(makeAnswer({ resource, pointer, encoding, key }, delivery));
    }
    const confirmed = nowMs - confirmedAtMs < staleAfterMs;
    return respond(delivery, held, confirmed ? undefined : staleNow);
  }
  if (held !== undefined && nowMs - held.attemptedAtMs < retryMs) {
    return respond(delivery, held, staleNow);
  }
  const made = makeAnswer({ resource, pointer, encoding, key }, delivery);
  if (held !== undefined) return respondNext(made, held, delivery);
  return made.then((first) => {
    if (first.ok) return respondMade(first.value, delivery);
    const { reason } = first.error;
    if (reason === "encoding_failed") {
      const others = { ...delivery, plan: withoutCoding(plan, encoding) };
      return serveRevision(resource, { pointer, confirmedAtMs }, others);
    }
    if (plan.bodyKey === "") {
      return problem(reason === "internal" ? "internal" : "unavailable", resource.media);
    }
    // What is on trial cannot be had: the stable body can, and speaks for no arm.
    const stable = { ...delivery, plan: stablePlan, arms: undefined };
    return serveRevision(resource, { pointer, confirmedAtMs }, stable);
  });
}

/** The coding to answer with, of those that the body was stored in. */
function negotiated(stored: Representations, delivery: Delivery): Encoding | undefined {
  const { services, plan } = delivery;
  const { encodings } = plan.parameters;
  const accepted = acceptEncodingOf(delivery);
  const liked = services.negotiations.encodingFor(accepted, encodings);
  if (liked === undefined || stored[liked] !== undefined) return liked;
  return negotiateEncoding(
    accepted,
    encodings.filter((encoding) => stored[encoding] !== undefined),
  );
}

/** The same body, offered in fewer codings. */
function withoutCoding(plan: DeliveryPlan, failed: Encoding): DeliveryPlan {
  const encodings = plan.parameters.encodings.filter((encoding) => encoding !== failed);
  return { ...plan, parameters: { ...plan.parameters, encodings } };
}

/** The next revision, if it can be had soon; else the last good one. */
async function respondNext(
  made: Promise<Result<Made, NotMade>>,
  lastGood: Answer,
  delivery: Delivery,
): Promise<Response> {
  lastGood.attemptedAtMs = delivery.nowMs;
  delivery.background.waitUntil(made);
  const next = await withDeadline(made, waitMs, "answer").catch(() => null);
  return next?.ok ? respondMade(next.value, delivery) : respond(delivery, lastGood, staleNow);
}

function respondMade({ answer, state }: Made, delivery: Delivery): Response {
  const edgeMs = delivery.services.now() - delivery.nowMs;
  return respond(delivery, answer, { state, edgeMs });
}
