// What accounts may have, and how ids and accounts end.
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { control, env, newIsolate, publish } from "../isolate.ts";

type Answer = { readonly status: number; readonly body: Record<string, unknown> };

async function call(path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await control(path, init);
  const text = await response.text();
  return { status: response.status, body: text === "" ? {} : JSON.parse(text) };
}

const put = (path: string, body: unknown, headers: HeadersInit = {}): Promise<Answer> =>
  call(path, { method: "PUT", body: JSON.stringify(body), headers });
const post = (path: string, body: unknown = {}): Promise<Answer> =>
  call(path, { method: "POST", body: JSON.stringify(body) });
const remove = (path: string, headers: HeadersInit = {}): Promise<Answer> =>
  call(path, { method: "DELETE", headers });

async function token(scopes: readonly string[], account?: string): Promise<Record<string, string>> {
  const wanted = { name: scopes.join(), scopes, ...(account === undefined ? {} : { account }) };
  const { body } = await post("/tokens", wanted);
  return { authorization: `Bearer ${String(body["token"])}` };
}

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

describe("a quota", () => {
  it("of ids refuses one more, with its name, its limit and what is used, and counts what is live", async () => {
    await put("/snippets/q1?account=ids", 1);
    await put("/datafiles/q2?account=ids", 1);
    await put("/accounts/ids/quotas", { ids: 2 });
    const refused = await put("/snippets/q3?account=ids", 1);
    expect(refused).toMatchObject({
      status: 403,
      body: {
        type: "urn:aviary:problem:quota-exceeded",
        quota: { name: "ids", limit: 2, used: 2, retryAt: null },
      },
    });
    expect((await put("/snippets/q1?account=ids", 2)).status).toBe(200);
    await remove("/datafiles/q2");
    expect((await put("/snippets/q3?account=ids", 1)).status).toBe(201);
  });

  it("of bytes counts each artifact once, and what was deleted no more", async () => {
    await put("/datafiles/b1?account=bytes", "x".repeat(1_000));
    const once = (await call("/accounts/bytes")).body["bytes"] as number;
    await put("/datafiles/b2?account=bytes", "x".repeat(1_000));
    expect((await call("/accounts/bytes")).body).toMatchObject({ bytes: once, datafiles: 2 });
    await put("/accounts/bytes/quotas", { bytes: once + 10 });
    const refused = await put("/datafiles/b3?account=bytes", "y".repeat(1_000));
    expect(refused).toMatchObject({
      status: 403,
      body: { quota: { name: "bytes", limit: once + 10, used: once } },
    });
    await remove("/datafiles/b1");
    expect((await call("/accounts/bytes")).body).toMatchObject({ bytes: once });
    await remove("/datafiles/b2");
    expect((await call("/accounts/bytes")).body).toMatchObject({ bytes: 0 });
    expect((await put("/datafiles/b3?account=bytes", "y".repeat(100))).status).toBe(201);
  });

  it("of publishes says when to try again, and is right; going back is always possible", async () => {
    const start = Date.UTC(2026, 10, 27, 12);
    vi.useFakeTimers({ toFake: ["Date"], now: start });
    await put("/datafiles/p?account=busy", 1);
    await put("/accounts/busy/quotas", { publishesPerHour: 2 });
    vi.setSystemTime(start + 600_000);
    await put("/datafiles/p?account=busy", 2);
    // What changes nothing is no publish.
    expect((await put("/datafiles/p?account=busy", 2)).body).toMatchObject({ changed: false });
    const response = await control("/datafiles/p?account=busy", { method: "PUT", body: "3" });
    expect(response.status).toBe(429);
    const retryAt = new Date(start + 3_600_000).toISOString();
    expect(await response.json()).toMatchObject({
      quota: { name: "publishesPerHour", limit: 2, used: 2, retryAt },
    });
    expect(Date.parse(response.headers.get("retry-after") ?? "")).toBe(start + 3_600_000);
    expect((await post("/datafiles/p/rollback", { revision: 1 })).status).toBe(200);
    vi.setSystemTime(start + 3_600_000 - 1);
    expect((await put("/datafiles/p?account=busy", 3)).status).toBe(429);
    vi.setSystemTime(start + 3_600_000);
    expect((await put("/datafiles/p?account=busy", 3)).status).toBe(200);
  });

  type Crowd = { readonly quotas: object; readonly most: number; readonly status: number };

  it.each<[string, Crowd]>([
    ["ids", { quotas: { ids: 4 }, most: 3, status: 403 }],
    ["publishes", { quotas: { publishesPerHour: 4 }, most: 3, status: 429 }],
    // The first holds a few dozen bytes.
    ["bytes", { quotas: { bytes: 5_000 }, most: 4, status: 403 }],
  ])("of %s holds for publishes that come at once", async (what, { quotas, most, status }) => {
    const account = `crowd-${what}`;
    await put(`/datafiles/${account}?account=${account}`, 1);
    await put(`/accounts/${account}/quotas`, quotas);
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, n) =>
        put(`/datafiles/${account}-${n}?account=${account}`, `${n}`.padEnd(1_000)),
      ),
    );
    const statuses = answers.map((each) => each.status).toSorted((a, b) => a - b);
    const few = Array.from({ length: most }, () => 201);
    const many = Array.from({ length: 12 - most }, () => status);
    expect(statuses).toEqual([...few, ...many]);
    expect((await call(`/accounts/${account}`)).body).toMatchObject({ datafiles: most + 1 });
  });

  it("is given back by a publish that was refused, and by one that is over", async () => {
    await put("/datafiles/anothers?account=owner", 1);
    await put("/datafiles/back1?account=back", 1);
    await put("/accounts/back/quotas", { ids: 3, publishesPerHour: 3 });
    for (let n = 0; n < 5; n += 1) {
      expect((await put("/datafiles/anothers?account=back", n)).status).toBe(409);
    }
    expect((await put("/datafiles/back2?account=back", 1)).status).toBe(201);
    expect((await put("/datafiles/back3?account=back", 1)).status).toBe(201);
    expect((await put("/datafiles/back3?account=back", 2)).status).toBe(429);
  });

  it("is set by admins alone, and taken back with null", async () => {
    await put("/snippets/s?account=set", 1);
    const publisher = await token(["publish"]);
    expect((await put("/accounts/set/quotas", { ids: 9 }, publisher)).status).toBe(403);
    expect((await put("/accounts/set/quotas", { ids: 9 })).body).toMatchObject({
      quotas: { ids: 9, publishesPerHour: 1_000 },
      ownQuotas: { ids: 9 },
    });
    expect((await put("/accounts/set/quotas", { ids: null })).body).toMatchObject({
      quotas: { ids: 1_000 },
      ownQuotas: {},
    });
    expect(await put("/accounts/set/quotas", { ids: -1 })).toMatchObject({
      status: 400,
      body: { errors: [{ field: "ids" }] },
    });
    expect((await put("/accounts/nobody/quotas", { ids: 1 })).status).toBe(404);
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

  it("takes the scope publish and the id's own account", async () => {
    await put("/snippets/mine?account=acme", 1);
    const reader = await token(["read"], "acme");
    const stranger = await token(["publish"], "rival");
    expect((await remove("/snippets/mine", reader)).status).toBe(403);
    expect((await remove("/snippets/mine", stranger)).status).toBe(403);
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
    expect((await remove("/accounts/leaving")).body).toMatchObject({ ids: 0, tokens: 0 });
    expect((await post("/accounts/leaving/restore")).body).toMatchObject({ deletedAt: null });
    expect((await put("/snippets/leaving1?account=leaving", 2)).status).toBe(200);
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
