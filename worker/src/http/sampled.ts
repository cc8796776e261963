// Looks at one delivery request in many and makes an event of it, behind the answer.
import { verifiedBotColumn } from "#rum/automation.ts";
import { deliveryEvent } from "#rum/delivery-event.ts";
import type { PointerKind } from "#src/delivery/pointer.ts";
import type { Delivery } from "./delivery.ts";

type Item = { readonly kind: PointerKind; readonly id: string };

/** The answer itself; once it is there, its event is on its way. */
export async function sampled(
  answer: Response | Promise<Response>,
  item: Item,
  delivery: Delivery,
): Promise<Response> {
  try {
    const response = await answer;
    take(item, delivery, {
      status: response.status,
      encoding: response.headers.get("content-encoding"),
    });
    return response;
  } catch (error) {
    take(item, delivery, { status: 503, encoding: null });
    throw error;
  }
}

type Answered = { readonly status: number; readonly encoding: string | null };

function take({ kind, id }: Item, delivery: Delivery, answered: Answered): void {
  const { services, nowMs, sample, background, held, plan, cf } = delivery;
  if (sample === undefined) return;
  const { subject, arms, rate, bytes, cache } = sample;
  const { deliveries, now, report } = services;
  try {
    const event = deliveryEvent({
      ...answered,
      id: deliveries.nextId(),
      atMs: nowMs,
      sampleRate: rate,
      route: kind,
      itemId: id,
      account: subject.context.account,
      cache,
      edgeMs: now() - nowMs,
      delayMs: plan.parameters.delayMs,
      bytes,
      userAgent: subject.context.userAgent,
      sender: {
        ...services.beacons.senders.columnsOf(subject.context.userAgent),
        ...verifiedBotColumn(cf),
      },
      properties: cf ?? {},
      epoch: held.snapshot.epoch,
      arms: Object.fromEntries(arms.map(({ flag, arm }) => [flag, arm])),
      bucket: subject.named?.bucket,
    });
    deliveries.add(event);
    if (!deliveries.isDue(nowMs)) return;
    const { continent } = subject.context;
    const near = typeof continent === "string" ? continent : undefined;
    background.waitUntil(deliveries.flush(nowMs, near));
  } catch (error) {
    // Whoever asked has their answer.
    report("sample_failed", { kind, id, error });
  }
}
