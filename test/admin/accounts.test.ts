// What is refused whole, and how ids and accounts end. Quotas: quotas.test.ts.
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { registryFrom } from "#src/adapters/registry.ts";
import { env, newIsolate, publish } from "../isolate.ts";
import { call, post, put, remove, token, type Answer } from "./calls.ts";

async function storedCount(): Promise<number> {
  const { objects } = await env.ARCHIVE.list({ prefix: "artifact/" });
  return objects.length;
}

beforeAll(async () => {
  await publish("/engines/1.0.0", "self.engineRan = 1;");
});

afterEach(() => {
  vi.useRealTimers();
});

describe("a refused publish stores nothing", () => {
  type Refused = { readonly path: string; readonly headers?: HeadersInit; readonly status: number };

  it.each<[string, Refused]>([
    ["of another's id", { path: "/snippets/theirs?account=thief", status: 409 }],
    [
      "against an old revision",
      { path: "/snippets/theirs?account=owner", headers: { "if-match": '"7"' }, status: 412 },
    ],
    [
      "of a new id against a revision",
      { path: "/datafiles/none?account=owner", headers: { "if-match": '"1"' }, status: 412 },
    ],
    [
      "of a candidate for nothing",
      { path: "/datafiles/none?account=owner&candidate=true", status: 409 },
    ],
    ["over a quota", { path: "/snippets/second?account=full", status: 403 }],
  ])("%s", async (title, { path, headers, status }) => {
    await put("/snippets/theirs?account=owner", 0);
    await put("/snippets/first?account=full", 0);
    await put("/accounts/full/quotas", { ids: 1 });
    const before = await storedCount();
    expect((await put(path, { large: title.repeat(1_000) }, headers)).status).toBe(status);
    expect(await storedCount()).toBe(before);
  });

  it("of an engine or a beacon whose version is taken", async () => {
    await publish("/engines/taken", "self.a = 1;");
    const beacon = { early: "self.e = 1;", collector: "self.c = 1;" };
    await publish("/beacons/taken", JSON.stringify(beacon));
    const before = await storedCount();
    const engine = await call("/engines/taken", { method: "PUT", body: "self.a = 2;" });
    expect(engine.status).toBe(409);
    expect((await put("/beacons/taken", { ...beacon, early: "self.e = 2;" })).status).toBe(409);
    expect(await storedCount()).toBe(before);
  });
});

describe("a reason", () => {
  it.each([
    ["DELETE", "/datafiles/reasoned"],
    ["PUT", "/accounts/reasoned/quotas"],
    ["DELETE", "/accounts/reasoned"],
    ["POST", "/accounts/reasoned/restore"],
    ["POST", "/snippets/reasoned/withdraw"],
    ["POST", "/datafiles/reasoned/rollback"],
    ["PUT", "/datafiles/reasoned"],
  ])("that the log could not keep whole refuses the change: %s %s", async (method, path) => {
    await put("/datafiles/reasoned?account=reasoned", 1);
    const before = (await call("/accounts/reasoned")).body;
    const change = (why: string): Promise<Answer> =>
      call(`${path}?account=reasoned&why=${why}`, { method });
    expect(await change("y".repeat(501))).toMatchObject({
      status: 400,
      body: { errors: [{ field: "why", detail: "must be at most 500 characters" }] },
    });
    expect((await call("/accounts/reasoned")).body).toEqual(before);
    const logged = { why: "y".repeat(500), outcome: "refused with 400" };
    expect((await call("/audit?limit=1")).body["entries"]).toMatchObject([logged]);
  });

  it("of the longest length is kept whole", async () => {
    await put("/datafiles/long?account=long", 1);
    const why = "y".repeat(500);
    expect((await remove(`/datafiles/long?why=${why}`)).status).toBe(200);
    expect((await call("/audit?limit=1")).body["entries"]).toMatchObject([
      { why, outcome: "done" },
    ]);
  });
});

describe("deleting an id", () => {
  it("takes its history along, tells what it was, and done twice is done once", async () => {
    await put("/snippets/end?account=acme", 1);
    await put("/snippets/end?account=acme", 2);
    expect((await remove("/snippets/end", { "if-match": '"1"' })).status).toBe(412);
    const deleted = await remove("/snippets/end?why=test");
    expect(deleted).toMatchObject({
      status: 200,
      body: { id: "end", account: "acme", revision: 3, changed: true, free: false },
    });
    expect((await remove("/snippets/end")).body).toMatchObject({ changed: false });
    const shown = await call("/snippets/end");
    expect([shown.status, shown.body["detail"]]).toEqual([
      404,
      expect.stringContaining("was deleted at"),
    ]);
    expect((await call("/snippets/end/history")).body).toEqual({ snippets: [] });
    expect((await post("/snippets/end/rollback", { revision: 1 })).status).toBe(404);
    const listed = await call("/snippets?account=acme");
    expect(listed.body["snippets"]).toEqual([]);
    const { body } = await call("/audit?limit=20");
    expect(body["entries"]).toContainEqual(
      expect.objectContaining({
        action: "DELETE",
        target: "/api/v1/snippets/end",
        outcome: "done",
        why: "test",
      }),
    );
  });

  it("keeps it for its account, which can publish it again as a new id", async () => {
    await put("/datafiles/kept?account=acme", 1);
    await remove("/datafiles/kept");
    expect((await put("/datafiles/kept?account=rival", 1)).status).toBe(409);
    const again = await put("/datafiles/kept?account=acme", 1, { "if-none-match": "*" });
    expect(again).toMatchObject({ status: 200, body: { revision: 3, changed: true } });
  });

  it("gives it to another account only where an admin says so, who goes on above its revisions", async () => {
    await put("/snippets/passed?account=acme", 1);
    await put("/snippets/passed?account=acme", 2);
    const nowMs = Date.now();
    vi.useFakeTimers({ toFake: ["Date"], now: nowMs });
    const edge = newIsolate();
    await edge.fetch("/js/passed.js");
    const publisher = await token(["publish"]);
    expect((await remove("/snippets/passed?free=true", publisher)).status).toBe(403);
    expect((await call("/snippets/passed")).status).toBe(200);
    const freed = await remove("/snippets/passed?free=true");
    expect(freed.body).toMatchObject({ changed: true, free: true });
    const taken = await put("/snippets/passed?account=rival", 3);
    expect(taken).toMatchObject({ status: 200, body: { account: "rival", revision: 4 } });
    expect((await put("/snippets/passed?account=acme", 4)).status).toBe(409);
    vi.setSystemTime(nowMs + 11_000);
    expect(await (await edge.fetch("/js/passed.js")).text()).toContain("JSON.parse('3')");
  });

  it("never lets its revisions begin below where any earlier owner's ended", async () => {
    const registry = registryFrom(env.REGISTRY);
    const item = { kind: "datafile", id: "handed-on" } as const;
    const high = { revision: 9, movedAtMs: 1_000 };
    await registry().claim({ ...item, account: "first", attempt: 1 });
    await registry().giveUp({ ...item, account: "first", floor: high });
    await registry().claim({ ...item, account: "second", attempt: 1 });
    const floor = { revision: 3, movedAtMs: 5_000 };
    await registry().giveUp({ ...item, account: "second", floor });
    expect(await registry().claim({ ...item, account: "third", attempt: 1 })).toEqual({
      ok: true,
      value: { floor: { revision: 9, movedAtMs: 5_000 } },
    });
  });

  it("takes the scope publish and the id's own account", async () => {
    await put("/snippets/mine?account=acme", 1);
    const reader = await token(["read"], "acme");
    const stranger = await token(["publish"], "rival");
    expect((await remove("/snippets/mine", reader)).status).toBe(403);
    // As of an id that is nobody's: a stranger is not told that there is one.
    expect((await remove("/snippets/mine", stranger)).status).toBe(404);
    expect((await remove("/snippets/never-was", stranger)).status).toBe(404);
    expect((await remove("/snippets/never-was")).status).toBe(404);
  });
});

describe("deleting an account", () => {
  it("takes its ids and tokens along, and lets nothing be published for it until it is restored", async () => {
    await put("/snippets/leaving1?account=leaving", 1);
    await put("/datafiles/leaving2?account=leaving", 1);
    const own = await token(["publish"], "leaving");
    expect((await remove("/accounts/leaving", await token(["operate"]))).status).toBe(403);
    expect((await remove("/accounts/leaving")).body).toEqual({
      account: "leaving",
      changed: true,
      ids: 2,
      tokens: 1,
    });
    expect((await call("/status", { headers: own })).status).toBe(401);
    const isolate = newIsolate();
    expect((await isolate.fetch("/js/leaving1.js")).status).toBe(410);
    expect((await isolate.fetch("/datafiles/leaving2.json")).status).toBe(410);
    for (const id of ["leaving1", "other"]) {
      expect(await put(`/snippets/${id}?account=leaving`, 2)).toMatchObject({
        status: 403,
        body: { type: "urn:aviary:problem:account-deleted" },
      });
    }
    expect((await put("/snippets/leaving1?account=rival", 1)).status).toBe(409);
    expect((await call("/accounts/leaving")).body).toMatchObject({
      deletedAt: expect.any(String) as string,
      snippets: 0,
      bytes: 0,
    });
    expect((await remove("/accounts/leaving")).body).toEqual({
      account: "leaving",
      changed: false,
      ids: 0,
      tokens: 0,
    });
    expect((await post("/accounts/leaving/restore")).body).toMatchObject({ deletedAt: null });
    expect((await put("/snippets/leaving1?account=leaving", 2)).status).toBe(200);
  });

  it("makes no token for it until it is restored", async () => {
    await put("/datafiles/tokenless?account=tokenless", 1);
    await remove("/accounts/tokenless");
    const wanted = { name: "late", scopes: ["publish"], account: "tokenless" };
    expect(await post("/tokens", wanted)).toMatchObject({
      status: 403,
      body: { type: "urn:aviary:problem:account-deleted" },
    });
    const { tokens } = (await call("/tokens")).body as { tokens: readonly { account: string }[] };
    expect(tokens.filter(({ account }) => account === "tokenless")).toEqual([]);
    await post("/accounts/tokenless/restore");
    expect((await post("/tokens", wanted)).status).toBe(201);
  });

  it("and restoring it at once leaves it one or the other", async () => {
    await put("/datafiles/torn?account=torn", 1);
    for (let round = 0; round < 12; round += 1) {
      await Promise.all([remove("/accounts/torn"), post("/accounts/torn/restore")]);
      const { body } = await call("/accounts/torn");
      const { status } = await put("/datafiles/torn?account=torn", round);
      expect([round, status]).toEqual([round, body["deletedAt"] === null ? 200 : 403]);
      await post("/accounts/torn/restore");
      await put("/datafiles/torn?account=torn", `again ${round}`);
    }
  });

  it("lists accounts by name, those of others not for a token that is bound", async () => {
    const { body } = await call("/accounts");
    const names = (body["accounts"] as { account: string }[]).map(({ account }) => account);
    expect(names).toContain("leaving");
    expect(names).toEqual(names.toSorted((a, b) => (a < b ? -1 : 1)));
    const bound = await token(["read"], "leaving");
    expect((await call("/accounts", { headers: bound })).status).toBe(403);
    expect((await call("/accounts/leaving", { headers: bound })).status).toBe(200);
    expect((await call("/accounts/acme", { headers: bound })).status).toBe(403);
  });
});
