// The audit log: who asked, in every way that cannot be chosen, and never a secret.
import { describe, expect, it } from "vitest";
import { fc } from "../property.ts";
import { redacted } from "#base/redacted.ts";
import { control, env } from "../isolate.ts";
import { registryFrom } from "#src/adapters/registry.ts";
import { call, post, put } from "./calls.ts";

type Entry = {
  readonly seq: number;
  readonly who: string;
  readonly actor: string;
  readonly action: string;
  readonly target: string;
  readonly after: unknown;
  readonly hidden: number;
};

async function entries(query = ""): Promise<readonly Entry[]> {
  return (await call(`/audit${query}`)).body["entries"] as readonly Entry[];
}

async function newToken(wanted: object): Promise<{ id: string; token: string }> {
  const { body } = await post("/tokens", { name: "ci", scopes: ["operate"], ...wanted });
  return body as { id: string; token: string };
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

describe("a line of the audit log", () => {
  it("names the token by its id, whatever the token is called", async () => {
    const { id, token } = await newToken({ name: "judge" });
    await call("/kill", { method: "POST", headers: bearer(token) });
    await put("/flags/slow", { patch: { delayMs: 1 } });
    await call("/flags/slow/kill", { method: "POST", headers: bearer(token) });
    const [killed] = await entries("?flag=slow");
    expect(killed).toMatchObject({ who: "judge", actor: `token:${id}`, action: "kill" });
    const [, created] = await entries("?flag=slow");
    expect(created).toMatchObject({ actor: "secret:AVIARY_ADMIN_TOKEN" });
    expect((await entries(`?actor=token:${id}`)).map(({ target }) => target)).toContain("slow");
  });

  it("says of a token that is made its id, name, scopes and what binds it, and never the token", async () => {
    const { id, token } = await newToken({ account: "acme", expiresAfterS: 7_200 });
    const [entry] = await entries();
    expect(entry).toMatchObject({
      action: "create token",
      target: `token:${id}`,
      after: { id, name: "ci", scopes: ["operate"], account: "acme" },
    });
    expect(JSON.stringify(entry)).not.toContain(token.slice(17));
    await call(`/tokens/${id}`, { method: "DELETE" });
    const [revoked] = await entries();
    expect(revoked).toMatchObject({ action: "revoke token", target: `token:${id}` });
  });

  it("is written of a preview, for each flag", async () => {
    await put("/flags/previewed", { patch: { delayMs: 1 } });
    await post("/preview", { arms: { previewed: "canary" }, minutes: 5 });
    const [entry] = await entries("?flag=previewed");
    expect(entry).toMatchObject({ action: "preview", after: { arm: "canary" } });
    expect(JSON.stringify(entry)).not.toContain("value");
  });
});

describe("a token that is typed in the wrong place", () => {
  it("is in no line of the log, in no answer and in no list, however it is written", async () => {
    const { id, token } = await newToken({ scopes: ["admin"] });
    const secret = token.slice(17);
    const encoded = token.replace("avy_", "%61v%79_");
    const texts: string[] = [];
    const ask = async (path: string, init: RequestInit) => {
      texts.push(await (await control(path, init)).text());
    };
    await ask(`/tokens/${token}`, { method: "DELETE" });
    await ask(`/tokens/${encoded}`, { method: "DELETE" });
    await ask(`/flags/${token}/kill`, { method: "POST" });
    await ask(`/kill?why=${token}`, { method: "POST" });
    await ask(`/snippets/${token}?account=acme&why=${token}`, { method: "DELETE" });
    await ask(`/nowhere/${token}`, { method: "GET" });
    await ask(`/tokens`, {
      method: "POST",
      body: JSON.stringify({ name: token.slice(0, 64), scopes: ["read"] }),
    });
    await ask(`/tokens`, { method: "POST", body: JSON.stringify({ name: "x", scopes: [token] }) });
    await ask(`/flags/noted?why=${token}`, {
      method: "PUT",
      body: JSON.stringify({ patch: { headers: { "x-odd": token } } }),
    });
    texts.push(JSON.stringify(await entries("?limit=500")));
    texts.push(JSON.stringify((await call("/tokens")).body));
    for (const text of texts) expect(text).not.toContain(secret.slice(0, 20));
    expect(texts.join()).toContain(`avy_${id}_…`);
  });

  it("is cut down to its id in any text", () => {
    const part = fc.stringMatching(/^[A-Za-z0-9_-]{43}$/);
    const id = fc.stringMatching(/^[a-z0-9]{12}$/);
    fc.assert(
      fc.property(id, part, fc.tuple(fc.string(), fc.string()), (name, secret, [before, after]) => {
        const text = redacted(`${before} avy_${name}_${secret} ${after}`);
        expect(text).not.toContain(secret);
        expect(text).toContain(`avy_${name}_…`);
        expect(redacted(text)).toBe(text);
      }),
    );
  });
});

describe("paths that there are not", () => {
  it("are counted by actor and day, and leave no line", async () => {
    const { id, token } = await newToken({ scopes: ["read"] });
    const before = (await entries("?limit=1"))[0]?.seq;
    for (const path of ["/nowhere", "/flags/a/b/c/d", "/status"]) {
      await call(path, { method: "POST", headers: bearer(token) });
    }
    expect((await entries("?limit=1"))[0]?.seq).toBe(before);
    const { body } = await call("/audit");
    expect(body["unknownPaths"]).toContainEqual(
      expect.objectContaining({ actor: `token:${id}`, requests: 3 }),
    );
  });
});

describe("a page of the log", () => {
  const registry = registryFrom(env.REGISTRY);
  const note = (actor: string, target: string) =>
    registry().note({
      who: actor,
      actor,
      why: "",
      from: "",
      action: "PUT",
      target,
      outcome: "refused with 403",
      after: null,
    });

  it("is not filled by one actor while there are others, and says what it leaves out", async () => {
    for (let at = 0; at < 12; at += 1) await note(`token:other${at % 3}`, `quiet-${at}`);
    for (let at = 0; at < 90; at += 1) await note("token:loud", `loud-${at}`);
    const page = await entries("?limit=20");
    expect(page.filter(({ actor }) => actor === "token:loud")).toHaveLength(10);
    expect(page.filter(({ target }) => target.startsWith("quiet"))).toHaveLength(10);
    expect(page.map(({ hidden }) => hidden).filter((n) => n > 0)).toEqual([80]);
    expect(page.map(({ seq }) => seq)).toEqual(
      page.map(({ seq }) => seq).toSorted((left, right) => right - left),
    );
  });

  it("and the pages of one actor lead to every line that is there", async () => {
    const seen = new Set<number>();
    let before = "";
    for (;;) {
      const page = await entries(`?limit=40&actor=token:loud${before}`);
      if (page.length === 0) break;
      for (const { seq } of page) seen.add(seq);
      before = `&before=${page.at(-1)?.seq ?? 0}`;
    }
    expect(seen.size).toBe(90);
  });

  it("leaves nothing out that it does not count, page after page", async () => {
    const all = new Set<number>();
    let hidden = 0;
    let before = "";
    for (;;) {
      const page = await entries(`?limit=20${before}`);
      if (page.length === 0) break;
      for (const entry of page) {
        all.add(entry.seq);
        hidden += entry.hidden;
      }
      before = `&before=${page.at(-1)?.seq ?? 0}`;
    }
    const [newest] = await entries("?limit=1");
    expect(all.size + hidden).toBe(newest?.seq);
  });
});
