// The pointer behind an id: from memory at once, else from the stores.
import type { KnownPointer } from "#src/adapters/pointers.ts";
import type { PointerKind } from "#src/delivery/pointer.ts";
import { decide } from "./decide.ts";
import type { Delivery, Visit } from "./delivery.ts";
import { problem, type Media } from "./problem.ts";

export type Sought = { readonly kind: PointerKind; readonly id: string; readonly media: Media };

type Serve = (known: KnownPointer, delivery: Delivery) => Response | Promise<Response>;

/**
 * Decides what the request gets, now that it is known whose id it asks for, and
 * hands both to `serve`; 503 where no store answers and nothing is known.
 */
export function withPointer(
  { kind, id, media }: Sought,
  visit: Visit,
  serve: Serve,
): Response | Promise<Response> {
  const { nowMs, background, services } = visit;
  const { pointers } = services;
  const held = pointers.held(kind, id);
  if (held === undefined) {
    // Only now is it known whose id this is, and that may decide the arm.
    return pointers.load({ kind, id, nowMs, background }).then((loaded) => {
      if (!loaded.ok) return problem("unavailable", media);
      const { pointer } = loaded.value;
      const delivery = decide(visit, { kind, id, account: pointer?.account });
      return delayed(serve(loaded.value, delivery), delivery);
    });
  }
  const delivery = decide(visit, { kind, id, account: held.pointer?.account });
  const freshMs = delivery.plan.parameters.pointerFreshMs;
  const wanted = { kind, id, nowMs, freshMs, background };
  const known = pointers.peek(wanted);
  if (known !== undefined) return delayed(serve(known, delivery), delivery);
  return pointers.load(wanted).then((loaded) => {
    if (!loaded.ok) return problem("unavailable", media);
    return delayed(serve(loaded.value, delivery), delivery);
  });
}

function delayed(
  answer: Response | Promise<Response>,
  { plan }: Delivery,
): Response | Promise<Response> {
  const { delayMs } = plan.parameters;
  return delayMs === 0 ? answer : scheduler.wait(delayMs).then(() => answer);
}
