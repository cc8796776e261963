// Tokens end by themselves where they were made so, their holders hear of it before, and what is
// not used any more can be seen.
import { describe, expect, it } from "vitest";
import { registryFrom } from "#src/adapters/registry.ts";
import { env, newIsolate } from "../isolate.ts";
import { call, post } from "./calls.ts";

const dayMs = 24 * 3_600_000;

type Token = { readonly id: string; readonly token: string; readonly expiresAt: string | null };

async function made(wanted: object = {}): Promise<Token> {
  const { body } = await post("/tokens", { name: "ci", scopes: ["read"], ...wanted });
  return body as Token;
}

async function statusAt(token: string, afterMs: number): Promise<Response> {
  const isolate = newIsolate({}, { now: () => Date.now() + afterMs });
  const response = await isolate.fetch("/api/v1/status", {
    headers: { authorization: `Bearer ${token}` },
  });
  await response.clone().text();
  return response;
}

async function listed(id: string): Promise<Record<string, unknown> | undefined> {
  const { body } = await call("/tokens");
  return (body["tokens"] as Record<string, unknown>[]).find((each) => each["id"] === id);
}

describe("a token that expires", () => {
  it("opens what it was made for until then, and says when it was refused", async () => {
    const { id, token, expiresAt } = await made({ expiresAfterS: 90 * 86_400 });
    expect(Date.parse(expiresAt ?? "") - Date.now()).toBeGreaterThan(89 * dayMs);
    expect(await listed(id)).toMatchObject({ expiresAt });
    expect((await statusAt(token, 89 * dayMs)).status).toBe(200);
    const refused = await statusAt(token, 91 * dayMs);
    expect(refused.status).toBe(401);
    expect(await refused.json()).toMatchObject({
      type: "urn:aviary:problem:token-expired",
      detail: expect.stringContaining(expiresAt ?? "none"),
    });
  });

  it("is warned about in every answer of its last fourteen days, and in status always", async () => {
    const { token, expiresAt } = await made({ expiresAfterS: 90 * 86_400 });
    const early = await statusAt(token, 0);
    expect(early.headers.get("aviary-token-expires")).toBeNull();
    expect(await early.json()).toMatchObject({ token: { expiresAt } });
    const late = await statusAt(token, 77 * dayMs);
    expect(late.headers.get("aviary-token-expires")).toBe(expiresAt);
  });

  it("tells nobody who does not have it whether it has expired", async () => {
    const { token } = await made({ expiresAfterS: 3_600 });
    const other = `${token.slice(0, -3)}AAA`;
    const refused = await statusAt(other, 2 * 3_600_000);
    expect(await refused.json()).toMatchObject({ type: "urn:aviary:problem:token-unknown" });
  });

  it.each([[0], [-5], [7_200.5], [3_599], [1e12], ["90d"]])(
    "does not do so after %j seconds",
    async (expiresAfterS) => {
      const refused = await post("/tokens", { name: "x", scopes: ["read"], expiresAfterS });
      expect(refused).toMatchObject({
        status: 400,
        body: { errors: [{ field: "expiresAfterS" }] },
      });
    },
  );
});

describe("the last use of a token", () => {
  it("is known to the hour, and written down no more than once an hour", async () => {
    const { id, token } = await made();
    expect(await listed(id)).toMatchObject({ lastUsedAt: null });
    const beganMs = Date.now();
    await statusAt(token, 0);
    const { lastUsedAt } = (await listed(id)) as { lastUsedAt: string };
    expect(Date.parse(lastUsedAt)).toBeGreaterThanOrEqual(beganMs);
    for (let minute = 1; minute < 59; minute += 10) await statusAt(token, minute * 60_000);
    expect(await listed(id)).toMatchObject({ lastUsedAt });
    await statusAt(token, 61 * 60_000);
    const later = (await listed(id)) as { lastUsedAt: string };
    expect(Date.parse(later.lastUsedAt)).toBeGreaterThan(Date.parse(lastUsedAt));
  });

  it("is not written down for whoever only guesses", async () => {
    const { id, token } = await made();
    await statusAt(`${token.slice(0, -3)}AAA`, 0);
    expect(await listed(id)).toMatchObject({ lastUsedAt: null });
  });

  it("is written down by one of many isolates at once", async () => {
    const { id } = await made();
    const registry = registryFrom(env.REGISTRY);
    const nowMs = Date.now();
    await Promise.all([5, 4, 3, 2, 1].map((at) => registry().noteTokenUse(id, nowMs + at)));
    expect(await listed(id)).toMatchObject({ lastUsedAt: new Date(nowMs + 5).toISOString() });
  });
});
