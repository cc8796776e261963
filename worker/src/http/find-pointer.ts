// The pointer behind an id: from memory at once, else from the stores.
import type { KnownPointer } from "#src/adapters/pointers.ts";
import type { PointerKind } from "#src/delivery/pointer.ts";
import { decide } from "./decide.ts";
import type { Delivery, Visit } from "./delivery.ts";
import { problem, type Media } from "./problem.ts";
import { sampled } from "./sample.ts";

type Item = { readonly kind: PointerKind; readonly id: string };

export type Sought = Item & {
  readonly media: Media;
  /** The answer for a pointer and what the request gets of it. */
  readonly serve: (known: KnownPointer, delivery: Delivery) => Response | Promise<Response>;
};

/** The answer for the pointer that is sought; 503 where no store answers and nothing is known. */
export function withPointer(sought: Sought, visit: Visit): Response | Promise<Response> {
  const { kind, id, serve } = sought;
  const { nowMs, background, services } = visit;
  const { pointers } = services;
  const held = pointers.held(kind, id);
  if (held === undefined) return load(sought, visit);
  const delivery = decide(visit, { kind, id, account: held.pointer?.account });
  const { pointerFreshMs } = delivery.plan.parameters;
  const mustWait = pointers.mustWait(held, { kind, id, nowMs, background }, pointerFreshMs);
  if (mustWait) return load(sought, visit, delivery);
  return finished(sought, delivery, serve(held, delivery));
}

/** @param decided absent where nothing was held: only what is loaded tells whose id this is, which may decide the arm. */
async function load(
  { kind, id, media, serve }: Sought,
  visit: Visit,
  decided?: Delivery,
): Promise<Response> {
  const { nowMs, background, services } = visit;
  const loaded = await services.pointers.load({ kind, id, nowMs, background });
  if (!loaded.ok) return problem("unavailable", media);
  const account = loaded.value.pointer?.account;
  const delivery = decided ?? decide(visit, { kind, id, account });
  return finished({ kind, id }, delivery, serve(loaded.value, delivery));
}

/** The answer, later where a flag says so, and with an event behind it where one is drawn. */
function finished(
  item: Item,
  delivery: Delivery,
  answer: Response | Promise<Response>,
): Response | Promise<Response> {
  const { sample, plan } = delivery;
  const { delayMs } = plan.parameters;
  const due = delayMs === 0 ? answer : scheduler.wait(delayMs).then(() => answer);
  return sample === undefined ? due : sampled(due, item, delivery);
}
