// The Worker inside workerd, one isolate's memory at a time, with stores that can
// be made to fail. A fresh environment object stands for a fresh isolate.
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env as bound } from "cloudflare:workers";
import worker from "#src/index.ts";
import { servicesFor, type Env, type Services } from "#src/services.ts";

export const env = bound as unknown as Env;

/** What wrangler would have put into the Worker's secrets; see vitest.config.ts. */
export const adminToken = env.AVIARY_ADMIN_TOKEN ?? "";

export type Isolate = {
  /** What its requests use. */
  readonly services: Services;
  /** One request; background work is finished before it resolves, unless `leave` is set. */
  readonly fetch: (
    path: string,
    init?: RequestInit,
    options?: { leave: boolean },
  ) => Promise<Response>;
};

const cdn = "https://cdn.test";
// Where no host is set the control API answers on loopback alone.
const controlOrigin = "https://localhost";
const ofControl = /^\/(?:api|ofrep)(?:\/|$)/;

/** An isolate with nothing in memory; `ports` stand in for services of its own. */
export function newIsolate(overrides: Partial<Env> = {}, ports: Partial<Services> = {}): Isolate {
  const own: Env = { ...env, ...overrides };
  // Services are made once for an environment, so that a port put in its place stays there.
  const services = Object.assign(servicesFor(own), ports);
  return {
    services,
    async fetch(path, init = {}, options = { leave: false }) {
      const context = createExecutionContext();
      const url = path.startsWith("https://")
        ? path
        : (ofControl.test(path) ? controlOrigin : cdn) + path;
      const request = new Request(url, init) as Request<unknown, IncomingRequestCfProperties>;
      const response = await worker.fetch(request, own, context);
      if (!options.leave) await waitOnExecutionContext(context);
      return response;
    },
  };
}

/** One call of the control API as the first admin. */
export async function control(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (!headers.has("authorization")) headers.set("authorization", `Bearer ${adminToken}`);
  return newIsolate().fetch(`/api/v1${path}`, { ...init, headers });
}

/** Publishes and insists that it worked. */
export async function publish(
  path: string,
  body: string,
  headers: HeadersInit = {},
): Promise<unknown> {
  const response = await control(path, { method: "PUT", body, headers });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return response.json();
}

export type Mood = "well" | "failing" | "hanging" | "empty";

/** A KV namespace and a bucket in front of the real ones whose reads do as `mood` says. */
export function moodyStores(): { mood: Mood; readonly overrides: Pick<Env, "STORE" | "ARCHIVE"> } {
  const state = { mood: "well" as Mood, overrides: { STORE: env.STORE, ARCHIVE: env.ARCHIVE } };
  state.overrides = { STORE: moody(env.STORE), ARCHIVE: moody(env.ARCHIVE) };
  return state;

  function moody<S extends object>(store: S): S {
    return new Proxy(store, {
      get(target, property) {
        const value: unknown = Reflect.get(target, property);
        if (typeof value !== "function") return value;
        const method = value.bind(target) as (...rest: unknown[]) => unknown;
        if (property !== "get") return method;
        return async (...rest: unknown[]) => {
          if (state.mood === "failing") throw new Error("the store is failing");
          if (state.mood === "hanging") return new Promise(() => {});
          return state.mood === "empty" ? null : method(...rest);
        };
      },
    });
  }
}
