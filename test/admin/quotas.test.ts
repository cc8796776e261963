// What accounts may have and do.
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { control, publish } from "../isolate.ts";
import { call, post, put, remove, token } from "./calls.ts";

beforeAll(async () => {
  await publish("/engines/1.0.0", "self.engineRan = 1;");
});

afterEach(() => {
  vi.useRealTimers();
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

  it.each(["[]", "null", "7", '"ids"', "[1]"])(
    "is set by an object alone, not by %s",
    async (body) => {
      await put("/datafiles/shape?account=shape", 1);
      const refused = await call("/accounts/shape/quotas", { method: "PUT", body });
      expect(refused).toMatchObject({
        status: 400,
        body: { errors: [{ field: "body", detail: "must be a JSON object" }] },
      });
    },
  );

  it("of no publishes at all is forbidden, not too early", async () => {
    await put("/datafiles/never?account=shut", 1);
    await put("/accounts/shut/quotas", { publishesPerHour: 0 });
    const response = await control("/datafiles/never?account=shut", { method: "PUT", body: "2" });
    expect([response.status, response.headers.get("retry-after")]).toEqual([403, null]);
    expect(await response.json()).toMatchObject({
      detail: "The account may not publish at all. Have an admin raise the quota.",
      quota: { name: "publishesPerHour", limit: 0, retryAt: null },
    });
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
