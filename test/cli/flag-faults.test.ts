import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { control, startAviary, type Started } from "../harness.ts";
import { startProxy, type Proxy } from "./proxy.ts";
import { workplace, type Workplace } from "./run-aviary.ts";

let worker: Started;
let place: Workplace;
let proxy: Proxy | undefined;

beforeAll(async () => {
  worker = await startAviary();
  place = await workplace(worker.url);
});

afterEach(async () => {
  await proxy?.stop();
  proxy = undefined;
  await control(worker, "/kill", { method: "POST" });
});

afterAll(async () => {
  await place.remove();
  await worker.stop();
});

/** The environment of a command whose first change is carried out, and its answer lost. */
async function losing(meanwhile?: () => Promise<unknown>): Promise<{ AVIARY_URL: string }> {
  let isFirst = true;
  proxy = await startProxy(worker.url, async ({ method, path }, { deliver, lose }) => {
    if (method === "GET" || path.includes("dryRun") || !isFirst) return deliver();
    isFirst = false;
    await lose();
    await meanwhile?.();
  });
  return { AVIARY_URL: proxy.url };
}

async function create(key: string, patch = "delayMs=1"): Promise<void> {
  expect((await place.aviary(["flag", "create", key, "--set", patch])).code).toBe(0);
}

describe("a change whose answer was lost is done, not a conflict", () => {
  it("flag create", async () => {
    const env = await losing();
    const done = await place.json(["flag", "create", "made", "--set", "delayMs=1"], { env });
    expect(done.stderr).toContain("trying again");
    expect(done).toMatchObject({ code: 0, document: { before: null, after: { revision: 1 } } });
  });

  it("ramp", async () => {
    await create("ramped");
    const env = await losing();
    const done = await place.json(["ramp", "ramped", "5%", "--yes"], { env });
    expect(done.stderr).toContain("trying again");
    expect(done).toMatchObject({
      code: 0,
      document: {
        dryRun: false,
        before: { state: "draft", revision: 1 },
        after: { state: "ramping", sharePpm: 50_000, revision: 2 },
      },
    });
  });

  it("rollback", async () => {
    await create("taken-back");
    await place.aviary(["ramp", "taken-back", "5%", "--yes"]);
    const env = await losing();
    const done = await place.aviary(["rollback", "taken-back"], { env });
    expect(done.code).toBe(0);
    expect(done.stdout).toContain("is rolled back at 0 %");
  });

  it("flag delete", async () => {
    await create("gone");
    const env = await losing();
    const done = await place.json(["flag", "delete", "gone"], { env });
    expect(done).toMatchObject({ code: 0, document: { before: { key: "gone" }, after: null } });
  });

  it("policy set", async () => {
    const env = await losing();
    const done = await place.json(["policy", "set", "--max-live", "7"], { env });
    expect(done).toMatchObject({ code: 0, document: { maxLive: 7 } });
  });

  it("kill", async () => {
    await create("killed");
    await place.aviary(["ramp", "killed", "5%", "--yes"]);
    const env = await losing();
    const one = await place.json(["kill", "killed"], { env });
    expect(one).toMatchObject({ code: 0, document: { flags: ["killed"] } });
  });

  it("kill --all, which cannot know what was killed, and says where to look", async () => {
    await create("everything");
    await place.aviary(["ramp", "everything", "5%", "--yes"]);
    const env = await losing();
    const all = await place.aviary(["kill", "--all"], { env });
    expect(all.code).toBe(0);
    expect(all.stdout).toContain("No flag is under way");
    expect(all.stdout).toContain("aviary audit");
    const { document } = await place.json(["flag", "show", "everything"]);
    expect(document["state"]).toBe("killed");
  });
});

describe("a change that somebody else overtook is a conflict", () => {
  it("also where its own answer was lost", async () => {
    await create("raced");
    const env = await losing(() => control(worker, "/flags/raced/kill", { method: "POST" }));
    const done = await place.aviary(["ramp", "raced", "5%", "--yes"], { env });
    expect(done.code).toBe(4);
    expect(done.stderr).toContain("the current revision is 3");
    expect(done.stderr).toContain("`aviary flag show raced` shows it as it is now");
  });

  it("flag create of a key that another flag has", async () => {
    await create("theirs", "delayMs=2");
    proxy = await startProxy(worker.url, ({ method }, { deliver, refuse }) =>
      method === "PUT" && proxy?.seen.length === 1 ? refuse(502, {}) : deliver(),
    );
    const env = { AVIARY_URL: proxy.url };
    const done = await place.aviary(["flag", "create", "theirs", "--set", "delayMs=1"], { env });
    expect(done.code).toBe(4);
    expect(done.stderr).toContain("`aviary flag show theirs` shows it");
  });
});
