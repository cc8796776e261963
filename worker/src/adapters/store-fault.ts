// What fails says that it was a store, and which: elsewhere an exception is a bug, and
// nobody is told to wait for a store that is well.

/** A store that refused, failed or cannot be reached. Its name and `store` survive RPC. */
export class StoreFault extends Error {
  override readonly name = "StoreFault";
  readonly store: string;

  constructor(store: string, cause: unknown) {
    super(`${store}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.store = store;
  }
}

/** `store`, whose calls reject with a `StoreFault` under `name`. */
export function namingFaults<S extends object>(store: S, name: string): S {
  return new Proxy(store, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property);
      if (typeof value !== "function") return value;
      return (...given: unknown[]): unknown => {
        const answer: unknown = Reflect.apply(value, target, given);
        return answer instanceof Promise ? answer.catch(fail) : answer;
      };
    },
  });

  function fail(error: unknown): never {
    throw new StoreFault(name, error);
  }
}

export type FaultOrigin =
  | { readonly reason: "store_failed"; readonly store: string }
  | { readonly reason: "object_unreachable" }
  | { readonly reason: "internal" };

// What the runtime says of a Durable Object that was reset, is overloaded or cannot be
// reached. Source: https://developers.cloudflare.com/durable-objects/best-practices/error-handling/
const signsOfAnObject = ["retryable", "overloaded", "durableObjectReset"];

/** What failed where `error` was thrown, here or in an object that was called. */
export function originOf(error: unknown): FaultOrigin {
  if (!(error instanceof Error)) return { reason: "internal" };
  const facts = error as Error & Readonly<Record<string, unknown>>;
  if (error.name === "StoreFault") return { reason: "store_failed", store: String(facts["store"]) };
  const isObject = signsOfAnObject.some((sign) => facts[sign] === true);
  return { reason: isObject ? "object_unreachable" : "internal" };
}
