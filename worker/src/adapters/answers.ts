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
 * Header fields of which one, `Server-Timing`, is another's word from request to request. It
 * is set here, before a response copies all of them: asking a response for its own fields
 * makes one more object that the garbage collector has to follow into native code.
 */
class TimedFields {
  readonly #headers = new Headers();
  #timing = "";

  constructor(fields: HeaderFields) {
    for (const [name, value] of fields) this.#headers.set(name, value);
  }

  /** The fields with this `Server-Timing`, good until the next call: to be copied at once. */
  with(timing: string): Headers {
    if (timing !== this.#timing) {
      this.#headers.set("server-timing", timing);
      this.#timing = timing;
    }
    return this.#headers;
  }
}

/** Fields of the 200 and of the 304. */
export type AnswerFields = {
  readonly ok: TimedFields;
  readonly notModified: TimedFields;
  /** For those whose token names no arm: most requests, which all say the same. */
  quiet?: AnswerFields;
};

export type Answer = {
  /** Revision of the pointer that it was made for. */
  readonly revision: number;
  readonly encoding: Encoding;
  readonly body: Uint8Array;
  readonly validators: Validators;
  /** Fields for the plan that asked last, and the plan. */
  plan: DeliveryPlan;
  fields: AnswerFields;
  /** When a better or newer one was last tried for in its place, ms since the epoch. */
  attemptedAtMs: number;
  /** Whether its bytes were put together in a hurry: better ones are being made. */
  readonly isProvisional: boolean;
  readonly content: AnswerContent;
};

export type AnswerContent = Omit<Described, "cacheControl" | "extra"> & {
  readonly revision: number;
  readonly body: Uint8Array;
  readonly visibility: Visibility;
  readonly isProvisional: boolean;
};

const maxBytes = 24 * 1024 * 1024;
// Keys, headers and map slots, roughly.
const overheadBytes = 2_048;
// Two sets of header fields are some kilobytes, whatever the body: what flags make
// of the answers is bounded for all of them together.
const mostFields = 4_096;

/** Bounded by bytes; the least recently used answers go first. */
export class Answers {
  readonly #memory = new Lru<Answer>(maxBytes);
  #fields = new WeakMap<Answer, Map<DeliveryPlan, AnswerFields>>();
  #fieldsMade = 0;

  get(key: string): Answer | undefined {
    return this.#memory.get(key);
  }

  /** Builds an answer and keeps it under `key`. */
  put(key: string, content: AnswerContent, plan: DeliveryPlan): Answer {
    const { revision, encoding, body, validators, isProvisional } = content;
    const fields = fieldsFrom(content, plan);
    const made = { revision, encoding, body, validators, isProvisional };
    const answer: Answer = { ...made, plan, fields, attemptedAtMs: 0, content };
    this.#memory.set(key, answer, body.byteLength + overheadBytes);
    return answer;
  }

  /** The answer's fields under a plan: the same bytes may go out with different ones. */
  fieldsFor(answer: Answer, plan: DeliveryPlan): AnswerFields {
    if (answer.plan === plan) return answer.fields;
    const fields = this.#fields.get(answer)?.get(plan) ?? this.#make(answer, plan);
    answer.plan = plan;
    answer.fields = fields;
    return fields;
  }

  #make(answer: Answer, plan: DeliveryPlan): AnswerFields {
    this.#fieldsMade += 1;
    if (this.#fieldsMade > mostFields) {
      this.#fields = new WeakMap();
      this.#fieldsMade = 0;
    }
    let known = this.#fields.get(answer);
    if (known === undefined) {
      known = new Map([[answer.plan, answer.fields]]);
      this.#fields.set(answer, known);
    }
    const fields = known.get(plan) ?? fieldsFrom(answer.content, plan);
    known.set(plan, fields);
    return fields;
  }

  /** The same fields with a token that names no arm. */
  quietFieldsFor(answer: Answer, plan: DeliveryPlan): AnswerFields {
    return (this.fieldsFor(answer, plan).quiet ??= fieldsFrom(answer.content, plan));
  }
}

function fieldsFrom(content: AnswerContent, plan: DeliveryPlan): AnswerFields {
  const described: Described = {
    ...content,
    cacheControl: cacheControl(plan.parameters, plan.isPreview ? "preview" : content.visibility),
    extra: Object.entries(plan.parameters.headers),
  };
  return {
    ok: new TimedFields(okFields(described)),
    notModified: new TimedFields(notModifiedFields(described)),
  };
}
