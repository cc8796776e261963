// The scope `evaluate`: a token that a page may carry. It opens OFREP alone, for the pages and
// the account that it names.
import { beforeAll, describe, expect, it } from "vitest";
import { adminToken, newIsolate } from "../isolate.ts";
import { call, post, put, token } from "./calls.ts";

const flags = "/ofrep/v1/evaluate/flags";
const shop = "https://shop.example";

type Wanted = { readonly account?: string; readonly origins?: readonly string[] };

async function pageToken(wanted: Wanted): Promise<string> {
  const { body } = await post("/tokens", { name: "page", scopes: ["evaluate"], ...wanted });
  return String(body["token"]);
}

type Asked = {
  readonly secret: string;
  readonly origin?: string;
  readonly context?: object;
};

async function ask(path: string, { secret, origin, context = {} }: Asked) {
  const response = await newIsolate().fetch(path, {
    method: "POST",
    body: JSON.stringify({ context }),
    headers: { authorization: `Bearer ${secret}`, ...(origin !== undefined && { origin }) },
  });
  const text = await response.text();
  return {
    status: response.status,
    allowed: response.headers.get("access-control-allow-origin"),
    body: (text === "" ? {} : JSON.parse(text)) as Record<string, unknown>,
  };
}

const preflight = async (origin: string): Promise<Response> =>
  newIsolate().fetch(flags, { method: "OPTIONS", headers: { origin } });

beforeAll(async () => {
  const colour = {
    state: "ENABLED",
    variants: { red: "#f00", blue: "#00f" },
    defaultVariant: "red",
    targeting: { if: [{ "==": [{ var: "account" }, "acme"] }, "blue"] },
  };
  await put("/flags.flagd.json", { flags: { colour } });
  for (const account of ["acme", "rival"]) {
    const audience = { "==": [{ var: "account" }, account] };
    const key = `${account}-slow`;
    await put(`/flags/${key}`, { audience, unit: "account", patch: { delayMs: 1 } });
    const headers = { authorization: `Bearer ${adminToken}`, "if-match": '"1"' };
    await call(`/flags/${key}/ramp`, { method: "POST", body: '{"sharePpm":990000}', headers });
  }
});

describe("a page's token", () => {
  it("opens OFREP from the origins that it names, and from no other", async () => {
    const secret = await pageToken({ origins: [shop] });
    const own = await ask(`${flags}/colour`, { secret, origin: shop });
    expect(own).toMatchObject({ status: 200, allowed: shop });
    for (const origin of ["https://evil.example", "http://shop.example", "null", `${shop}.evil`]) {
      const other = await ask(`${flags}/colour`, { secret, origin });
      expect(other).toMatchObject({
        status: 403,
        allowed: null,
        body: { type: "urn:aviary:problem:origin-refused" },
      });
      expect(JSON.stringify(other.body)).not.toContain("#");
    }
  });

  it("is preflighted for origins that some token names, and for no other", async () => {
    await pageToken({ origins: ["https://other.example"] });
    const known = await preflight("https://other.example");
    expect(known.headers.get("access-control-allow-origin")).toBe("https://other.example");
    expect(known.headers.get("access-control-allow-headers")).toContain("If-None-Match");
    const unknown = await preflight("https://evil.example");
    expect(unknown.headers.get("access-control-allow-origin")).toBeNull();
    for (const each of [known, unknown]) expect(each.headers.get("vary")).toContain("Origin");
  });

  it("no longer preflights the origins of a token that was revoked", async () => {
    const { body } = await post("/tokens", {
      name: "gone",
      scopes: ["evaluate"],
      origins: ["https://gone.example"],
    });
    await call(`/tokens/${String(body["id"])}`, { method: "DELETE" });
    const response = await preflight("https://gone.example");
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
  });

  it("opens nothing of the control API, and leaves no line there", async () => {
    const secret = await pageToken({ origins: [shop] });
    const headers = { authorization: `Bearer ${secret}` };
    for (const path of ["/status", "/engines", "/beacons", "/flags", "/snippets?account=acme"]) {
      expect([path, (await call(path, { headers })).status]).toEqual([path, 403]);
    }
    expect((await call("/kill", { method: "POST", headers })).status).toBe(403);
    const { body } = await call("/audit");
    expect(JSON.stringify(body)).not.toContain('"who":"page"');
  });

  it("that is bound asks as its account, and of what is another's alone hears that it is not there", async () => {
    const secret = await pageToken({ account: "acme", origins: [shop] });
    const asRival = { account: "rival" };
    const colour = await ask(`${flags}/colour`, { secret, origin: shop, context: asRival });
    expect(colour.body).toMatchObject({ variant: "blue" });
    const own = await ask(`${flags}/acme-slow`, { secret, origin: shop, context: asRival });
    expect(own).toMatchObject({ status: 200, body: { variant: "canary" } });
    const foreign = await ask(`${flags}/rival-slow`, { secret, origin: shop, context: asRival });
    const none = await ask(`${flags}/nobodys`, { secret, origin: shop, context: asRival });
    expect(foreign.status).toBe(404);
    expect(JSON.stringify(foreign).replaceAll("rival-slow", "nobodys")).toBe(JSON.stringify(none));
    const all = await ask(flags, { secret, origin: shop, context: asRival });
    const keys = (all.body["flags"] as { key: string }[]).map(({ key }) => key);
    expect(keys).toEqual(expect.arrayContaining(["colour", "acme-slow"]));
    expect(keys).not.toContain("rival-slow");
  });
});

describe("other tokens", () => {
  it("of scope read ask from servers, never from a page", async () => {
    const { authorization = "" } = await token(["read"]);
    const secret = authorization.slice("Bearer ".length);
    expect(await ask(`${flags}/colour`, { secret })).toMatchObject({ status: 200, allowed: null });
    for (const any of [secret, adminToken]) {
      const fromPage = await ask(`${flags}/colour`, { secret: any, origin: shop });
      expect(fromPage).toMatchObject({ status: 403 });
      expect(JSON.stringify(fromPage.body)).not.toContain("#");
    }
  });

  it.each([
    [{ scopes: ["read"], origins: [shop] }, "origins"],
    [{ scopes: ["evaluate", "publish"], origins: [shop] }, "origins"],
    [{ scopes: ["evaluate"], origins: ["*"] }, "origins"],
    [{ scopes: ["evaluate"], origins: ["null"] }, "origins"],
    [{ scopes: ["evaluate"], origins: ["https://shop.example/path"] }, "origins"],
    [{ scopes: ["evaluate"], origins: ["ftp://shop.example"] }, "origins"],
    [{ scopes: ["evaluate"], origins: ["http://shop.example"] }, "origins"],
    [{ scopes: ["evaluate"], origins: [] }, "origins"],
  ])("%j is refused", async (wanted, field) => {
    const refused = await post("/tokens", { name: "odd", ...wanted });
    expect(refused.status).toBe(400);
    const [error] = refused.body["errors"] as { field: string }[];
    expect(error?.field).toMatch(new RegExp(`^${field}`));
  });
});
