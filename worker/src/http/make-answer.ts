// An answer for one revision in one coding, from wherever its bytes are.
import type { Answer } from "#src/adapters/answers.ts";
import { cacheControl, type Visibility } from "#src/delivery/cache-policy.ts";
import type { CacheState } from "#src/delivery/headers.ts";
import type { Pointer } from "#src/delivery/pointer.ts";
import { entityTag, type Representations } from "#src/delivery/representation.ts";
import type { Encoding } from "#flags/parameters.ts";
import type { Delivery } from "./delivery.ts";
import { loadBody } from "./load-body.ts";
import type { Media } from "./problem.ts";

/** How one kind of id is delivered. */
export type Resource<P extends Pointer> = {
  readonly media: Media;
  readonly contentType: string;
  readonly visibility: Visibility;
  readonly vary: string;
  readonly storedForms: (pointer: P) => Representations;
  /** The plain body from its parts, where it has any and the stored one is lost. */
  readonly rebuild: (pointer: P, delivery: Delivery) => Promise<Uint8Array | null>;
};

export type Made = { readonly answer: Answer; readonly state: CacheState };

export type Wanted<P extends Pointer> = {
  readonly resource: Resource<P>;
  readonly pointer: P;
  readonly encoding: Encoding;
  /** Where the answer is kept in memory. */
  readonly key: string;
};

/** Loads and keeps an answer; null where no store has what it takes. Never rejects. */
export async function makeAnswer<P extends Pointer>(
  { resource, pointer, encoding, key }: Wanted<P>,
  delivery: Delivery,
): Promise<Made | null> {
  const { services, plan, background } = delivery;
  const { kind, id, revision, movedAtMs } = pointer;
  try {
    const stored = resource.storedForms(pointer);
    const rebuild = (): Promise<Uint8Array | null> => resource.rebuild(pointer, delivery);
    const loaded = await loadBody({ stored, encoding, rebuild }, delivery);
    if (loaded === null) return null;
    if (loaded.state === "miss") background.waitUntil(repair(pointer, delivery));
    const answer = services.answers.put(key, {
      revision,
      encoding,
      body: loaded.body,
      validators: {
        etag: entityTag(stored.identity.sha256, encoding),
        lastModified: new Date(movedAtMs).toUTCString(),
        lastModifiedMs: movedAtMs,
      },
      contentType: resource.contentType,
      cacheControl: cacheControl(plan.parameters, resource.visibility),
      vary: resource.vary,
    });
    return { answer, state: loaded.state };
  } catch (error) {
    services.report("answer_failed", { kind, id, revision, error });
    return null;
  }
}

async function repair({ account, kind, id }: Pointer, { services }: Delivery): Promise<void> {
  try {
    await services.projects(account).repair(kind, id);
  } catch (error) {
    services.report("repair_failed", { kind, id, error });
  }
}
