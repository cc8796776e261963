// The pointer behind an id: from memory at once, else from the stores.
import type { KnownPointer } from "#src/adapters/pointers.ts";
import type { PointerKind } from "#src/delivery/pointer.ts";
import type { Delivery } from "./delivery.ts";
import { problem, type Media } from "./problem.ts";

export type Sought = { readonly kind: PointerKind; readonly id: string; readonly media: Media };

type Serve = (known: KnownPointer, delivery: Delivery) => Response | Promise<Response>;

/** Hands what is known of an id to `serve`; 503 where no store answers and nothing is known. */
export function withPointer(
  { kind, id, media }: Sought,
  delivery: Delivery,
  serve: Serve,
): Response | Promise<Response> {
  const { nowMs, plan, background, services } = delivery;
  const wanted = { kind, id, nowMs, freshMs: plan.parameters.pointerFreshMs, background };
  const known = services.pointers.peek(wanted);
  if (known !== undefined) return serve(known, delivery);
  return services.pointers
    .load(wanted)
    .then((loaded) => (loaded.ok ? serve(loaded.value, delivery) : problem("unavailable", media)));
}
