// Erasing through the control API: who may, what is counted, and what stays of it.
import { beforeAll, describe, expect, it } from "vitest";
import { deadLettersIn } from "#src/adapters/sinks/dead-letters.ts";
import type { WideEvent } from "#rum/wide-event.ts";
import { control, env, newIsolate } from "../isolate.ts";
import { call, put, token } from "./calls.ts";

const session = "0123456789abcdef".repeat(2);

async function erase(
  query: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<{ readonly status: number; readonly body: Record<string, unknown> }> {
  const init = { method: "POST", body: JSON.stringify(body), headers };
  return call(`/erasures?${query}`, init);
}

const text = async () => JSON.stringify((await call("/audit?limit=500")).body);

beforeAll(async () => {
  const events = ["acme", "rival"].map((account, at) => ({
    seq: at + 1,
    event: {
      "event.id": account,
      "event.at": "2026-11-23T12:00:00.000Z",
      "account.id": account,
      "session.id": session,
    } as unknown as WideEvent,
  }));
  await deadLettersIn(env.ARCHIVE).park("hook", { shard: "s1", events }, "answers 500");
});

describe("erasing", () => {
  it("is for admins alone, and by default a dry run", async () => {
    const operator = await token(["operate", "publish"]);
    expect((await erase("store=dead-letters:hook", { account: "acme" }, operator)).status).toBe(
      403,
    );
    const dry = await erase("store=dead-letters:hook", { account: "acme" });
    expect(dry).toMatchObject({ status: 200, body: { dryRun: true, matched: 1, erased: 0 } });
  });

  it.each([
    [{}, "body"],
    [{ account: "" }, "account"],
    [{ sessionId: "me" }, "sessionId"],
    [{ from: "2026-11-23T00:00:00Z" }, "body"],
    [{ from: "2026-11-24T00:00:00Z", to: "2026-11-23T00:00:00Z" }, "body"],
    [{ acount: "acme" }, "acount"],
  ])("of %j is refused, and names the field", async (body, field) => {
    const refused = await erase("store=audit&dryRun=false", body);
    expect(refused).toMatchObject({ status: 400, body: { errors: [{ field }] } });
  });

  it("is not done because a dry run was misspelt", async () => {
    const odd = await erase("store=audit&dryRum=true", { account: "acme" });
    expect(odd).toMatchObject({ status: 400, body: { errors: [{ field: "dryRum" }] } });
  });

  it("takes what is sought, leaves the rest, and may be repeated", async () => {
    const done = await erase("store=dead-letters:hook&dryRun=false", { account: "acme" });
    expect(done.body).toMatchObject({ matched: 1, erased: 1, next: null });
    const again = await erase("store=dead-letters:hook&dryRun=false", { account: "acme" });
    expect(again.body).toMatchObject({ matched: 0, erased: 0 });
    const left = await erase("store=dead-letters:hook", { account: "rival" });
    expect(left.body).toMatchObject({ matched: 1 });
  });

  it("is in the audit log, which does not keep the session that was to be forgotten", async () => {
    await erase("store=dead-letters:hook&dryRun=false&why=asked", { sessionId: session });
    const { body } = await call("/audit?limit=1");
    const [entry] = body["entries"] as Record<string, unknown>[];
    expect(entry).toMatchObject({
      action: "erase",
      target: "dead-letters:hook",
      why: "asked",
      after: { erased: 1 },
    });
    expect(JSON.stringify(entry)).not.toContain(session);
  });

  it("takes addresses, reasons and documents out of the audit log, and leaves that it happened", async () => {
    const headers = { "cf-connecting-ip": "203.0.113.77" };
    await put("/flags/kept", { patch: { delayMs: 1 } }, headers);
    await control("/tokens", {
      method: "POST",
      body: JSON.stringify({ name: "of-gone", scopes: ["read"], account: "gone" }),
      headers,
    });
    await control("/accounts/gone/quotas?why=Mr+Gone+asked", {
      method: "PUT",
      body: "{}",
      headers,
    });
    const before = await text();
    for (const trace of ["Mr Gone asked", "of-gone", "203.0.113.77"])
      expect(before).toContain(trace);
    const counted = await erase("store=audit", { account: "gone" });
    expect(counted.body).toMatchObject({ matched: 2, erased: 0 });
    expect((await erase("store=audit&dryRun=false", { account: "gone" })).body).toMatchObject({
      erased: 2,
    });
    const after = await text();
    for (const trace of ["Mr Gone asked", "of-gone"]) expect(after).not.toContain(trace);
    expect(after).toContain("/api/v1/accounts/gone/quotas");
    const span = { from: "2020-01-01T00:00:00Z", to: "2100-01-01T00:00:00Z" };
    await erase("store=audit&dryRun=false", span);
    expect(await text()).not.toContain("203.0.113.77");
    // The judge computes a flag's shares from these.
    const { body } = await call("/audit?flag=kept");
    expect(body["entries"]).toMatchObject([{ after: { flag: "kept" } }]);
  });

  it.each([
    ["Same", "same"],
    ["a_b", "axb"],
  ])("of the account %s leaves the lines of %s in the audit log", async (account, other) => {
    for (const each of [account, other]) {
      const asked = { method: "PUT", body: "{}" };
      await control(`/accounts/${each}/quotas?why=asked-by-${each}`, asked);
    }
    await erase("store=audit&dryRun=false", { account });
    const left = await text();
    expect(left).not.toContain(`asked-by-${account}`);
    expect(left).toContain(`asked-by-${other}`);
  });

  it("names the sinks that are out of its reach, and why", async () => {
    const SINKS = JSON.stringify([
      { name: "log", kind: "stdout" },
      { name: "archive", kind: "parquet" },
    ]);
    const isolate = newIsolate({ SINKS });
    const headers = { authorization: `Bearer ${env.AVIARY_ADMIN_TOKEN ?? ""}` };
    const response = await isolate.fetch("/api/v1/erasures/stores", { headers });
    const { stores } = await response.json<{ stores: object[] }>();
    expect(stores).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: "sink:log", canErase: false }),
        expect.objectContaining({ name: "sink:archive", canErase: true }),
        expect.objectContaining({ name: "audit", canErase: true }),
      ]),
    );
    const refused = await isolate.fetch("/api/v1/erasures?store=sink:log", {
      method: "POST",
      headers,
      body: JSON.stringify({ account: "acme" }),
    });
    expect(refused.status).toBe(409);
    expect(await refused.json()).toMatchObject({ type: "urn:aviary:problem:not-erasable" });
  });
});
