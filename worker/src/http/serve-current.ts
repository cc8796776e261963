// The answer for an id as it stands now. In the steady state this touches isolate
// memory alone. After the first load nobody waits for a store longer than `waitMs`,
// and only one request does: the last good answer is always at hand.
import type { Answer } from "#src/adapters/answers.ts";
import type { PointerRequest } from "#src/adapters/pointers.ts";
import { withDeadline } from "#src/adapters/deadline.ts";
import { cacheControl, type Visibility } from "#src/delivery/cache-policy.ts";
import type { CacheState } from "#src/delivery/headers.ts";
import { negotiateEncoding } from "#src/delivery/negotiate.ts";
import type { Pointer } from "#src/delivery/pointer.ts";
import { entityTag, type Representations } from "#src/delivery/representation.ts";
import type { Encoding } from "#flags/parameters.ts";
import type { Delivery } from "./delivery.ts";
import { loadBody } from "./load-body.ts";
import { problem, type Media } from "./problem.ts";
import { acceptEncodingOf, respond } from "./respond.ts";

/** How one kind of id is delivered. */
export type Resource<P extends Pointer> = {
  readonly kind: P["kind"];
  readonly media: Media;
  readonly contentType: string;
  readonly visibility: Visibility;
  readonly vary: string;
  readonly storedForms: (pointer: P) => Representations;
  /** The plain body from its parts, where it has any and the stored one is lost. */
  readonly rebuild: (pointer: P, delivery: Delivery) => Promise<Uint8Array | null>;
};

type Confirmed<P extends Pointer> = { readonly pointer: P; readonly confirmedAtMs: number };

const waitMs = 300;
const retryMs = 2_000;
const staleAfterMs = 30_000;

/** Everything that a delivery's pointer is looked up with. */
export function pointerRequest(
  kind: Pointer["kind"],
  id: string,
  { nowMs, plan, background }: Delivery,
): PointerRequest {
  return { kind, id, nowMs, freshMs: plan.parameters.pointerFreshMs, background };
}

/** The response for a pointer that is known. */
export function serveRevision<P extends Pointer>(
  resource: Resource<P>,
  known: Confirmed<P>,
  delivery: Delivery,
): Response | Promise<Response> {
  const { request, services, plan, nowMs } = delivery;
  const { pointer, confirmedAtMs } = known;
  const encoding = negotiateEncoding(acceptEncodingOf(request), plan.parameters.encodings);
  if (encoding === undefined) return problem("not_acceptable", resource.media);
  const key = `${resource.visibility}:${resource.kind}:${pointer.id}:${plan.key}:${encoding}`;
  const held = services.answers.get(key);
  if (held?.revision === pointer.revision) {
    if (nowMs - confirmedAtMs < staleAfterMs) return respond(request, held);
    return respond(request, held, { state: "stale", edgeMs: 0 });
  }
  if (held !== undefined && nowMs - held.attemptedAtMs < retryMs) {
    return respond(request, held, { state: "stale", edgeMs: 0 });
  }
  const made = makeAnswer({ resource, pointer, encoding, key }, delivery);
  return held === undefined ? respondFirst(made) : respondNext(made, held);

  async function respondFirst(work: Promise<Made | null>): Promise<Response> {
    const first = await work;
    if (first === null) return problem("unavailable", resource.media);
    return respond(request, first.answer, origin(first.state));
  }

  async function respondNext(work: Promise<Made | null>, lastGood: Answer): Promise<Response> {
    lastGood.attemptedAtMs = nowMs;
    delivery.background.waitUntil(work);
    const next = await withDeadline(work, waitMs, "answer").catch(() => null);
    if (next === null) return respond(request, lastGood, origin("stale"));
    return respond(request, next.answer, origin(next.state));
  }

  function origin(state: CacheState): { state: CacheState; edgeMs: number } {
    return { state, edgeMs: services.now() - nowMs };
  }
}

type Made = { readonly answer: Answer; readonly state: CacheState };

type Wanted<P extends Pointer> = {
  readonly resource: Resource<P>;
  readonly pointer: P;
  readonly encoding: Encoding;
  readonly key: string;
};

/** Loads and keeps an answer; null where no store has what it takes. Never rejects. */
async function makeAnswer<P extends Pointer>(
  { resource, pointer, encoding, key }: Wanted<P>,
  delivery: Delivery,
): Promise<Made | null> {
  const { services, plan, background } = delivery;
  const { kind, id, account, revision, movedAtMs } = pointer;
  try {
    const stored = resource.storedForms(pointer);
    const rebuild = (): Promise<Uint8Array | null> => resource.rebuild(pointer, delivery);
    const loaded = await loadBody({ stored, encoding, rebuild }, delivery);
    if (loaded === null) return null;
    if (loaded.state === "miss") background.waitUntil(repair());
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

  async function repair(): Promise<void> {
    try {
      await services.projects(account).repair(kind, id);
    } catch (error) {
      services.report("repair_failed", { kind, id, error });
    }
  }
}
