// Cloudflare Access before the control API: assertions signed by real keys, whose public halves a
// real server on loopback tells the Worker, as the team's own would.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { adminToken, startAviary, type Started } from "../harness.ts";

const audience = "ab".repeat(32);
const issuer = "https://acme.cloudflareaccess.com";
const scopes = {
  everyone: [],
  "email:ana@example.com": ["admin"],
  "group:readers": ["read"],
  "service:ci.access": ["publish"],
};

const { privateKey, publicKey } = await generateKeyPair("RS256");
const other = await generateKeyPair("RS256");
const elliptic = await generateKeyPair("ES256");
const keySet = {
  keys: [
    { ...(await exportJWK(publicKey)), kid: "now", alg: "RS256", use: "sig" },
    { ...(await exportJWK(elliptic.publicKey)), kid: "elliptic" },
  ],
};

type Mood = "well" | "failing" | "hanging" | "endless" | "odd" | "moved";
let mood: Mood = "well";
let asked: string[] = [];
let keys: Server;
let worker: Started;

beforeAll(() => {
  keys = createServer((request, response) => {
    asked.push(request.url ?? "");
    if (mood === "hanging") return;
    if (mood === "failing") response.writeHead(500).end("no");
    else if (mood === "moved") response.writeHead(302, { location: "/elsewhere" }).end();
    else if (mood === "odd") response.end("<html>");
    else if (mood === "endless") response.end(`{"keys":[${'"x",'.repeat(100_000)}"x"]}`);
    else response.setHeader("content-type", "application/json").end(JSON.stringify(keySet));
  });
  return new Promise<void>((resolve) => {
    keys.listen(0, "127.0.0.1", resolve);
  });
});

afterAll(() => {
  keys.closeAllConnections();
  keys.close();
});

beforeEach(async () => {
  [mood, asked] = ["well", []];
  const { port } = keys.address() as AddressInfo;
  worker = await startAviary({
    bindings: {
      ACCESS_TEAM_DOMAIN: "acme.cloudflareaccess.com",
      ACCESS_AUD: audience,
      ACCESS_SCOPES: JSON.stringify(scopes),
    },
    outbound: (request) => {
      const { origin, pathname } = new URL(request.url);
      if (origin !== issuer) throw new Error(`nobody is to ask ${origin}`);
      return fetch(`http://127.0.0.1:${port}${pathname}`, { redirect: "manual" });
    },
  });
});

afterEach(() => worker.stop());

type Claims = { readonly [name: string]: unknown };
type Wanted = { readonly claims?: Claims; readonly header?: object; readonly key?: CryptoKey };

/** An assertion as Access writes one, with what is wanted otherwise. */
function assertion({ claims = {}, header = {}, key = privateKey }: Wanted = {}): Promise<string> {
  const nowS = Math.floor(Date.now() / 1_000);
  const usual = {
    aud: [audience],
    iss: issuer,
    iat: nowS,
    nbf: nowS,
    exp: nowS + 600,
    type: "app",
  };
  return new SignJWT({ ...usual, email: "ana@example.com", sub: "one", ...claims })
    .setProtectedHeader({ alg: "RS256", kid: "now", typ: "JWT", ...header })
    .sign(key);
}

async function ask(token: string, init: RequestInit = {}, path = "/status") {
  const headers = { "cf-access-jwt-assertion": token, ...(init.headers as object) };
  const answer = await fetch(`${worker.url}/api/v1${path}`, { ...init, headers });
  const body: unknown = await answer.json();
  return { status: answer.status, body };
}

describe("an assertion", () => {
  it("of a person opens what its address or its group may, and names it in the audit log", async () => {
    const ana = await assertion({ claims: { email: "Ana@example.com" } });
    expect(await ask(ana)).toMatchObject({
      status: 200,
      body: { token: { name: "Ana@example.com", scopes: ["admin"] } },
    });
    const made = { method: "PUT", body: JSON.stringify({ patch: { delayMs: 1 } }) };
    expect((await ask(ana, made, "/flags/hers?why=drill")).status).toBe(201);
    const { body } = await ask(ana, {}, "/audit");
    expect(body).toMatchObject({
      entries: [{ who: "Ana@example.com", actor: "access:Ana@example.com", why: "drill" }],
    });
    for (const claims of [
      { groups: ["readers"] },
      { custom: { groups: ["x", "readers"] } },
      { groups: [{ id: "7", name: "readers", email: "" }] },
    ]) {
      const bob = await assertion({ claims: { email: "bob@example.com", ...claims } });
      expect(await ask(bob)).toMatchObject({ status: 200, body: { token: { scopes: ["read"] } } });
      expect(await ask(bob, { method: "POST" }, "/kill")).toMatchObject({ status: 403 });
    }
    expect(asked).toEqual(["/cdn-cgi/access/certs"]);
  });

  it("of a service token opens what its client id may, and no group's", async () => {
    const service = { email: undefined, common_name: "ci.access", sub: "", groups: ["readers"] };
    expect(await ask(await assertion({ claims: service }))).toMatchObject({
      status: 200,
      body: { token: { name: "ci.access", scopes: ["publish"] } },
    });
    const unknown = { ...service, common_name: "ana@example.com" };
    expect((await ask(await assertion({ claims: unknown }))).status).toBe(403);
  });

  it("without a scope opens nothing", async () => {
    const claims = { email: "eve@example.com", groups: ["__proto__", "toString"] };
    const refused = await ask(await assertion({ claims }));
    expect(refused).toMatchObject({
      status: 403,
      body: { detail: "ACCESS_SCOPES gives eve@example.com no scope." },
    });
  });

  const nowS = Math.floor(Date.now() / 1_000);
  it.each<[string, Wanted]>([
    ["of another application", { claims: { aud: ["cd".repeat(32)] } }],
    ["of another team", { claims: { iss: "https://evil.cloudflareaccess.com" } }],
    ["that is over", { claims: { exp: nowS - 60 } }],
    ["that never ends", { claims: { exp: undefined } }],
    ["that is not yet", { claims: { nbf: nowS + 3_600 } }],
    ["that nobody's key signed", { key: other.privateKey }],
    ["of an unknown key", { header: { kid: "unheard" } }],
    [
      "of another algorithm",
      { header: { alg: "ES256", kid: "elliptic" }, key: elliptic.privateKey },
    ],
    ["of nobody", { claims: { email: undefined } }],
    ["with a claim that is none", { claims: { email: { toString: 1 } } }],
  ])("%s is refused with 401", async (_, wanted) => {
    expect(await ask(await assertion(wanted))).toMatchObject({ status: 401 });
  });

  it("that is none is refused with 401: unsigned, signed with a public key, cut, long", async () => {
    const good = await assertion();
    const [, payload = ""] = good.split(".");
    const unsigned = `${btoa('{"alg":"none"}').replaceAll("=", "")}.${payload}.`;
    const secret = new TextEncoder().encode(JSON.stringify(keySet.keys[0]));
    const symmetric = await new SignJWT({ aud: audience, iss: issuer, email: "ana@example.com" })
      .setProtectedHeader({ alg: "HS256", kid: "now" })
      .setIssuedAt()
      .setExpirationTime("1h")
      .sign(secret);
    for (const odd of [
      unsigned,
      symmetric,
      good.slice(0, -2),
      "x",
      "a.b.c",
      `${good}${"A".repeat(17_000)}`,
    ]) {
      expect((await ask(odd)).status).toBeGreaterThanOrEqual(400);
    }
    expect((await ask(good)).status).toBe(200);
  });

  it("clocks may differ by half a minute", async () => {
    expect((await ask(await assertion({ claims: { exp: nowS - 5 } }))).status).toBeLessThan(402);
  });

  it("is believed of no other site's page", async () => {
    const ana = await assertion();
    for (const headers of [
      { origin: "https://evil.example" },
      { origin: "null" },
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
    ]) {
      const refused = await ask(ana, { method: "POST", headers: headers as HeadersInit }, "/kill");
      expect(refused).toMatchObject({
        status: 403,
        body: { detail: "Pages of other sites may not ask." },
      });
    }
  });

  it("counts for nothing beside a token that opens nothing", async () => {
    const headers = { authorization: "Bearer wrong" };
    expect((await ask(await assertion(), { headers })).status).toBe(401);
  });
});

describe("keys that cannot be had", () => {
  it.each<Mood>(["failing", "odd", "moved", "endless", "hanging"])(
    "because their server is %s refuse assertions, not tokens, and are asked for again",
    async (now) => {
      mood = now;
      const ana = await assertion();
      expect(await ask(ana)).toMatchObject({ status: 503 });
      const headers = { authorization: `Bearer ${adminToken}` };
      expect((await ask(ana, { headers })).status).toBe(200);
      mood = "well";
      expect((await ask(ana)).status).toBe(200);
      expect(asked.every((path) => path === "/cdn-cgi/access/certs")).toBe(true);
    },
  );
});

it("without its variables no assertion counts", async () => {
  const plain = await startAviary();
  const answer = await fetch(`${plain.url}/api/v1/status`, {
    headers: { "cf-access-jwt-assertion": await assertion() },
  });
  expect(answer.status).toBe(401);
  await plain.stop();
});
