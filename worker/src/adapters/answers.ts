// Answers ready to send, in isolate memory: bytes, validators and header fields
// put together once, not once a request.
import type { Encoding } from "#flags/parameters.ts";
import { Lru } from "#base/lru.ts";
import type { Validators } from "#src/delivery/conditional.ts";
import {
  notModifiedFields,
  okFields,
  serverTiming,
  type CacheState,
  type Described,
  type HeaderFields,
} from "#src/delivery/headers.ts";

export type Answer = {
  /** Revision of the pointer that it was made for. */
  readonly revision: number;
  readonly encoding: Encoding;
  readonly body: Uint8Array;
  readonly validators: Validators;
  /** Fields of the 200 and of the 304 when the answer comes from memory. */
  readonly ok: Headers;
  readonly notModified: Headers;
  /** When a newer revision was last tried for in its place, ms since the epoch. */
  attemptedAtMs: number;
};

export type AnswerContent = Described & { readonly revision: number; readonly body: Uint8Array };

const maxBytes = 24 * 1024 * 1024;
// Keys, headers and map slots, roughly.
const overheadBytes = 2_048;

/** Bounded by bytes; the least recently used answers go first. */
export class Answers {
  readonly #memory = new Lru<Answer>(maxBytes);

  get(key: string): Answer | undefined {
    return this.#memory.get(key);
  }

  /** Builds an answer and keeps it under `key`. */
  put(key: string, content: AnswerContent): Answer {
    const { revision, encoding, body, validators } = content;
    const answer: Answer = {
      revision,
      encoding,
      body,
      validators,
      ok: headersFrom(okFields(content), "hit"),
      notModified: headersFrom(notModifiedFields(content), "hit"),
      attemptedAtMs: 0,
    };
    this.#memory.set(key, answer, body.byteLength + overheadBytes);
    return answer;
  }
}

function headersFrom(fields: HeaderFields, state: CacheState): Headers {
  const headers = new Headers();
  for (const [name, value] of fields) headers.set(name, value);
  headers.set("server-timing", serverTiming(state, 0));
  return headers;
}
