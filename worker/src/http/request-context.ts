// What targeting can ask about a request. Every field is looked up when a flag
// asks for it and not before: a look at a native object is not free.
import { visitorFrom, type SigningKey, type Visitor } from "#flags/signature.ts";
import type { Subject } from "#flags/subject.ts";
import type { PointerKind } from "#src/delivery/pointer.ts";
import type { Visit } from "./delivery.ts";

/** What a request asks for. */
export type Asked = {
  readonly kind: PointerKind;
  readonly id: string;
  /** Whose it is; undefined where that is not known yet. */
  readonly account: string | undefined;
};

/** Every name that targeting can ask for, but the units' own: see docs/flags.md. */
const names = [
  "kind",
  "account",
  "snippet",
  "sdkKey",
  "visitor",
  "request",
  "colo",
  "country",
  "continent",
  "asn",
  "httpProtocol",
  "site",
  "userAgent",
] as const;

/** A request, as flags see it. */
export class RequestContext implements Subject {
  readonly nowMs: number;
  readonly #visit: Visit;
  readonly #asked: Asked;
  #visitor: Visitor | undefined;
  #userAgent: string | undefined;
  #request: string | undefined;

  constructor(visit: Visit, asked: Asked) {
    this.nowMs = visit.nowMs;
    this.#visit = visit;
    this.#asked = asked;
  }

  // Targeting reads the members of this very object: no copy is made of it.
  get context(): { readonly [key: string]: unknown } {
    return this as unknown as { readonly [key: string]: unknown };
  }

  whole(): { readonly [key: string]: unknown } {
    const { context } = this;
    return Object.fromEntries(names.map((name) => [name, context[name]]));
  }

  get kind(): PointerKind {
    return this.#asked.kind;
  }

  get account(): string | undefined {
    return this.#asked.account;
  }

  get snippet(): string | undefined {
    return this.#asked.kind === "snippet" ? this.#asked.id : undefined;
  }

  get sdkKey(): string | undefined {
    return this.#asked.kind === "datafile" ? this.#asked.id : undefined;
  }

  /** The same all day for one address and user agent, and nothing that they can be told from. */
  get visitor(): string | undefined {
    return this.named?.id;
  }

  /** The visitor behind the request; undefined before there is a key to name it with. */
  get named(): Visitor | undefined {
    if (this.#visitor !== undefined) return this.#visitor;
    const key: SigningKey | undefined = this.#visit.held.keys[0];
    if (key === undefined) return undefined;
    const address = this.#visit.headers.get("cf-connecting-ip") ?? "";
    const agent = this.#visit.services.agents.keyOf(this.userAgent, key);
    this.#visitor = visitorFrom(address, agent);
    return this.#visitor;
  }

  /** Different for every request, and one for all flags of a request: layers rely on that. */
  get request(): string {
    return (this.#request ??= this.#visit.services.nextRequestId());
  }

  get colo(): unknown {
    return this.#cf("colo");
  }

  get country(): unknown {
    return this.#cf("country");
  }

  get continent(): unknown {
    return this.#cf("continent");
  }

  get asn(): unknown {
    return this.#cf("asn");
  }

  get httpProtocol(): unknown {
    return this.#cf("httpProtocol");
  }

  /** Host of the page that asks, where it says so. */
  get site(): string | undefined {
    return /^https?:\/\/([^/]+)/.exec(this.#visit.headers.get("referer") ?? "")?.[1];
  }

  get userAgent(): string {
    return (this.#userAgent ??= this.#visit.headers.get("user-agent") ?? "");
  }

  #cf(name: string): unknown {
    return this.#visit.cf?.[name];
  }
}
