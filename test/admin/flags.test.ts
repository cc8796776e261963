// Flags through the control API: what is refused, with which status and field, and
// what the audit log says of it.
import { describe, expect, it } from "vitest";
import { ask, createFlag, kill, ramp } from "../control-flags.ts";
import { control } from "../isolate.ts";

async function tokenWith(scope: string): Promise<Record<string, string>> {
  const body = JSON.stringify({ name: scope, scopes: [scope] });
  const created = await ask("/tokens", { method: "POST", body });
  return { authorization: `Bearer ${String(created.body["token"])}` };
}

const put = (key: string, plan: object, headers: HeadersInit = {}) =>
  ask(`/flags/${key}`, { method: "PUT", body: JSON.stringify(plan), headers });
const post = (path: string, body?: object, headers: HeadersInit = {}) =>
  ask(path, { method: "POST", headers, ...(body && { body: JSON.stringify(body) }) });

async function auditOf(flag: string): Promise<readonly Record<string, unknown>[]> {
  const { body } = await ask(`/audit?flag=${flag}`);
  return body["entries"] as readonly Record<string, unknown>[];
}

describe("a change of a flag", () => {
  it("names the revision that it is made against, and hears the current one where it does not", async () => {
    await createFlag("revised", { patch: { delayMs: 1 } });
    const blind = await post("/flags/revised/ramp", { sharePpm: 5 });
    expect(blind).toMatchObject({ status: 428, body: { current: 1 } });
    const late = await post("/flags/revised/ramp", { sharePpm: 5 }, { "if-match": '"9"' });
    expect(late).toMatchObject({ status: 412, body: { current: 1 } });
    const odd = await post("/flags/revised/ramp", { sharePpm: 5 }, { "if-match": "1" });
    expect(odd).toMatchObject({ status: 400, body: { errors: [{ field: "If-Match" }] } });
    const again = await put("revised", { patch: { delayMs: 2 } });
    expect(again).toMatchObject({ status: 412, body: { current: 1 } });
    const amended = await put("revised", { patch: { delayMs: 2 } }, { "if-match": '"1"' });
    expect(amended).toMatchObject({ status: 200, body: { after: { revision: 2 } } });
  });

  it("is tried without being made", async () => {
    const dry = await ask("/flags/tried?dryRun=true", {
      method: "PUT",
      body: JSON.stringify({ patch: { delayMs: 1 } }),
    });
    expect(dry).toMatchObject({ status: 200, body: { dryRun: true, after: { state: "draft" } } });
    expect((await ask("/flags/tried")).status).toBe(404);
    expect(await auditOf("tried")).toEqual([]);
  });

  it.each([
    [{ patch: { browserMaxAgeS: -1 } }, "patch.browserMaxAgeS"],
    [{ patch: { headers: { "set-cookie": "a=b" } } }, "patch.headers.set-cookie"],
    [{ patch: { delayMs: 5_000 } }, "patch.delayMs"],
    [{ patch: {}, unit: "person" }, "unit"],
    [{ patch: {}, stages: [] }, "stages"],
    [{ patch: {}, holdoutPpm: 1 }, "holdoutPpm"],
    [{ patch: {}, audience: { nonsense: 1 } }, "audience"],
    [{ patch: {}, sharePpm: 5 }, "sharePpm"],
    [{}, "patch"],
  ])("of %j is refused with the field's name", async (plan, field) => {
    const refused = await put("refused", plan);
    expect(refused.status).toBe(400);
    const errors = refused.body["errors"] as readonly { field: string }[];
    expect(errors.map((each) => each.field)).toContain(field);
    expect((await ask("/flags/refused")).status).toBe(404);
  });

  it("is not made because its dry run was misspelt", async () => {
    const misspelt = await ask("/flags/misspelt?dryrun=true", {
      method: "PUT",
      body: JSON.stringify({ patch: { delayMs: 1 } }),
    });
    expect(misspelt).toMatchObject({ status: 400, body: { errors: [{ field: "dryrun" }] } });
    expect((await ask("/flags/misspelt")).status).toBe(404);
  });

  it.each(["constructor", "prototype"])(
    "takes no key that a file could not have: %s",
    async (key) => {
      expect((await put(key, { patch: { delayMs: 1 } })).status).toBe(400);
    },
  );

  it("meets all others that were made against its revision with 412", async () => {
    await createFlag("raced", { patch: { pointerFreshMs: 6_000 } });
    const racers = Array.from({ length: 12 }, (_, at) =>
      post("/flags/raced/ramp", { sharePpm: 10 + at }, { "if-match": '"1"' }),
    );
    const killers = Array.from({ length: 3 }, () => post("/flags/raced/kill"));
    const statuses = (await Promise.all(racers)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200).length).toBeLessThanOrEqual(1);
    expect(new Set(statuses)).toEqual(new Set([...statuses.filter((each) => each === 200), 412]));
    for (const killed of await Promise.all(killers)) expect(killed.status).toBe(200);
    expect((await ask("/flags/raced")).body["state"]).toBe("killed");
  });

  it("names an engine that there is", async () => {
    const refused = await put("engineless", { patch: { engine: "9.9.9" } });
    expect(refused).toMatchObject({ status: 422, body: { errors: [{ field: "engine" }] } });
  });
});

describe("the audit log", () => {
  it("has every change with its author, reason, and what was before and after; refused ones too", async () => {
    await createFlag("logged", { patch: { coloTtlS: 5 } });
    await post("/flags/logged/advance?why=too+early", undefined, { "if-match": '"7"' });
    await ramp("logged", 1_000);
    await kill("/flags/logged/kill?why=smoke");
    const reader = await tokenWith("read");
    expect((await post("/flags/logged/revive", undefined, reader)).status).toBe(403);
    await expect.poll(async () => (await auditOf("logged")).length).toBe(5);
    const lines = (await auditOf("logged")).map(({ who, action, outcome, why }) =>
      [who, action, outcome, why].join("|"),
    );
    expect(lines).toEqual([
      "read|POST revive|refused with 403|",
      "AVIARY_ADMIN_TOKEN|kill|done|smoke",
      "AVIARY_ADMIN_TOKEN|ramp|done|",
      "AVIARY_ADMIN_TOKEN|advance|stale_revision|too early",
      "AVIARY_ADMIN_TOKEN|create|done|",
    ]);
    const [, killed] = await auditOf("logged");
    expect(killed).toMatchObject({
      before: { state: "ramping", sharePpm: 1_000 },
      after: { state: "killed", sharePpm: 0 },
    });
  });

  it("has what was refused before it came to anybody who decides, and from where it was asked", async () => {
    const asked = { "cf-connecting-ip": "203.0.113.7" };
    await put("malformed", { patch: { nonsense: 1 } }, asked);
    await post("/flags/malformed/ramp", { sharePpm: "much" }, asked);
    await post("/flags/malformed/kill", undefined, asked);
    await ask("/flags/malformed?dryRun=true", { method: "PUT", body: "{}" });
    await expect.poll(async () => (await auditOf("malformed")).length).toBe(3);
    const lines = await auditOf("malformed");
    expect(lines.map(({ from }) => from)).toEqual(["203.0.113.7", "203.0.113.7", "203.0.113.7"]);
    expect(lines.map(({ action, outcome }) => [action, outcome].join(" ")).toSorted()).toEqual([
      "POST ramp refused with 400",
      "PUT refused with 400",
      "kill unknown_flag",
    ]);
  });

  it("has imports and policies that were refused for their revision", async () => {
    const late = { method: "PUT", headers: { "if-match": '"999"' } };
    const flags = JSON.stringify({ flags: {} });
    expect((await ask("/flags.flagd.json", { ...late, body: flags })).status).toBe(412);
    const policy = JSON.stringify({ maxLive: 1 });
    expect((await ask("/policy", { ...late, body: policy })).status).toBe(412);
    expect((await ask("/policy?dryRun=true", { ...late, body: policy })).status).toBe(412);
    const lines = (await auditOf("*")).slice(0, 2);
    expect(lines.map(({ action, outcome }) => [action, outcome].join(" "))).toEqual([
      "policy stale_revision",
      "import stale_revision",
    ]);
  });

  it("has publishes of what is called like a question, and those that say dryRun in vain", async () => {
    for (const path of ["/snippets/plan", "/datafiles/preview?dryRun=true"]) {
      await ask(path, { method: "PUT", body: "{}" });
      const target = `/api/v1${path.replace(/\?.*/, "")}`;
      await expect.poll(async () => (await auditOf(target)).length).toBe(1);
    }
    const reader = await tokenWith("read");
    await put("preview", { patch: { delayMs: 1 } }, reader);
    await expect
      .poll(async () => (await auditOf("preview")).map(({ outcome }) => outcome))
      .toEqual(["refused with 403"]);
  });

  it("never holds a secret", async () => {
    const { body } = await ask("/tokens", {
      method: "POST",
      body: JSON.stringify({ name: "secret", scopes: ["read"] }),
    });
    await expect
      .poll(async () => JSON.stringify((await ask("/audit")).body))
      .toContain("create token");
    expect(JSON.stringify((await ask("/audit?limit=500")).body)).not.toContain(
      String(body["token"]).slice(-20),
    );
  });
});

describe("a policy", () => {
  it("is tried without being made", async () => {
    const before = await ask("/policy");
    const init = { method: "PUT", body: JSON.stringify({ maxLive: 1, automatic: false }) };
    const dry = await ask("/policy?dryRun=true", init);
    expect(dry).toMatchObject({ status: 200, body: { maxLive: 1, automatic: false } });
    expect(await ask("/policy")).toEqual(before);
  });
});

describe("a policy of which only a part is set", () => {
  it("keeps its freezes, and a judge that only advises, until somebody says otherwise", async () => {
    const freezes = [{ fromMs: 1, toMs: 2 }];
    await setPolicy({ maxLive: 8, freezes, automatic: false });
    expect(await setPolicy({ maxLive: 7 })).toMatchObject({
      maxLive: 7,
      freezes,
      automatic: false,
    });
    const all = { maxLive: 8, freezes: [], automatic: true };
    expect(await setPolicy(all)).toMatchObject(all);
  });
});

describe("the red button", () => {
  it("is tried without being pressed, and leaves no line then", async () => {
    await createFlag("spared", { patch: { staleIfErrorS: 8 } });
    await ramp("spared", 5);
    const lines = (await auditOf("spared")).length;
    for (const path of ["/flags/spared/kill", "/kill"]) {
      const dry = await post(`${path}?dryRun=true`);
      expect(dry).toMatchObject({ status: 200, body: { dryRun: true } });
      expect(dry.body["flags"]).toContain("spared");
    }
    expect((await ask("/flags/spared")).body["state"]).toBe("ramping");
    expect(await auditOf("spared")).toHaveLength(lines);
    expect(await kill("/flags/spared/kill")).toMatchObject({ body: { dryRun: false } });
  });

  it("for one flag never means all of them, whatever the flag is called", async () => {
    await createFlag("bystander", { patch: { staleIfErrorS: 7 } });
    await ramp("bystander", 5);
    for (const key of ["*", "%2A", "__proto__", "constructor", "%00", "zürich-客"]) {
      expect((await post(`/flags/${key}/kill`)).status).toBe(404);
    }
    expect((await ask("/flags/bystander")).body["state"]).toBe("ramping");
    await kill("/flags/bystander/kill");
  });
});

describe("the scope operate", () => {
  it("is what moving flags takes, and reading them takes any", async () => {
    await createFlag("scoped", { patch: { coloTtlS: 6 } });
    const reader = await tokenWith("read");
    const operator = await tokenWith("operate");
    expect((await ask("/flags/scoped", { headers: reader })).status).toBe(200);
    for (const path of ["/flags/scoped/kill", "/kill", "/preview"]) {
      const body = { arms: { scoped: "canary" } };
      expect((await post(path, body, reader)).status).toBe(403);
      expect((await post(path, body, operator)).status).toBe(200);
    }
  });

  it("reaches nobody else's flags where the token is bound to an account", async () => {
    const wanted = { name: "bound", scopes: ["operate"], account: "acme" };
    const made = await ask("/tokens", { method: "POST", body: JSON.stringify(wanted) });
    const bound = { authorization: `Bearer ${String(made.body["token"])}` };
    expect((await ask("/flags", { headers: bound })).body).toMatchObject({ flags: [] });
    expect((await post("/kill", undefined, bound)).body).toMatchObject({ flags: [] });
    expect((await put("bound", { patch: { coloTtlS: 6 } }, bound)).status).toBe(403);
  });
});

describe("an import", () => {
  it("that is torn is refused as a body, and changes nothing", async () => {
    const before = await (await control("/flags.flagd.json")).text();
    const init = { method: "PUT", body: before.slice(0, -3) };
    const refused = await ask("/flags.flagd.json", init);
    expect(refused).toMatchObject({ status: 400, body: { errors: [{ field: "body" }] } });
    expect(await (await control("/flags.flagd.json")).text()).toBe(before);
  });

  it("takes a flagd file or nothing of it, and its own export again", async () => {
    const wrong = { flags: { a: { state: "MAYBE", variants: {} } } };
    const init = { method: "PUT", body: JSON.stringify(wrong) };
    const refused = await ask("/flags.flagd.json", init);
    expect(refused).toMatchObject({ status: 400, body: { errors: [{ field: "flags.a.state" }] } });
    const exported = await (await control("/flags.flagd.json")).text();
    const again = await ask("/flags.flagd.json", { method: "PUT", body: exported });
    expect(again).toMatchObject({ status: 200, body: { added: [], changed: [], removed: [] } });
  });
});

async function setPolicy(policy: object): Promise<unknown> {
  const { revision } = (await ask("/policy")).body as { revision: number };
  const headers = { "if-match": `"${revision}"` };
  const set = await ask("/policy", { method: "PUT", headers, body: JSON.stringify(policy) });
  expect(set.status).toBe(200);
  return set.body;
}
