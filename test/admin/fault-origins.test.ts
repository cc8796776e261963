// What the control API says when something on our side fails: what it was, and never
// that a store does not answer while the stores are well.
import { beforeEach, describe, expect, it, vi, type MockInstance } from "vitest";
import { Artifacts } from "#src/adapters/artifacts.ts";
import { StoreFault } from "#src/adapters/store-fault.ts";
import type { Env } from "#src/services.ts";
import { adminToken, env, newIsolate } from "../isolate.ts";

let log: MockInstance<typeof console.error>;

beforeEach(() => {
  vi.restoreAllMocks();
  log = vi.spyOn(console, "error").mockImplementation(() => {});
});

const authorization = `Bearer ${adminToken}`;
const publishing = { method: "PUT", headers: { authorization }, body: "self.engine = 1;" };
const path = "/api/v1/engines/1.0.0";

/** A bucket or namespace whose writes reject. */
function refusing<S extends object>(store: S): S {
  return new Proxy(store, {
    get(target, property) {
      if (property === "put") return () => Promise.reject(new Error("put: internal error (10001)"));
      const value: unknown = Reflect.get(target, property);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** A namespace of objects whose every call rejects. */
function objectsThat(error: Error): DurableObjectNamespace {
  const call = async (): Promise<never> => {
    throw error;
  };
  const stub = new Proxy({}, { get: () => call });
  return { idFromName: () => ({}), get: () => stub } as unknown as DurableObjectNamespace;
}

async function answerOf(overrides: Partial<Env>): Promise<Record<string, unknown>> {
  const response = await newIsolate(overrides).fetch(path, publishing);
  expect(response.headers.get("retry-after")).toBe("5");
  const problem = await response.json<{ status: number }>();
  expect(problem.status).toBe(response.status);
  return problem;
}

describe("a fault on our side", () => {
  it("is the store's, by its name, where a store failed", async () => {
    const problem = await answerOf({ ARCHIVE: refusing(env.ARCHIVE) });
    expect(problem).toMatchObject({ status: 503, type: "urn:aviary:problem:store-failed" });
    expect(problem["detail"]).toMatch(/^The store R2 failed\./);
    expect(log.mock.calls.join()).toContain("R2: put: internal error (10001)");
  });

  it("is an object's where an object cannot be reached", async () => {
    const gone = Object.assign(new Error("Network connection lost."), { retryable: true });
    const problem = await answerOf({ REGISTRY: objectsThat(gone) });
    expect(problem).toMatchObject({ status: 503, type: "urn:aviary:problem:object-unreachable" });
    expect(problem["detail"]).not.toContain("store");
  });

  it("is Aviary's own where code of ours threw, and no store is blamed", async () => {
    const problem = await answerOf({ REGISTRY: objectsThat(new TypeError("a bug")) });
    expect(problem).toMatchObject({ status: 500, type: "urn:aviary:problem:internal" });
    expect(problem["detail"]).not.toMatch(/store|a bug/);
    expect(log.mock.calls.join()).toContain("a bug");
  });

  it("keeps the name of its store on the way out of an object", async () => {
    const fault = new StoreFault("R2", new Error("put: internal error (10001)"));
    vi.spyOn(Artifacts.prototype, "put").mockRejectedValueOnce(fault);
    const { fetch } = newIsolate();
    const init = { ...publishing, body: "{}" };
    const response = await fetch("/api/v1/datafiles/faulty?account=faulty", init);
    const problem = await response.json<{ detail: string }>();
    expect(problem).toMatchObject({ status: 503, type: "urn:aviary:problem:store-failed" });
    expect(problem.detail).toMatch(/^The store R2 failed\./);
  });
});
