// Answers ready to send, in isolate memory: bytes, validators and header fields
// put together once, not once a request.
import type { Encoding } from "#flags/parameters.ts";
import { Lru } from "#base/lru.ts";
import { cacheControl, type Visibility } from "#src/delivery/cache-policy.ts";
import type { Validators } from "#src/delivery/conditional.ts";
import {
  notModifiedFields,
  okFields,
  type Described,
  type HeaderFields,
} from "#src/delivery/headers.ts";
import type { DeliveryPlan } from "#src/delivery/plan.ts";

/**
 * A response to make others from: the status and all header fields but `Server-Timing`, which
 * is another's word from request to request. To copy a response is cheaper than to read the
 * same from a plain object, and a field that is set before the copy is cheaper than one that
 * is set on it.
 */
class Template {
  readonly #response: Response;
  readonly #headers: Headers;
  #timing = "";
  #shared: Response | undefined;
  #sharedTiming = "";

  constructor(status: number, fields: HeaderFields) {
    const headers = new Headers();
    for (const [name, value] of fields) headers.set(name, value);
    this.#response = new Response(null, { status, headers, encodeBody: "manual" });
    this.#headers = this.#response.headers;
  }

  /** A response with this `Server-Timing`. */
  make(body: Blob | ReadableStream | null, timing: string): Response {
    if (timing !== this.#timing) {
      this.#headers.set("server-timing", timing);
      this.#timing = timing;
    }
    return new Response(body, this.#response);
  }

  /**
   * The same without a body, and one object for all who get this `Server-Timing`: not to be
   * changed. What has no body can be sent any number of times.
   */
  share(timing: string): Response {
    if (this.#shared === undefined || timing !== this.#sharedTiming) {
      this.#shared = this.make(null, timing);
      this.#sharedTiming = timing;
    }
    return this.#shared;
  }
}

/** What the 200 and the 304 are made from. */
export type Templates = {
  readonly ok: Template;
  readonly notModified: Template;
  /** For those whose token names no arm: most requests, which all say the same. */
  quiet?: Templates;
};

export type Answer = {
  /** Revision of the pointer that it was made for. */
  readonly revision: number;
  readonly encoding: Encoding;
  readonly body: Blob;
  readonly validators: Validators;
  /** Templates for the plan that asked last, and the plan. */
  plan: DeliveryPlan;
  templates: Templates;
  /** When a better or newer one was last tried for in its place, ms since the epoch. */
  attemptedAtMs: number;
  /** Whether its bytes were put together in a hurry: better ones are being made. */
  readonly isProvisional: boolean;
  readonly description: AnswerDescription;
};

/** What an answer says of its bytes, under whatever plan. */
type AnswerDescription = Omit<Described, "cacheControl" | "extra"> & {
  readonly revision: number;
  readonly visibility: Visibility;
  readonly isProvisional: boolean;
};

export type AnswerContent = AnswerDescription & { readonly body: Uint8Array };

const maxBytes = 24 * 1024 * 1024;
// Keys, headers and map slots, roughly.
const overheadBytes = 2_048;
// Two sets of header fields are some kilobytes, whatever the body: what flags make
// of the answers is bounded for all of them together.
const mostTemplates = 4_096;

/** Bounded by bytes; the least recently used answers go first. */
export class Answers {
  readonly #memory = new Lru<Answer>(maxBytes);
  #templates = new WeakMap<Answer, Map<DeliveryPlan, Templates>>();
  #templatesMade = 0;

  get(key: string): Answer | undefined {
    return this.#memory.get(key);
  }

  /** Builds an answer and keeps it under `key`. */
  put(key: string, { body, ...description }: AnswerContent, plan: DeliveryPlan): Answer {
    const { revision, encoding, validators, isProvisional } = description;
    const templates = templatesFrom(description, plan);
    const made = { revision, encoding, body: new Blob([body]), validators, isProvisional };
    const answer: Answer = { ...made, plan, templates, attemptedAtMs: 0, description };
    this.#memory.set(key, answer, body.byteLength + overheadBytes);
    return answer;
  }

  /** The answer's templates under a plan: the same bytes may go out with different fields. */
  templatesFor(answer: Answer, plan: DeliveryPlan): Templates {
    if (answer.plan === plan) return answer.templates;
    const templates = this.#templates.get(answer)?.get(plan) ?? this.#make(answer, plan);
    answer.plan = plan;
    answer.templates = templates;
    return templates;
  }

  #make(answer: Answer, plan: DeliveryPlan): Templates {
    this.#templatesMade += 1;
    if (this.#templatesMade > mostTemplates) {
      this.#templates = new WeakMap();
      this.#templatesMade = 0;
    }
    let known = this.#templates.get(answer);
    if (known === undefined) {
      known = new Map([[answer.plan, answer.templates]]);
      this.#templates.set(answer, known);
    }
    const templates = known.get(plan) ?? templatesFrom(answer.description, plan);
    known.set(plan, templates);
    return templates;
  }

  /** The same with a token that names no arm. */
  quietTemplatesFor(answer: Answer, plan: DeliveryPlan): Templates {
    return (this.templatesFor(answer, plan).quiet ??= templatesFrom(answer.description, plan));
  }
}

function templatesFrom(description: AnswerDescription, plan: DeliveryPlan): Templates {
  const { visibility } = description;
  const described: Described = {
    ...description,
    cacheControl: cacheControl(plan.parameters, plan.isPreview ? "preview" : visibility),
    extra: Object.entries(plan.parameters.headers),
  };
  return {
    ok: new Template(200, okFields(described)),
    notModified: new Template(304, notModifiedFields(described)),
  };
}
