import { beforeAll, describe, expect, it } from "vitest";
import { fc } from "../property.ts";
import { adminToken, control, newIsolate } from "../isolate.ts";

const isolate = newIsolate();
const token = { authorization: `Bearer ${adminToken}` };
const flags = "/ofrep/v1/evaluate/flags";

async function ask(path: string, body: BodyInit, headers: HeadersInit = token): Promise<Response> {
  return isolate.fetch(path, { method: "POST", body, headers });
}

const inGermany = JSON.stringify({ context: { country: "DE" } });

beforeAll(async () => {
  const colour = {
    state: "ENABLED",
    variants: { red: "#f00", blue: "#00f" },
    defaultVariant: "red",
    targeting: { if: [{ "==": [{ var: "country" }, "DE"] }, "blue"] },
    metadata: { team: "design" },
  };
  const broken = { ...colour, targeting: { nonsense: [] } };
  const off = { ...colour, state: "DISABLED" };
  const body = JSON.stringify({ flags: { colour, broken, off }, metadata: { set: "test" } });
  await control("/flags.flagd.json", { method: "PUT", body });
});

describe("one flag", () => {
  it("is told with variant, reason and metadata", async () => {
    const response = await ask(`${flags}/colour`, inGermany);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      key: "colour",
      value: "#00f",
      variant: "blue",
      reason: "TARGETING_MATCH",
      metadata: { set: "test", team: "design" },
    });
  });

  it("leaves the value to the caller where it is disabled", async () => {
    const document = await (await ask(`${flags}/off`, inGermany)).json();
    expect(document).toMatchObject({ key: "off", reason: "DISABLED" });
    expect(document).not.toHaveProperty("value");
  });

  it.each([
    ["nowhere", inGermany, 404, "FLAG_NOT_FOUND"],
    ["broken", inGermany, 400, "PARSE_ERROR"],
    ["colour", "{", 400, "PARSE_ERROR"],
    ["colour", "\u0000", 400, "PARSE_ERROR"],
    ["colour", "null", 400, "PARSE_ERROR"],
    ["colour", "[{}]", 400, "PARSE_ERROR"],
    ["colour", '{"context":"DE"}', 400, "INVALID_CONTEXT"],
    ["colour", '{"context":[]}', 400, "INVALID_CONTEXT"],
    ["colour", `{"context":{"a":${"[".repeat(300)}${"]".repeat(300)}}}`, 400, "INVALID_CONTEXT"],
    ["colour", `"${"x".repeat(70_000)}"`, 400, "PARSE_ERROR"],
  ])("%s asked with %.20s is %d %s", async (key, body, ...expected) => {
    const [status, errorCode] = expected;
    const response = await ask(`${flags}/${key}`, body);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ key, errorCode });
  });
});

describe("all flags", () => {
  it("come with a tag that changes with the context and with the definitions, and with nothing else", async () => {
    const first = await ask(flags, inGermany);
    const etag = first.headers.get("etag") ?? "";
    const { flags: answers } = await first.json<{ flags: { key: string; errorCode?: string }[] }>();
    expect(answers.map(({ key, errorCode = "" }) => key + errorCode)).toEqual([
      "colour",
      "brokenPARSE_ERROR",
      "off",
    ]);
    const again = await ask(flags, inGermany, { ...token, "if-none-match": etag });
    expect([again.status, await again.text()]).toEqual([304, ""]);
    const elsewhere = await ask(flags, '{"context":{"country":"FR"}}');
    expect(elsewhere.headers.get("etag")).not.toBe(etag);
    const unread = await ask(flags, '{"context":{"country":"DE","other":1}}');
    expect(unread.headers.get("etag")).toBe(etag);
  });
});

describe("who may ask", () => {
  it("is whoever has a token, in either place", async () => {
    expect((await ask(flags, inGermany, { "x-api-key": adminToken })).status).toBe(200);
    for (const headers of [{}, { authorization: "Bearer wrong" }, { "x-api-key": "wrong" }]) {
      const refused = await ask(flags, inGermany, headers);
      expect(refused.status).toBe(401);
      expect(refused.headers.get("access-control-allow-origin")).toBeNull();
    }
  });
});

describe("whatever a stranger with a token sends", () => {
  it("is never our fault", async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.json(), fc.string()), fc.string(), async (body, key) => {
        const response = await ask(`${flags}/${encodeURIComponent(key)}`, body);
        await response.text();
        expect(response.status).toBeLessThan(500);
      }),
      { numRuns: 200 },
    );
  });
});
