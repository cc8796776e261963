import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startAviary, type Started } from "../harness.ts";
import { workplace, type Workplace } from "./run-aviary.ts";

let worker: Started;
let place: Workplace;

beforeAll(async () => {
  worker = await startAviary({ bindings: { QUOTA_IDS: "4" } });
  place = await workplace(worker.url);
  await place.write("engine.js", "globalThis.engine = 1;\n");
  await place.aviary(["engine", "publish", "1.0.0", "engine.js"]);
});

afterAll(async () => {
  await place.remove();
  await worker.stop();
});

type Document = Record<string, unknown>;

async function publish(id: string, stdin: string, account = "acme"): Promise<Document> {
  const args = ["snippet", "publish", id, "--account", account, "--payload", "-"];
  return (await place.json(args, { stdin })).document;
}

const statusOf = async (path: unknown): Promise<number> =>
  (await fetch(worker.url + String(path))).status;

/** What a path answers once every isolate knows: within ten seconds, says the README. */
const becomes = (path: unknown, status: number): Promise<void> =>
  vi.waitFor(async () => expect(await statusOf(path)).toBe(status), {
    timeout: 10_000,
    interval: 500,
  });

describe("delete", () => {
  it("asks first, and changes nothing where nobody can say yes or where it is a dry run", async () => {
    await publish("asked", "1");
    const { code, stderr } = await place.aviary(["snippet", "delete", "asked"]);
    expect(code).toBe(2);
    expect(stderr).toContain("snippet asked of account acme, at revision 1, will be deleted");
    expect(stderr).toContain("nobody is here to say yes");
    const dry = await place.json(["snippet", "delete", "asked", "--dry-run"]);
    expect(dry).toMatchObject({ code: 0, document: { id: "asked", dryRun: true } });
    await becomes("/js/asked.js", 200);
  });

  it("takes an id away, says whose it stays, and puts the reason into the audit log", async () => {
    const args = ["snippet", "delete", "asked", "--yes", "--why", "over"];
    const { code, stdout } = await place.aviary(args);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^✔ snippet asked is deleted\n/);
    expect(stdout).toContain("The id stays acme's.");
    await becomes("/js/asked.js", 410);
    expect(await place.aviary(["snippet", "delete", "asked", "--yes"])).toMatchObject({ code: 3 });
    const { document } = await place.json(["audit"]);
    const entry = { action: "DELETE", target: "/api/v1/snippets/asked", why: "over" };
    expect(document["entries"]).toContainEqual(expect.objectContaining(entry));
  });

  it("--free lets another account have the id, also of what was deleted before", async () => {
    const taken = await place.json(
      ["snippet", "publish", "asked", "--account", "rival", "--payload", "-"],
      { stdin: "1" },
    );
    expect(taken.code).toBe(4);
    const freed = await place.json(["snippet", "delete", "asked", "--free", "--yes"]);
    expect(freed).toMatchObject({ code: 0, document: { free: true, changed: false } });
    expect(await publish("asked", "1", "rival")).toMatchObject({ account: "rival" });
  });

  it("of a datafile works alike", async () => {
    const args = ["datafile", "publish", "key1", "-", "--account", "acme"];
    await place.aviary(args, { stdin: "{}" });
    const deleted = await place.json(["datafile", "delete", "key1", "--yes"]);
    expect(deleted.document).toMatchObject({ id: "key1", account: "acme", changed: true });
    await becomes("/datafiles/key1.json", 410);
  });
});

describe("withdraw", () => {
  it("takes the immutable URL or its digits, and restore undoes it", async () => {
    const { immutableUrl, immutablePath } = await publish("recall", "1");
    await publish("recall", "2");
    const withdraw = ["snippet", "withdraw", "recall", String(immutableUrl), "--yes"];
    const { code, stdout } = await place.aviary(withdraw);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^✔ release [0-9a-f]{16} of snippet recall is withdrawn\n/);
    await becomes(immutablePath, 410);
    const shown = await place.aviary(["snippet", "show", "recall"]);
    expect(shown.stdout).toMatch(/withdrawn +[0-9a-f]{16}$/m);
    expect((await place.aviary(withdraw)).stdout).toMatch(/^= .* was withdrawn before/);
    const [digits = ""] = /[0-9a-f]{16}/.exec(String(immutablePath)) ?? [];
    const restored = await place.json(["snippet", "restore", "recall", digits]);
    expect(restored).toMatchObject({ code: 0, document: { withdrawn: [], changed: true } });
    await becomes(immutablePath, 200);
  });

  it("of what is current is a conflict, and of what never was is refused by its name", async () => {
    const { sha256 } = await publish("recall", "3");
    const current = ["snippet", "withdraw", "recall", String(sha256), "--yes"];
    expect(await place.aviary(current)).toMatchObject({ code: 4 });
    const never = ["snippet", "withdraw", "recall", "0".repeat(16), "--yes"];
    const { code, stderr } = await place.aviary(never);
    expect([code, stderr]).toEqual([3, expect.stringContaining("<release> 0000000000000000")]);
    const short = await place.aviary(["snippet", "withdraw", "recall", "0", "--yes"]);
    expect(short.code).toBe(2);
  });

  it.each<[string, ...string[]]>([["a dry run", "--dry-run"], ["a question"]])(
    "%s foretells nothing that would be refused",
    async (_, ...flags) => {
      const { sha256, immutablePath } = await publish("foretold", "1");
      const withdraw = (release: unknown) =>
        place.aviary(["snippet", "withdraw", "foretold", String(release), ...flags]);
      for (const current of [sha256, String(sha256).slice(0, 20), immutablePath]) {
        const { code, stdout, stderr } = await withdraw(current);
        expect([code, stdout]).toEqual([4, ""]);
        expect(stderr).toContain("is what snippet foretold stands for now");
        expect(stderr).not.toContain("will answer 410");
      }
      const never = await withdraw("0".repeat(16));
      expect([never.code, never.stdout]).toEqual([3, ""]);
      expect(never.stderr).toContain("<release> 0000000000000000 was never released");
    },
  );

  it("--dry-run foretells what can be, and does nothing", async () => {
    const { immutablePath } = await publish("dry", "1");
    await publish("dry", "2");
    const args = ["snippet", "withdraw", "dry", String(immutablePath), "--dry-run"];
    const { code, stdout } = await place.aviary(args);
    expect([code, stdout]).toEqual([0, expect.stringContaining("will answer 410")]);
    expect(await statusOf(immutablePath)).toBe(200);
    await place.aviary([...args.slice(0, -1), "--yes"]);
    expect((await place.aviary(args)).stdout).toMatch(/is withdrawn already\.$/m);
  });
});

describe("account", () => {
  it("shows what it has and may have, as the deployment and its own quotas say", async () => {
    await publish("counted", "1", "count");
    const { stdout } = await place.aviary(["account", "show", "count"]);
    expect(stdout).toMatch(/ids +1 of 4: 1 snippet and 0 datafiles$/m);
    expect(stdout).toMatch(/publishes in the last hour +1 of 1000$/m);
    const set = await place.aviary(["account", "quota", "count", "--ids", "1", "--bytes", "5MB"]);
    expect(set.stdout).toMatch(/bytes +.* of 5\.00 MB, a quota of its own$/m);
    expect(set.stdout).toMatch(/ids +1 of 1, a quota of its own: 1 snippet and 0 datafiles$/m);
    const args = ["snippet", "publish", "more", "--account", "count", "--payload", "-"];
    const refused = await place.json(args, { stdin: "1" });
    expect(refused).toMatchObject({
      code: 3,
      document: { error: { problem: { quota: { name: "ids", limit: 1, used: 1 } } } },
    });
    const usual = await place.json(["account", "quota", "count", "--ids", "usual"]);
    expect(usual.document).toMatchObject({ quotas: { ids: 4, bytes: 5_000_000 } });
    expect(await place.aviary(["account", "quota", "count"])).toMatchObject({ code: 2 });
  });

  it("over its publishes of the hour is told when, and does not wait for it", async () => {
    await place.aviary(["account", "quota", "count", "--publishes-per-hour", "1"]);
    const args = ["snippet", "publish", "counted", "--account", "count", "--payload", "-"];
    const { code, stderr } = await place.aviary(args, { stdin: "2" });
    expect(code).toBe(3);
    expect(stderr).toMatch(/Quota exceeded: .* Try again at \d{4}-\d\d-\d\dT/);
    expect(stderr).not.toContain("trying again");
  });

  it("that may not publish at all is told so at once, for no later attempt is taken", async () => {
    await publish("shut", "1", "shut");
    await place.aviary(["account", "quota", "shut", "--publishes-per-hour", "0"]);
    const args = ["snippet", "publish", "shut", "--account", "shut", "--payload", "-"];
    const { code, stderr } = await place.aviary(args, { stdin: "2" });
    expect(code).toBe(3);
    expect(stderr).toContain("may not publish at all. Have an admin raise the quota.");
    expect(stderr).not.toContain("trying again");
  });

  it("is deleted with its ids after asking, and restored", async () => {
    await publish("leaving", "1", "leaver");
    expect(await place.aviary(["account", "delete", "leaver"])).toMatchObject({ code: 2 });
    const deleted = await place.json(["account", "delete", "leaver", "--yes"]);
    expect(deleted.document).toMatchObject({ account: "leaver", changed: true, ids: 1 });
    await becomes("/js/leaving.js", 410);
    const { stdout } = await place.aviary(["account", "list"]);
    expect(stdout).toMatch(/^leaver .* deleted just now$/m);
    expect(stdout).toMatch(/^count .* live$/m);
    const again = await place.aviary(["account", "delete", "leaver", "--yes"]);
    expect(again).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^= account leaver was deleted before\n$/) as string,
    });
    const dry = await place.aviary(["account", "delete", "leaver", "--dry-run"]);
    expect(dry.stdout).toContain("is deleted already");
    expect(await place.aviary(["account", "restore", "leaver"])).toMatchObject({ code: 0 });
    expect(await publish("leaving", "2", "leaver")).toMatchObject({ changed: true });
  });
});
