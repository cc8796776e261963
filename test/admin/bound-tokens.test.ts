// What a token that is bound to one account can see and do: what is that account's alone,
// and of the rest not even whether it is there.
import { beforeAll, describe, expect, it } from "vitest";
import { publish } from "../isolate.ts";
import { call, post, put, remove, token } from "./calls.ts";

const of = (account: string) => ({ "==": [{ var: "account" }, account] });
const plan = (account: string, patch: object = { delayMs: 1 }) => ({
  audience: of(account),
  patch,
});

let bound: Record<string, string>;

type Asked = {
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Record<string, string>;
};

async function as(path: string, init: Asked = {}) {
  return call(path, { ...init, headers: { ...bound, ...init.headers } });
}
const change = (path: string, body: object, headers: Record<string, string> = {}) =>
  as(path, { method: "POST", body: JSON.stringify(body), headers });

const waiting = (on: string) =>
  as("/flags/acme-waits?dryRun=true", {
    method: "PUT",
    body: JSON.stringify({ ...plan("acme"), prerequisites: [on] }),
  });

async function auditOf(path: string) {
  const { body } = await call("/audit?limit=1");
  const [entry] = body["entries"] as Record<string, unknown>[];
  return JSON.stringify({ ...entry, seq: 0, at: 0, epoch: 0 }).replaceAll(path, "");
}

async function revisionOf(key: string): Promise<string> {
  return `"${String((await call(`/flags/${key}`)).body["revision"])}"`;
}

beforeAll(async () => {
  bound = await token(["read", "operate", "publish"], "acme");
  await publish("/engines/1.0.0", "self.engineRan = 1;");
  await publish("/snippets/acme-shop?account=acme", "{}");
  await publish("/snippets/rival-shop?account=rival", "{}");
  await publish("/datafiles/rival-sdk?account=rival", "{}");
  await put("/flags/acme-slow", plan("acme"));
  await put("/flags/rival-slow", plan("rival"));
  await put("/flags/general", { patch: { delayMs: 1 } });
});

describe("a bound token's flags", () => {
  it("are those whose audience is its account alone", async () => {
    const { status, body } = await as("/flags");
    const keys = (body["flags"] as { key: string }[]).map(({ key }) => key);
    expect([status, keys]).toEqual([200, ["acme-slow"]]);
    expect(await as("/flags/acme-slow")).toMatchObject({ status: 200 });
    expect(await as("/flags/acme-slow/guardrails")).toMatchObject({ status: 200 });
    expect((await as("/flags/acme-slow/verdicts")).status).toBe(200);
  });

  it("can be made, ramped, killed and deleted", async () => {
    const made = await as("/flags/acme-new", {
      method: "PUT",
      body: JSON.stringify(plan("acme", { browserMaxAgeS: 60 })),
    });
    expect(made).toMatchObject({ status: 201, body: { after: { state: "draft" } } });
    const ifMatch = { "if-match": await revisionOf("acme-new") };
    const ramped = await change("/flags/acme-new/ramp", { sharePpm: 1_000_000 }, ifMatch);
    expect(ramped).toMatchObject({ status: 200, body: { after: { state: "ramping" } } });
    expect((await change("/flags/acme-new/kill", {})).status).toBe(200);
    const last = { "if-match": await revisionOf("acme-new") };
    expect((await as("/flags/acme-new", { method: "DELETE", headers: last })).status).toBe(200);
  });

  it.each([
    ["everybody", undefined],
    ["another account", of("rival")],
    ["this account or whoever has none", { "==": [{ var: ["account", "acme"] }, "acme"] }],
    ["this account or a country", { or: [of("acme"), { "==": [{ var: "country" }, "DE"] }] }],
    ["two accounts", { in: [{ var: "account" }, ["acme", "rival"]] }],
    ["accounts by a part of their name", { in: [{ var: "account" }, "acme"] }],
    ["all but this account", { "!": [of("acme")] }],
  ])("cannot be for %s", async (_whom, audience) => {
    const wanted = { patch: { delayMs: 1 }, ...(audience && { audience }) };
    const body = JSON.stringify(wanted);
    const refused = await as("/flags/acme-wide", { method: "PUT", body });
    expect(refused).toMatchObject({ status: 403, body: { errors: [{ field: "audience" }] } });
    expect((await call("/flags/acme-wide")).status).toBe(404);
  });

  it("cannot be widened by an amendment", async () => {
    const headers = { "if-match": await revisionOf("acme-slow") };
    const body = JSON.stringify({ patch: { delayMs: 1 } });
    const widened = await as("/flags/acme-slow", { method: "PUT", body, headers });
    expect(widened).toMatchObject({ status: 403, body: { errors: [{ field: "audience" }] } });
    expect((await call("/flags/acme-slow")).body["audience"]).toEqual(of("acme"));
  });

  it("are all that its red button reaches", async () => {
    for (const key of ["acme-slow", "rival-slow"]) {
      const headers = { "if-match": await revisionOf(key) };
      await call(`/flags/${key}/ramp`, {
        method: "POST",
        body: JSON.stringify({ sharePpm: 1 }),
        headers,
      });
      await call("/policy", { method: "PUT", body: JSON.stringify({ maxLive: 8 }) });
    }
    const { body } = await change("/kill", {});
    expect(body["flags"]).toEqual(["acme-slow"]);
  });

  it("do not tell the names of others' where they clash", async () => {
    const ramp = async (key: string) =>
      call(`/flags/${key}/ramp`, {
        method: "POST",
        body: '{"sharePpm":1}',
        headers: { "if-match": await revisionOf(key) },
      });
    await put("/flags/everybodys", { patch: { compressionLevel: 5 } });
    expect((await ramp("everybodys")).status).toBe(200);
    await put("/flags/acme-clash", plan("acme", { compressionLevel: 6 }));
    const ifMatch = { "if-match": await revisionOf("acme-clash") };
    const clash = await change("/flags/acme-clash/ramp", { sharePpm: 1 }, ifMatch);
    expect(clash).toMatchObject({ status: 409, body: { errors: [{ field: "patch" }] } });
    expect(JSON.stringify(clash.body)).not.toContain("everybodys");
    expect(JSON.stringify(clash.body)).toContain("another flag");
  });

  it("may change what a live flag of another account changes: they never meet", async () => {
    for (const account of ["rival", "acme"]) {
      const key = `${account}-stale`;
      await put(`/flags/${key}`, plan(account, { staleIfErrorS: 60 }));
      const headers = { "if-match": await revisionOf(key) };
      const ramped = await call(`/flags/${key}/ramp`, {
        method: "POST",
        body: '{"sharePpm":1}',
        headers,
      });
      expect(ramped.status).toBe(200);
    }
  });

  it("cannot take places in a layer, which accounts share", async () => {
    const layer = { name: "shared", ranges: [[0, 5]] };
    const body = JSON.stringify({ ...plan("acme"), layer });
    const refused = await as("/flags/acme-layered", { method: "PUT", body });
    expect(refused).toMatchObject({ status: 403, body: { errors: [{ field: "layer" }] } });
  });

  it("have keys that no other has, and are told no more of who has one", async () => {
    const body = JSON.stringify(plan("acme"));
    const taken = await as("/flags/rival-slow", { method: "PUT", body });
    expect(taken).toMatchObject({ status: 409, body: { type: "urn:aviary:problem:key-taken" } });
    const [entry] = (await call("/audit?flag=rival-slow")).body["entries"] as object[];
    expect(entry).toMatchObject({ outcome: "key_taken", before: null, after: null });
  });

  it("cannot wait for one of another account, known or not", async () => {
    const known = await waiting("rival-slow");
    const unknown = await waiting("rival-none");
    expect(known.status).toBe(409);
    expect(JSON.stringify(known.body).replaceAll("rival-slow", "rival-none")).toBe(
      JSON.stringify(unknown.body),
    );
  });

  it("are what its previews and plans are of", async () => {
    const preview = (flag: string) => change("/preview", { arms: { [flag]: "canary" } });
    expect((await preview("acme-slow")).status).toBe(200);
    const [known, unknown] = [await preview("rival-slow"), await preview("rival-none")];
    expect(known.status).toBe(400);
    expect(JSON.stringify(known.body).replaceAll("rival-slow", "rival-none")).toBe(
      JSON.stringify(unknown.body),
    );
    const asked = { address: "203.0.113.9", userAgent: "x" };
    const own = await change("/plan", { kind: "snippet", id: "acme-shop", ...asked });
    expect(own).toMatchObject({ status: 200, body: { account: "acme" } });
    expect(JSON.stringify(own.body)).not.toContain("rival");
    const foreign = await change("/plan", { kind: "snippet", id: "rival-shop", ...asked });
    const none = await change("/plan", { kind: "snippet", id: "rival-none", ...asked });
    expect(foreign).toEqual(none);
  });
});

describe("what is another account's answers a bound token as what is not there", () => {
  it.each([
    ["GET", "/snippets/$", "rival-shop"],
    ["GET", "/snippets/$/history", "rival-shop"],
    ["POST", "/snippets/$/rollback", "rival-shop"],
    ["POST", "/snippets/$/withdraw", "rival-shop"],
    ["DELETE", "/snippets/$", "rival-shop"],
    ["DELETE", "/snippets/$?free=true", "rival-shop"],
    ["GET", "/datafiles/$", "rival-sdk"],
    ["DELETE", "/datafiles/$", "rival-sdk"],
    ["GET", "/flags/$", "rival-slow"],
    ["GET", "/flags/$/verdict", "rival-slow"],
    ["GET", "/flags/$/verdicts", "rival-slow"],
    ["GET", "/flags/$/guardrails", "rival-slow"],
    ["POST", "/flags/$/ramp", "rival-slow"],
    ["POST", "/flags/$/advance", "rival-slow"],
    ["POST", "/flags/$/kill", "rival-slow"],
    ["POST", "/flags/$/kill?dryRun=true", "rival-slow"],
    ["POST", "/flags/$/ramp?dryRun=true", "rival-slow"],
    ["DELETE", "/flags/$", "rival-slow"],
    ["GET", "/accounts/$", "rival"],
  ])("%s %s", async (method, path, foreign) => {
    const ask = (id: string) =>
      as(path.replace("$", id), {
        method,
        ...(method === "POST" && {
          body: JSON.stringify(path.includes("ramp") ? { sharePpm: 5 } : { revision: 1 }),
        }),
      });
    const there = await ask(foreign);
    const audit = await auditOf(foreign);
    const none = await ask("nobodys");
    expect([403, 404]).toContain(there.status);
    expect(JSON.stringify(there).replaceAll(foreign, "nobodys")).toBe(JSON.stringify(none));
    // A dry run that is not forbidden leaves no line.
    const isNoted = method !== "GET" && !path.includes("dryRun");
    expect(isNoted ? audit : "").toBe(isNoted ? await auditOf("nobodys") : "");
  });

  it("also without the scope", async () => {
    bound = await token(["read"], "acme");
    const [there, none] = await Promise.all([
      as("/snippets/rival-shop", { method: "DELETE" }),
      as("/snippets/nobodys", { method: "DELETE" }),
    ]);
    expect(there.status).toBe(403);
    expect(there).toEqual(none);
  });
});

describe("a bound token", () => {
  it("cannot look at what is everybody's", async () => {
    bound = await token(["read", "operate"], "acme");
    for (const path of ["/sinks", "/policy", "/audit", "/pipeline", "/accounts", "/tokens"]) {
      expect([path, (await as(path)).status]).toEqual([path, 403]);
    }
    expect((await as("/flags.flagd.json")).status).toBe(403);
    expect((await post("/tokens", { name: "x", scopes: ["admin"], account: "acme" })).status).toBe(
      400,
    );
    expect((await remove("/tokens/000000000000")).status).toBe(404);
  });
});
