import { beforeAll, describe, expect, it } from "vitest";
import { limits } from "#src/admin/contract.ts";
import { sha256 } from "#src/adapters/digest.ts";
import { control, env, newIsolate, publish } from "../isolate.ts";

type Answer = { readonly status: number; readonly body: Record<string, unknown> };

async function call(path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await control(path, init);
  const text = await response.text();
  return { status: response.status, body: text === "" ? {} : JSON.parse(text) };
}

const put = (path: string, body: BodyInit, headers: HeadersInit = {}): Promise<Answer> =>
  call(path, { method: "PUT", body, headers });
const post = (path: string, body: unknown, headers: HeadersInit = {}): Promise<Answer> =>
  call(path, { method: "POST", body: JSON.stringify(body), headers });

async function statusOf(work: Promise<Answer>): Promise<number> {
  return (await work).status;
}

async function token(scopes: readonly string[], account?: string): Promise<Record<string, string>> {
  const wanted = { name: scopes.join(), scopes, ...(account === undefined ? {} : { account }) };
  const { body } = await post("/tokens", wanted);
  return { authorization: `Bearer ${String(body["token"])}` };
}

beforeAll(async () => {
  await publish("/engines/1.0.0", "self.engineRan = 1;");
});

describe("publishing", () => {
  it("makes a revision, tells its paths and sizes, and a retry of it changes nothing", async () => {
    const first = await put("/snippets/shop?account=acme", '{"n":1}');
    expect(first).toMatchObject({
      status: 201,
      body: {
        id: "shop",
        account: "acme",
        revision: 1,
        engine: "1.0.0",
        path: "/js/shop.js",
        changed: true,
      },
    });
    const retry = await put("/snippets/shop?account=acme", '{"n":1}');
    expect(retry).toEqual({ status: 200, body: { ...first.body, changed: false } });
  });

  it("lets one of two at once win, and tells the other the current revision", async () => {
    await put("/snippets/race?account=acme", '{"n":0}');
    const both = await Promise.all([
      put("/snippets/race?account=acme", '{"n":1}'),
      put("/snippets/race?account=acme", '{"n":2}'),
    ]);
    expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 412]);
    expect(both.find(({ status }) => status === 412)?.body).toMatchObject({
      type: "urn:aviary:problem:stale-revision",
      current: 2,
    });
  });

  it("honours If-Match and If-None-Match: *", async () => {
    await put("/snippets/matched?account=acme", '{"n":1}', { "if-none-match": "*" });
    const path = "/snippets/matched?account=acme";
    expect((await put(path, '{"n":2}', { "if-none-match": "*" })).status).toBe(412);
    expect((await put(path, '{"n":2}', { "if-match": '"7"' })).status).toBe(412);
    expect((await put(path, '{"n":2}', { "if-match": '"1"' })).status).toBe(200);
    expect(await put(path, '{"n":3}', { "if-match": "2" })).toMatchObject({
      status: 400,
      body: { errors: [{ field: "If-Match" }] },
    });
  });

  it("keeps a snippet on its engine until another is named", async () => {
    await put("/snippets/loyal?account=acme", '{"n":1}');
    await publish("/engines/1.1.0", "self.engineRan = 2;");
    const path = "/snippets/loyal?account=acme";
    expect((await put(path, '{"n":2}')).body).toMatchObject({ engine: "1.0.0" });
    const moved = await put(`${path}&engine=1.1.0`, '{"n":2}');
    expect(moved.body).toMatchObject({ engine: "1.1.0", revision: 3 });
  });

  it("keeps a datafile's tokens until they are replaced, and opens it on request", async () => {
    const path = "/datafiles/guarded?account=acme";
    const first = await put(path, "{}", {
      "Aviary-Access-Tokens": "first-token-of-acme, second-token-of-acme",
    });
    expect(first.body).toMatchObject({ private: true, path: "/datafiles/auth/guarded.json" });
    expect((await put(path, '{"a":1}')).body).toMatchObject({ private: true, revision: 2 });
    expect((await put(path, '{"a":1}', { "Aviary-Access-Tokens": "none" })).body).toMatchObject({
      private: false,
    });
    const stored = (await env.STORE.get("pointer:datafile:guarded")) ?? "";
    expect(stored).not.toContain("token-of-acme");
  });

  it("keeps an id for its first account", async () => {
    await put("/snippets/mine?account=acme", "{}");
    expect(await put("/snippets/mine?account=rival", "{}")).toMatchObject({
      status: 409,
      body: { type: "urn:aviary:problem:id-taken" },
    });
  });

  it("leaves an id to whoever comes next where the first publish is refused", async () => {
    const path = "/snippets/unclaimed?account=";
    expect((await put(`${path}acme`, "{}", { "if-match": '"5"' })).status).toBe(412);
    expect((await put(`${path}acme`, "{}", { "if-match": "*" })).status).toBe(412);
    expect((await put(`${path}rival`, "{}")).status).toBe(201);
  });

  it("never lets two bodies share an engine version", async () => {
    await publish("/engines/2.0.0", "self.a = 1");
    const again = await put("/engines/2.0.0", "self.a = 1");
    expect(again).toMatchObject({ status: 200, body: { changed: false } });
    expect((await put("/engines/2.0.0", "self.a = 2")).status).toBe(409);
  });
});

describe("history", () => {
  it("goes back to any earlier revision as a new one, with the old bytes", async () => {
    const path = "/snippets/past";
    const first = await put(`${path}?account=acme`, '{"n":1}');
    await put(`${path}?account=acme`, '{"n":2}');
    await put(`${path}?account=acme`, '{"n":3}');
    const back = await post(`${path}/rollback`, { revision: 1 });
    expect(back).toMatchObject({
      status: 200,
      body: { revision: 4, sha256: first.body["sha256"], changed: true },
    });
    const { body } = await call(`${path}/history`);
    const revisions = (body["snippets"] as { revision: number }[]).map(({ revision }) => revision);
    expect(revisions).toEqual([4, 3, 2, 1]);
    expect(await (await newIsolate().fetch("/js/past.js")).text()).toContain('{"n":1}');
  });

  it("does not let a withdrawn access token in again", async () => {
    const isolate = newIsolate();
    const target = "/datafiles/withdrawn?account=acme";
    await put(target, "{}", { "Aviary-Access-Tokens": "withdrawn-token-of-acme" });
    await put(target, '{"n":2}', { "Aviary-Access-Tokens": "current-token-of-acme" });
    await post("/datafiles/withdrawn/rollback", { revision: 1 });
    const path = "/datafiles/auth/withdrawn.json";
    const read = (bearer: string): Promise<Response> =>
      isolate.fetch(path, { headers: { authorization: `Bearer ${bearer}` } });
    expect((await read("withdrawn-token-of-acme")).status).toBe(403);
    expect((await read("current-token-of-acme")).status).toBe(200);
  });

  it("refuses a revision that never was, and one that has moved since", async () => {
    await put("/datafiles/past?account=acme", "{}");
    const path = "/datafiles/past/rollback";
    expect((await post(path, { revision: 9 })).body).toMatchObject({
      status: 422,
      errors: [{ field: "revision" }],
    });
    expect((await post(path, { revision: 1 }, { "if-match": '"5"' })).status).toBe(200);
    await put("/datafiles/past?account=acme", '{"n":2}');
    expect((await post(path, { revision: 1 }, { "if-match": '"5"' })).status).toBe(412);
  });
});

type Upload = { readonly path: string; readonly body: BodyInit; readonly headers?: HeadersInit };
type Refused = { readonly status: number; readonly field: string };

describe("bad input is refused by the name of its field and changes nothing", () => {
  it.each<[string, Upload, Refused]>([
    [
      "JavaScript that does not parse",
      { path: "/engines/9.0.0", body: "let let = (" },
      { status: 422, field: "body" },
    ],
    [
      "a module",
      { path: "/engines/9.0.0", body: "export const a = 1" },
      { status: 422, field: "body" },
    ],
    [
      "text that is not UTF-8",
      { path: "/engines/9.0.0", body: new Uint8Array([0x2f, 0x2f, 0xff]) },
      { status: 400, field: "body" },
    ],
    [
      "an engine over the limit",
      { path: "/engines/9.0.0", body: "a".repeat(limits.engine + 1) },
      { status: 413, field: "body" },
    ],
    ["a bad version", { path: "/engines/-9", body: "1" }, { status: 400, field: "version" }],
    [
      "a payload that is not JSON",
      { path: "/snippets/bad?account=acme", body: "{a:1}" },
      { status: 422, field: "body" },
    ],
    [
      "an empty payload",
      { path: "/snippets/bad?account=acme", body: "" },
      { status: 400, field: "body" },
    ],
    [
      "a payload over the limit",
      { path: "/snippets/bad?account=acme", body: `"${"a".repeat(limits.payload)}"` },
      { status: 413, field: "body" },
    ],
    [
      "a bad snippet id",
      { path: "/snippets/no%20spaces?account=acme", body: "{}" },
      { status: 400, field: "id" },
    ],
    [
      "an id that is too long",
      { path: `/snippets/${"a".repeat(65)}?account=acme`, body: "{}" },
      { status: 400, field: "id" },
    ],
    ["no account", { path: "/snippets/bad", body: "{}" }, { status: 400, field: "account" }],
    [
      "a bad account",
      { path: "/snippets/bad?account=a/b", body: "{}" },
      { status: 400, field: "account" },
    ],
    [
      "an unknown engine",
      { path: "/snippets/bad?account=acme&engine=0.0.0", body: "{}" },
      { status: 422, field: "engine" },
    ],
    [
      "a datafile that is not JSON",
      { path: "/datafiles/bad?account=acme", body: "<xml>" },
      { status: 422, field: "body" },
    ],
    [
      "a datafile over the limit",
      { path: "/datafiles/bad?account=acme", body: `"${"a".repeat(limits.datafile)}"` },
      { status: 413, field: "body" },
    ],
    [
      "a short access token",
      { path: "/datafiles/bad?account=acme", body: "{}", headers: { "Aviary-Access-Tokens": "x" } },
      { status: 400, field: "Aviary-Access-Tokens" },
    ],
    [
      "a wrong digest",
      {
        path: "/datafiles/bad?account=acme",
        body: "{}",
        headers: { "content-digest": "sha-256=:AAAA:" },
      },
      { status: 400, field: "Content-Digest" },
    ],
  ])("%s", async (_, { path, body, headers }, { status, field }) => {
    expect(await put(path, body, headers)).toMatchObject({
      status,
      body: { status, errors: [{ field }] },
    });
    for (const kind of ["snippet", "datafile"]) {
      expect(await env.STORE.get(`pointer:${kind}:bad`)).toBeNull();
    }
    expect((await call("/engines/9.0.0")).status).toBe(404);
    expect((await call("/snippets/bad")).status).toBe(404);
  });

  it("takes a body whose digest is right", async () => {
    const digest = await sha256('{"d":1}');
    const raw = digest.match(/../g)?.map((pair) => String.fromCharCode(Number.parseInt(pair, 16)));
    const field = `sha-256=:${btoa(raw?.join("") ?? "")}:`;
    const taken = await put("/datafiles/digest?account=acme", '{"d":1}', {
      "content-digest": field,
    });
    expect(taken).toMatchObject({ status: 201, body: { sha256: digest } });
  });

  it.each([
    [{ name: "", scopes: ["read"] }, "name"],
    [{ name: "x", scopes: [] }, "scopes"],
    [{ name: "x", scopes: ["root"] }, "scopes.0"],
    [{ scopes: ["read"] }, "name"],
    [{ name: "x", scopes: ["admin"], account: "acme" }, "scopes"],
    [{ name: "x", scopes: ["read"], account: "a b" }, "account"],
  ])("a token %j", async (wanted, field) => {
    expect(await post("/tokens", wanted)).toMatchObject({
      status: 400,
      body: { errors: [expect.objectContaining({ field })] },
    });
  });
});

describe("a token", () => {
  it("is shown once, and kept as a digest", async () => {
    const { body } = await post("/tokens", { name: "ci", scopes: ["publish"] });
    expect(body["token"]).toMatch(/^avy_[0-9a-f]{12}_[A-Za-z0-9_-]{43}$/);
    const listed = JSON.stringify((await call("/tokens")).body);
    expect(listed).toContain('"ci"');
    expect(listed).not.toContain(String(body["token"]).slice(17));
  });

  it("opens nothing when it is missing, unknown, mangled or revoked", async () => {
    const { body } = await post("/tokens", { name: "gone", scopes: ["read"] });
    const bearer = `Bearer ${String(body["token"])}`;
    const status = async (authorization: string): Promise<number> =>
      (await call("/status", { headers: { authorization } })).status;
    expect(await status(bearer)).toBe(200);
    expect(await status("")).toBe(401);
    expect(await status("Bearer avy_000000000000_x")).toBe(401);
    expect(await status(`${bearer.slice(0, -1)}!`)).toBe(401);
    const revoked = await call(`/tokens/${String(body["id"])}`, { method: "DELETE" });
    expect(revoked.status).toBe(204);
    expect(await status(bearer)).toBe(401);
    expect((await call("/tokens/nobody", { method: "DELETE" })).status).toBe(404);
  });

  it("does what its scopes say and no more", async () => {
    const read = await token(["read"]);
    const publisher = await token(["publish"]);
    expect(await statusOf(call("/engines", { headers: read }))).toBe(200);
    expect(await statusOf(put("/snippets/s?account=acme", "{}", read))).toBe(403);
    expect(await statusOf(put("/snippets/s?account=acme", "{}", publisher))).toBe(201);
    expect(await statusOf(call("/snippets/s", { headers: publisher }))).toBe(200);
    expect(await statusOf(call("/tokens", { headers: publisher }))).toBe(403);
    expect(await statusOf(post("/snippets/s/rollback", { revision: 1 }, read))).toBe(403);
  });

  it("that is bound to an account touches nothing else", async () => {
    await publish("/snippets/foreign?account=rival", "{}");
    const bound = await token(["publish"], "acme");
    expect(await statusOf(put("/snippets/own?account=acme", "{}", bound))).toBe(201);
    expect(await statusOf(put("/snippets/other?account=rival", "{}", bound))).toBe(403);
    expect(await statusOf(call("/snippets/foreign", { headers: bound }))).toBe(404);
    expect(await statusOf(call("/snippets?account=rival", { headers: bound }))).toBe(403);
    expect(await statusOf(put("/engines/3.0.0", "1", bound))).toBe(403);
  });
});

describe("the control API", () => {
  it("describes itself without a token", async () => {
    const { status, body } = await call("/openapi.json", { headers: { authorization: "" } });
    expect(status).toBe(200);
    expect(body).toMatchObject({ openapi: "3.1.0" });
  });

  it("refuses unknown paths and methods as problems", async () => {
    expect(await call("/nothing")).toMatchObject({ status: 404, body: { status: 404 } });
    const response = await control("/status", { method: "DELETE" });
    expect([response.status, response.headers.get("allow")]).toEqual([405, "GET"]);
  });
});
