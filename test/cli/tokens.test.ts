import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { adminToken, startAviary, type Started } from "../harness.ts";
import { workplace, type Workplace } from "./run-aviary.ts";

let worker: Started;
let place: Workplace;

beforeAll(async () => {
  worker = await startAviary();
  place = await workplace(worker.url);
});

afterAll(async () => {
  await place.remove();
  await worker.stop();
});

async function createToken(...args: string[]): Promise<{ id: string; token: string }> {
  const { document } = await place.json(["token", "create", ...args]);
  return document as { id: string; token: string };
}

describe("token", () => {
  it("opens what it was made for until it is revoked", async () => {
    const { id, token } = await createToken("ci", "--scope", "read,publish", "--account", "acme");
    const env = { AVIARY_TOKEN: token };
    const open = await place.json(["status"], { env });
    const control = { token: { name: "ci", scopes: ["read", "publish"], account: "acme" } };
    expect(open).toMatchObject({ code: 0, document: { control } });
    expect(await place.json(["token", "revoke", id])).toMatchObject({ code: 0 });
    const shut = await place.json(["status"], { env });
    expect(shut).toMatchObject({ code: 3, document: { error: { kind: "refused" } } });
  });

  it("is printed once with a warning, and never listed", async () => {
    const { stdout } = await place.aviary(["token", "create", "shown", "--scope", "read"]);
    const [token = "none"] = /avy_\S+/.exec(stdout) ?? [];
    expect(stdout).toContain("this once");
    const list = await place.aviary(["token", "list"]);
    expect(list.stdout).toMatch(/ shown +read +all +.* never +valid$/m);
    expect(list.stdout).not.toContain(token);
  });

  it("is revoked by its id even where the whole token is given, and stays listed", async () => {
    const { id, token } = await createToken("leaked", "--scope", "read", "--scope", "operate");
    const { document } = await place.json(["token", "revoke", token]);
    expect(document).toEqual({ id, revoked: true });
    const { stdout } = await place.aviary(["token", "list"]);
    expect(stdout).toMatch(/ leaked +read, operate +all +.* revoked just now$/m);
  });

  it("that expires is listed so, and its holder is warned in the last two weeks, once a command", async () => {
    const { token } = await createToken("brief", "--scope", "read", "--expires", "10d");
    await createToken("long", "--scope", "read", "--expires", "90d");
    const { stdout } = await place.aviary(["token", "list"]);
    expect(stdout).toMatch(/ brief +read +all +.* valid for (?:about )?10 days$/m);
    expect(stdout).toMatch(/ long +read +all +.* valid for (?:about )?90 days$/m);
    const status = await place.aviary(["status"], { env: { AVIARY_TOKEN: token } });
    expect(status.stdout).toMatch(/expires +\d{4}-.* UTC, in (?:about )?10 days/);
    expect(status.stderr.match(/your token expires at/g)).toHaveLength(1);
    expect(
      await place.json(["token", "create", "x", "--scope", "read", "--expires", "soon"]),
    ).toMatchObject({
      code: 2,
    });
  });

  it("of a page names its origins, and nothing but flags", async () => {
    const args = ["--scope", "evaluate", "--account", "acme", "--origin", "https://shop.example"];
    const { stdout } = await place.aviary(["token", "create", "page", ...args]);
    expect(stdout).toMatch(/pages +https:\/\/shop\.example/);
    const odd = ["--scope", "read", "--origin", "https://shop.example"];
    expect(await place.json(["token", "create", "page", ...odd])).toMatchObject({ code: 3 });
  });

  it("without the scope is refused, however large the file", async () => {
    const { token } = await createToken("reader", "--scope", "read");
    await place.write("large.js", "var a=1;\n".repeat(400_000));
    const env = { AVIARY_TOKEN: token };
    const refused = await place.json(["engine", "publish", "1", "large.js"], { env });
    expect(refused).toMatchObject({ code: 3, document: { error: { problem: { status: 403 } } } });
  });
});

describe("status", () => {
  it("shows health, engines and the token in both forms", async () => {
    const { document } = await place.json(["status"]);
    expect(document).toMatchObject({
      url: worker.url,
      health: { status: "ok" },
      control: { engines: 0, latestEngine: null, token: { scopes: ["admin"] } },
    });
    const { stdout } = await place.aviary(["status"]);
    expect(stdout).toMatch(/health +ok, build /);
    expect(stdout).toContain("AVIARY_ADMIN_TOKEN: admin; all accounts");
  });

  it("without a token shows the health alone", async () => {
    const { code, document } = await place.json(["status"], { env: { AVIARY_TOKEN: "" } });
    expect(code).toBe(0);
    expect(document).toMatchObject({ health: { status: "ok" }, control: null });
  });
});

describe("the token", () => {
  it("comes from .dev.vars where AVIARY_TOKEN is not set and Aviary is local, and only status says so", async () => {
    const env = { AVIARY_TOKEN: "" };
    expect(await place.json(["engine", "list"], { env })).toMatchObject({ code: 2 });
    await place.write(".dev.vars", `AVIARY_ADMIN_TOKEN="${adminToken}"\n`);
    const local = await place.json(["engine", "list"], { env });
    expect(local).toMatchObject({ code: 0, document: { engines: [] }, stderr: "" });
    const status = await place.aviary(["status"], { env });
    expect(status).toMatchObject({ code: 0, stderr: "" });
    expect(status.stdout).toContain("from .dev.vars, for AVIARY_TOKEN is not set");
    const elsewhere = await place.json(["engine", "list", "--url", "http://aviary.invalid"], {
      env,
    });
    expect(elsewhere).toMatchObject({ code: 2, stderr: "" });
  });

  it("of .dev.vars that is refused is named as what was refused", async () => {
    const env = { AVIARY_TOKEN: "" };
    await place.write(".dev.vars", "AVIARY_ADMIN_TOKEN=another-deployments-token-0123456789\n");
    const { code, stderr } = await place.aviary(["engine", "list"], { env });
    expect(code).toBe(3);
    expect(stderr).toContain("AVIARY_TOKEN is not set, and AVIARY_ADMIN_TOKEN from ./.dev.vars");
  });
});
