// The pointer behind an id: from memory at once, else from the stores.
import type { KnownPointer } from "#src/adapters/pointers.ts";
import type { PointerKind } from "#src/delivery/pointer.ts";
import { decide } from "./decide.ts";
import type { Delivery, Visit } from "./delivery.ts";
import { problem, type Media } from "./problem.ts";
import { sampled } from "./sample.ts";

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
  if (held === undefined) return load(undefined);
  const delivery = decide(visit, { kind, id, account: held.pointer?.account });
  const { pointerFreshMs } = delivery.plan.parameters;
  const mustWait = pointers.mustWait(held, { kind, id, nowMs, background }, pointerFreshMs);
  return mustWait ? load(delivery) : noted(delayed(serve(held, delivery), delivery), delivery);

  function noted(
    answer: Response | Promise<Response>,
    decided: Delivery,
  ): Response | Promise<Response> {
    return decided.sample === undefined ? answer : sampled(answer, { kind, id }, decided);
  }

  async function load(decided: Delivery | undefined): Promise<Response> {
    const loaded = await pointers.load({ kind, id, nowMs, background });
    if (!loaded.ok) return problem("unavailable", media);
    // Where nothing was held, only now is it known whose id this is, which may decide the arm.
    const account = loaded.value.pointer?.account;
    const now = decided ?? decide(visit, { kind, id, account });
    return noted(delayed(serve(loaded.value, now), now), now);
  }
}

function delayed(
  answer: Response | Promise<Response>,
  { plan }: Delivery,
): Response | Promise<Response> {
  const { delayMs } = plan.parameters;
  return delayMs === 0 ? answer : scheduler.wait(delayMs).then(() => answer);
}
