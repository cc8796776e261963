// Guessed tokens cost the Registry little, and those who hold a real one nothing.
import { describe, expect, it } from "vitest";
import { env, newIsolate, type Isolate } from "../isolate.ts";
import { token } from "./calls.ts";
import { registryFrom } from "#src/adapters/registry.ts";

type Counted = {
  readonly lookups: () => number;
  readonly later: (ms: number) => void;
  readonly asked: (authorization: string, address?: string) => Promise<Response>;
};

function counted(): Counted {
  let lookups = 0;
  let nowMs = Date.now();
  const registry = () =>
    new Proxy(registryFrom(env.REGISTRY)(), {
      get(stub, name) {
        if (name === "token") lookups += 1;
        return Reflect.get(stub, name) as unknown;
      },
    });
  const isolate: Isolate = newIsolate({}, { registry, now: () => nowMs });
  return {
    lookups: () => lookups,
    later: (ms) => void (nowMs += ms),
    asked: async (authorization, address = "203.0.113.7") => {
      const headers = { authorization, "cf-connecting-ip": address };
      const response = await isolate.fetch("/api/v1/status", { headers });
      await response.clone().text();
      return response;
    },
  };
}

const guess = (at: number): string =>
  `Bearer avy_${String(at).padStart(12, "0")}_${"A".repeat(43)}`;

async function guessMany(isolate: Counted, many: number): Promise<number[]> {
  const guesses = Array.from({ length: many }, (_, at) => isolate.asked(guess(at)));
  return (await Promise.all(guesses)).map(({ status }) => status);
}

describe("a guessed token", () => {
  it("of no token's shape is refused without a lookup", async () => {
    const isolate = counted();
    for (const wrong of ["avy_short", `${guess(1).slice(7)}A`, guess(1).slice(7).toUpperCase()]) {
      expect((await isolate.asked(`Bearer ${wrong}`)).status).toBe(401);
    }
    expect(isolate.lookups()).toBe(0);
  });

  it("that was refused is not looked up again for five seconds", async () => {
    const isolate = counted();
    for (let time = 0; time < 10; time += 1) {
      expect((await isolate.asked(guess(1))).status).toBe(401);
    }
    expect(isolate.lookups()).toBe(1);
    isolate.later(5_000);
    await isolate.asked(guess(1));
    expect(isolate.lookups()).toBe(2);
  });

  it("is one of thirty at most that a network has looked up in a minute, also all at once", async () => {
    const isolate = counted();
    const statuses = await guessMany(isolate, 40);
    expect(statuses.filter((status) => status === 401)).toHaveLength(30);
    expect(statuses.filter((status) => status === 429)).toHaveLength(10);
    expect(isolate.lookups()).toBe(30);
    const refused = await isolate.asked(guess(99), "203.0.113.8");
    expect(Date.parse(refused.headers.get("retry-after") ?? "")).toBeGreaterThan(Date.now());
    expect((await isolate.asked(guess(99), "198.51.100.7")).status).toBe(401);
    isolate.later(60_000);
    expect((await isolate.asked(guess(100))).status).toBe(401);
  });
});

describe("a real token", () => {
  it("that was used before works beside any number of guesses, until it is revoked", async () => {
    const isolate = counted();
    const { authorization = "" } = await token(["read"]);
    expect((await isolate.asked(authorization)).status).toBe(200);
    await guessMany(isolate, 40);
    expect((await isolate.asked(authorization)).status).toBe(200);
    const id = authorization.slice("Bearer avy_".length).slice(0, 12);
    await registryFrom(env.REGISTRY)().revokeToken(id, Date.now());
    expect((await isolate.asked(authorization)).status).toBe(401);
  });

  it("works as soon as it is made, and however often it is sent at once counts as no guess", async () => {
    const isolate = counted();
    await guessMany(isolate, 29);
    const { authorization = "" } = await token(["read"]);
    const many = await Promise.all(Array.from({ length: 40 }, () => isolate.asked(authorization)));
    expect(many.every(({ status }) => status === 200)).toBe(true);
    expect((await isolate.asked(guess(99))).status).toBe(401);
  });
});
