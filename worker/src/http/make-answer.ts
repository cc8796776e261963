// An answer for one revision in one coding, from wherever its bytes are.
import type { Answer } from "#src/adapters/answers.ts";
import type { Visibility } from "#src/delivery/cache-policy.ts";
import type { CacheState } from "#src/delivery/headers.ts";
import type { Pointer } from "#src/delivery/pointer.ts";
import type { Representations } from "#src/delivery/representation.ts";
import { validatorsOf } from "#src/delivery/validators.ts";
import type { Encoding } from "#flags/parameters.ts";
import type { Delivery } from "./delivery.ts";
import { err, ok, type Result } from "#base/result.ts";
import { loadBody, type BodyLost } from "./load-body.ts";
import type { Media } from "./problem.ts";

/** How one kind of id is delivered. */
export type Resource<P extends Pointer> = {
  readonly media: Media;
  readonly contentType: string;
  readonly visibility: Visibility;
  readonly vary: string;
  /** The forms of its own body: what any of them lacks is offered to nobody. */
  readonly formsOf: (pointer: P) => Representations;
  /** The body that a delivery's plan leads to. */
  readonly select: (pointer: P, delivery: Delivery) => Selected | Promise<Selected>;
};

/** One of the bodies that a pointer stands for. */
export type Selected = {
  /** Undefined where it has yet to be made for the first time. */
  readonly stored: Representations | undefined;
  readonly of: "stable" | "candidate";
  /** The plain body from its parts; null where it has none or they are lost. */
  readonly rebuild: () => Promise<Uint8Array | null>;
  /** Has its stored forms made, as well as possible, by whoever is in charge of them. */
  readonly remake: () => Promise<void>;
};

export type Made = { readonly answer: Answer; readonly state: CacheState };

export type Wanted<P extends Pointer> = {
  readonly resource: Resource<P>;
  readonly pointer: P;
  readonly encoding: Encoding;
  /** Where the answer is kept in memory. */
  readonly key: string;
};

/** Why there is none; `internal` is a fault of ours, which was reported. */
export type NotMade = BodyLost | { readonly reason: "internal" };

/** Loads and keeps an answer. Never rejects. */
export async function makeAnswer<P extends Pointer>(
  { resource, pointer, encoding, key }: Wanted<P>,
  delivery: Delivery,
): Promise<Result<Made, NotMade>> {
  const { services, plan, background } = delivery;
  const { kind, id, revision } = pointer;
  try {
    const { stored, rebuild, remake, of } = await resource.select(pointer, delivery);
    const loaded = await loadBody({ stored, encoding, rebuild }, delivery);
    if (!loaded.ok) return loaded;
    const { body, state, identity } = loaded.value;
    if (state === "miss") background.waitUntil(attempt(remake));
    const content = {
      revision,
      encoding,
      body,
      validators: validatorsOf({ pointer, identity, encoding, copy: plan.copy, of }),
      contentType: resource.contentType,
      visibility: resource.visibility,
      vary: resource.vary,
      isProvisional: state === "miss",
    };
    return ok({ answer: services.answers.put(key, content, plan), state });
  } catch (error) {
    services.report("answer_failed", { kind, id, revision, error });
    return err({ reason: "internal" });
  }

  async function attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      services.report("repair_failed", { kind, id, error });
    }
  }
}
