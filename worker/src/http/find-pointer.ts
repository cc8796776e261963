// The pointer behind an id: from memory at once, else from the stores.
import type { HeldPointer, KnownPointer } from "#src/adapters/pointers.ts";
import { isDeleted, type Pointer, type PointerKind } from "#src/delivery/pointer.ts";
import { stablePlan } from "#src/delivery/plan.ts";
import { decide } from "./decide.ts";
import type { Delivery, Visit } from "./delivery.ts";
import { problem, type Media } from "./problem.ts";
import { sampled } from "./sampled.ts";

/** A pointer that is not deleted, or null for an id that the store does not know. */
export type Servable = { readonly pointer: Pointer | null; readonly confirmedAtMs: number };

type Item = { readonly kind: PointerKind; readonly id: string };

export type Sought = Item & {
  readonly media: Media;
  /** Whether those who ask may know that there was something private. */
  readonly isGuarded?: boolean;
  /** The answer for a pointer and what the request gets of it. */
  readonly serve: (known: Servable, delivery: Delivery) => Response | Promise<Response>;
};

/** The answer for the pointer that is sought; 503 where no store answers and nothing is known. */
export function withPointer(sought: Sought, visit: Visit): Response | Promise<Response> {
  const { kind, id } = sought;
  const { nowMs, background, services } = visit;
  const { pointers } = services;
  const held = pointers.held(kind, id);
  if (held === undefined) return load(sought, visit);
  count(held, visit);
  const delivery = decide(visit, { kind, id, account: held.pointer?.account });
  const { pointerFreshMs } = delivery.plan.parameters;
  const mustWait = pointers.mustWait(held, { kind, id, nowMs, background }, pointerFreshMs);
  if (mustWait) return load(sought, visit, delivery);
  return finished(sought, delivery, serveKnown(sought, held, delivery));
}

/** @param decided absent where nothing was held: only what is loaded tells whose id this is, which may decide the arm. */
async function load(sought: Sought, visit: Visit, decided?: Delivery): Promise<Response> {
  const { kind, id, media } = sought;
  const { nowMs, background, services } = visit;
  const loaded = await services.pointers.load({ kind, id, nowMs, background });
  if (!loaded.ok) return problem("unavailable", media);
  if (decided === undefined) count(loaded.value, visit);
  const account = loaded.value.pointer?.account;
  const delivery = decided ?? decide(visit, { kind, id, account });
  return finished({ kind, id }, delivery, serveKnown(sought, loaded.value, delivery));
}

function serveKnown(
  { media, serve, isGuarded = false }: Sought,
  { pointer, confirmedAtMs }: KnownPointer,
  delivery: Delivery,
): Response | Promise<Response> {
  if (pointer === null || !isDeleted(pointer)) return serve({ pointer, confirmedAtMs }, delivery);
  return problem(pointer.isPrivate && !isGuarded ? "unknown_id" : "deleted", media);
}

function count(held: HeldPointer, { services: { traffic }, nowMs, background }: Visit): void {
  traffic.add(held);
  if (traffic.isDue(nowMs)) background.waitUntil(traffic.flush(nowMs));
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

/** What is known of an id, whatever flags say; undefined where no store has an answer. */
export async function knownPointer(
  kind: PointerKind,
  id: string,
  { services, nowMs, background }: Visit,
): Promise<KnownPointer | undefined> {
  const { pointers } = services;
  const asked = { kind, id, nowMs, background };
  const held = pointers.held(kind, id);
  const { pointerFreshMs } = stablePlan.parameters;
  if (held !== undefined && !pointers.mustWait(held, asked, pointerFreshMs)) return held;
  const loaded = await pointers.load(asked);
  return loaded.ok ? loaded.value : undefined;
}
