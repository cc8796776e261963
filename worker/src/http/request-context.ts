// What targeting can ask about a request. Every field is looked up when a flag
// asks for it and not before: a look at a native object is not free.
import { definedMembers } from "#flags/audience-names.ts";
import { visitorFrom, type SigningKey, type Visitor } from "#flags/signature.ts";
import type { Subject } from "#flags/subject.ts";
import type { PointerKind } from "#src/delivery/pointer.ts";
import type { RequestFacts } from "./request-facts.ts";

/** What a request asks for. */
export type Asked = {
  readonly kind: PointerKind;
  readonly id: string;
  /** Whose it is; undefined where that is not known yet. */
  readonly account: string | undefined;
};

/** What flags may read of a request: the documented names, and nothing behind or beside them. */
class AudienceView {
  readonly #visit: RequestFacts;
  readonly #asked: Asked;
  #visitor: Visitor | undefined;
  #userAgent: string | undefined;
  #request: string | undefined;

  static {
    // A path of a targeting ends here: nothing is inherited, and nothing can be put in.
    Object.setPrototypeOf(AudienceView.prototype, null);
    Reflect.deleteProperty(AudienceView.prototype, "constructor");
    Object.freeze(AudienceView.prototype);
  }

  constructor(visit: RequestFacts, asked: Asked) {
    this.#visit = visit;
    this.#asked = asked;
  }

  /** The visitor behind the request, which targeting knows by its id alone. */
  static visitorOf(view: AudienceView): Visitor | undefined {
    if (view.#visitor !== undefined) return view.#visitor;
    const visit = view.#visit;
    const key: SigningKey | undefined = visit.held.keys[0];
    if (key === undefined) return undefined;
    const address = visit.headers.get("cf-connecting-ip") ?? "";
    const agent = visit.services.agents.keyOf(view.userAgent, key);
    view.#visitor = visitorFrom(address, agent);
    return view.#visitor;
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
    return AudienceView.visitorOf(this)?.id;
  }

  /** Different for every request, and one for all flags of a request: layers rely on that. */
  get request(): string {
    return (this.#request ??= this.#visit.services.nextRequestId());
  }

  get colo(): unknown {
    return this.#visit.cf?.["colo"];
  }

  get country(): unknown {
    return this.#visit.cf?.["country"];
  }

  get continent(): unknown {
    return this.#visit.cf?.["continent"];
  }

  get asn(): unknown {
    return this.#visit.cf?.["asn"];
  }

  get httpProtocol(): unknown {
    return this.#visit.cf?.["httpProtocol"];
  }

  /** Host of the page that asks, where it says so. */
  get site(): string | undefined {
    return /^https?:\/\/([^/]+)/.exec(this.#visit.headers.get("referer") ?? "")?.[1];
  }

  get userAgent(): string {
    return (this.#userAgent ??= this.#visit.headers.get("user-agent") ?? "");
  }
}

/** A request, as flags are asked about it. Targeting sees its `context` and nothing else of it. */
export class RequestContext implements Subject {
  readonly nowMs: number;
  readonly context: AudienceView & { readonly [key: string]: unknown };

  constructor(visit: RequestFacts, asked: Asked) {
    this.nowMs = visit.nowMs;
    this.context = new AudienceView(visit, asked) as RequestContext["context"];
  }

  whole(): { readonly [key: string]: unknown } {
    return definedMembers(this.context);
  }

  /** The visitor behind the request; undefined before there is a key to name it with. */
  get named(): Visitor | undefined {
    return AudienceView.visitorOf(this.context);
  }
}
