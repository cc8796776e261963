import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { control, startAviary, type Started } from "../harness.ts";
import { workplace, type Workplace } from "./run-aviary.ts";

let worker: Started;
let place: Workplace;

beforeAll(async () => {
  worker = await startAviary();
  place = await workplace(worker.url);
  await place.write("list.json", "[1]");
  await control(worker, "/engines/6.7.0", { method: "PUT", body: "self.engine = 7;" });
});

afterAll(async () => {
  await place.remove();
  await worker.stop();
});

const aviary = (...args: string[]) => place.aviary(args);

async function create(key: string, ...options: string[]): Promise<void> {
  const made = await aviary("flag", "create", key, ...options);
  expect(made).toMatchObject({ code: 0, stderr: "" });
}

/** Kills all, so that tests do not meet one another's flags. */
async function calm(): Promise<void> {
  expect((await aviary("kill", "--all")).code).toBe(0);
}

describe("flag create", () => {
  it("makes a draft of what its options say", async () => {
    await create(
      "all-options",
      "--set=engine=6.7.0",
      "--set=browserMaxAgeS=30",
      "--header=x-aviary-experiment=yes",
      "--unit=account",
      '--audience={"==":[{"var":"country"},"DE"]}',
      "--stages=0.1%,5%:manual",
      "--layer=cache:0-300000,500000-600000",
      "--holdout=2%",
    );
    const { document } = await place.json(["flag", "show", "all-options"]);
    expect(document).toMatchObject({
      state: "draft",
      unit: "account",
      patch: {
        engine: "6.7.0",
        browserMaxAgeS: 30,
        headers: { "x-aviary-experiment": "yes" },
      },
      audience: { "==": [{ var: "country" }, "DE"] },
      stages: [
        { sharePpm: 1_000, mode: "judged" },
        { sharePpm: 50_000, mode: "manual" },
      ],
      layer: {
        name: "cache",
        ranges: [
          [0, 300_000],
          [500_000, 600_000],
        ],
      },
      holdoutPpm: 20_000,
      actions: ["ramp", "advance", "kill"],
    });
  });

  it("takes a whole plan from a file, and options over it", async () => {
    await place.write("plan.json", JSON.stringify({ unit: "colo", patch: { delayMs: 50 } }));
    await create("from-file", "--plan", "plan.json", "--set", "delayMs=10");
    const { document } = await place.json(["flag", "show", "from-file"]);
    expect(document).toMatchObject({ unit: "colo", patch: { delayMs: 10 } });
  });

  it("takes a value for what its parameter is", async () => {
    await control(worker, "/engines/7", { method: "PUT", body: "self.engine = 7;" });
    const coded = 'encodings=["br","identity"]';
    await create("typed", "--set", "engine=7", "--set", "delayMs=7", "--set", coded);
    const { document } = await place.json(["flag", "show", "typed"]);
    expect(document["patch"]).toEqual({ engine: "7", delayMs: 7, encodings: ["br", "identity"] });
    await create("unset", "--set", "engine=null");
    const unset = await place.json(["flag", "show", "unset"]);
    expect(unset.document["patch"]).toEqual({ engine: null });
  });

  it.each([
    [["x", "--set", "browserMaxAgeS=soon"], "patch.browserMaxAgeS", 3],
    [["x", "--set", "colour=red"], "patch.colour", 3],
    [["x", "--header", "set-cookie=1"], "patch.headers.set-cookie", 3],
    [["x", "--set", "engine=9.9.9"], "9.9.9 was never published", 3],
    [["x", "--set", "delayMs=1", "--audience", '{"nonsense":1}'], "audience", 3],
    [["x", "--set", "__proto__=1"], "patch.__proto__", 3],
    [["x", "--set", "delayMs"], "--set must be name=value", 2],
    [["x", "--set", "delayMs=1", "--set", "delayMs=2"], "--set delayMs was given twice", 2],
    [["x", "--header", "link=a", "--header", "link=b"], "--header link was given twice", 2],
    [["x", "--set", "headers={}", "--header", "link=a"], "exclude each other", 2],
    [["x", "--plan", "list.json"], "--plan: list.json must hold one JSON object", 2],
    [["x", "--set", "delayMs=1", "--stages", "5"], "--stages must be a share", 2],
    [["x", "--set", "delayMs=1", "--layer", "cache"], "--layer must be", 2],
    [["x", "--set", "delayMs=1", "--plan", "nowhere.json"], "--plan: no such file", 2],
    [["X!", "--set", "delayMs=1"], "<key> must be of a-z", 2],
    [["x"], "a flag must change something", 2],
  ])("names what is wrong with %j", async (args, message, code) => {
    const refused = await aviary("flag", "create", ...args);
    expect(refused).toMatchObject({ code, stdout: "" });
    expect(refused.stderr).toContain(message);
    expect((await aviary("flag", "show", "x")).code).toBe(3);
  });
});

describe("ramp", () => {
  it("says what it would do, does it when told to, and makes no step without a yes", async () => {
    await create("ramped", "--set", "staleIfErrorS=1");
    const dry = await aviary("ramp", "ramped", "0.1%", "--dry-run");
    expect(dry.stdout).toMatch(/state +draft → ramping/);
    expect(dry.stdout).toMatch(/share +0 % → 0\.1 %/);
    expect(dry.stdout).toMatch(/arms +canary 0\.1 %, control 0\.1 %, rest 99\.8 %/);
    expect(dry.stdout).toMatch(/traffic +not known: nothing was counted/);
    const unasked = await aviary("ramp", "ramped", "0.1%");
    expect(unasked).toMatchObject({ code: 2 });
    expect(unasked.stderr).toContain("nobody is here to say yes");
    expect((await place.json(["flag", "show", "ramped"])).document["state"]).toBe("draft");
    const done = await aviary("ramp", "ramped", "0.1%", "--yes");
    expect(done.stdout).toContain("is ramping at 0.1 %");
    await calm();
  });

  it("needs no yes to go down, to hold or to roll back", async () => {
    await create("down", "--set", "staleIfErrorS=1");
    await aviary("ramp", "down", "50%", "--yes");
    for (const args of [
      ["ramp", "down", "500ppm"],
      ["hold", "down"],
      ["rollback", "down"],
    ]) {
      expect(await aviary(...args)).toMatchObject({ code: 0, stderr: "" });
    }
    expect((await aviary("revive", "down")).stdout).toContain("is draft at 0 %");
  });

  it("is refused where another live flag changes the same, and names it", async () => {
    await create("first", "--set", "delayMs=1");
    await create("second", "--set", "delayMs=2");
    await aviary("ramp", "first", "1%", "--yes");
    const clash = await aviary("ramp", "second", "1%", "--yes");
    expect(clash).toMatchObject({ code: 4, stdout: "" });
    expect(clash.stderr).toContain("delayMs is already changed by first");
    await calm();
  });

  it("is a conflict against a revision that has moved", async () => {
    await create("moved", "--set", "coloTtlS=1");
    await aviary("ramp", "moved", "1%", "--yes");
    const late = await aviary("ramp", "moved", "2%", "--yes", "--revision", "1");
    expect(late).toMatchObject({ code: 4 });
    expect(late.stderr).toContain("the current revision is 2");
    await calm();
  });

  it.each(["5", "0%", "101%", "0.00001%", "0ppm", "x%"])("takes no share %s", async (share) => {
    const refused = await aviary("ramp", "any", share);
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.stderr).toContain("<share> must be a share");
  });
});

describe("kill", () => {
  it("takes one flag or all, and wants to know which", async () => {
    await create("one", "--set", "coloTtlS=1");
    await create("two", "--set", "delayMs=1");
    await aviary("ramp", "one", "1%", "--yes");
    await aviary("ramp", "two", "1%", "--yes");
    expect(await aviary("kill")).toMatchObject({ code: 2 });
    expect(await aviary("kill", "one", "--all")).toMatchObject({ code: 2 });
    expect((await aviary("kill", "nobody")).stderr).toContain("There is no such flag");
    const dry = await aviary("kill", "--all", "--dry-run");
    expect(dry).toMatchObject({ code: 0, stdout: "would be killed: one, two\n" });
    expect((await aviary("kill", "one")).stdout).toContain("killed one");
    const { document } = await place.json(["kill", "--all", "--why", "fire drill"]);
    expect(document["flags"]).toEqual(["two"]);
    expect((await aviary("kill", "--all")).stdout).toContain("No flag is under way");
    const audit = await aviary("audit", "--flag", "two", "--limit", "1");
    const none = await aviary("audit", "--flag", "nobody-at-all");
    expect(none.stdout).toBe("The audit log has no such line of nobody-at-all.\n");
    expect(audit.stdout).toMatch(/AVIARY_ADMIN_TOKEN +[\d.:a-f]* +kill +two +done +fire drill/);
  });
});

describe("plan", () => {
  it("shows every flag's arm with its reason, and what follows", async () => {
    await create("everybody", "--set", "coloTtlS=9", "--unit", "snippet");
    await create(
      "elsewhere",
      "--set",
      "delayMs=9",
      "--audience",
      '{"==":[{"var":"country"},"FR"]}',
    );
    await aviary("ramp", "everybody", "1%", "--yes");
    await aviary("promote", "everybody", "--yes");
    await aviary("ramp", "elsewhere", "50%", "--yes");
    const shown = await aviary(
      "plan",
      "demo",
      "--visitor",
      "203.0.113.9",
      "--context",
      "country=DE",
    );
    expect(shown.stdout).toMatch(/everybody +promoted +100 % +canary +It is promoted/);
    expect(shown.stdout).toMatch(/elsewhere +ramping +50 % +rest/);
    expect(shown.stdout).toMatch(/coloTtlS +9 +31536000 +everybody/);
    await calm();
  });
});

describe("plan of a request in a trial", () => {
  it("shows also what the trial changes, and names no flag for it", async () => {
    // With this seed the snippet demo has a place in the upper half: control, at 50 %.
    const plan = { unit: "snippet", seed: "seeded-01", patch: { delayMs: 9 } };
    await place.write("seeded.json", JSON.stringify(plan));
    await create("tried", "--plan", "seeded.json");
    await aviary("ramp", "tried", "50%", "--yes");
    const shown = await aviary("plan", "demo");
    expect(shown.stdout).toMatch(/tried +ramping +50 % +control/);
    expect(shown.stdout).toMatch(/browserMaxAgeS +60 +120 +the trial/);
    expect(shown.stdout).not.toContain("delayMs");
    await calm();
  });

  it("says where nothing is published, and takes each name once", async () => {
    expect((await aviary("plan", "nowhere")).stdout).toContain("Nothing is published there");
    const twice = await aviary("plan", "demo", "--context", "colo=FRA", "--context", "colo=DUS");
    expect(twice).toMatchObject({ code: 2 });
    expect(twice.stderr).toContain("--context colo was given twice");
  });

  it("refuses a name that no request has a value for, and says which ones have", async () => {
    const refused = await aviary("plan", "demo", "--context", "nowMs=5");
    expect(refused).toMatchObject({ code: 3 });
    expect(refused.stderr).toContain("context.nowMs is unknown to targeting");
    expect(refused.stderr).toContain("httpProtocol");
  });

  it("tells a network's number as a number, as the edge does", async () => {
    const inNetwork = '{"===":[{"var":"asn"},64500]}';
    await create("network", "--set", "delayMs=9", "--unit", "snippet", "--audience", inNetwork);
    await aviary("ramp", "network", "1%", "--yes");
    await aviary("promote", "network", "--yes");
    const shown = await aviary("plan", "demo", "--context", "asn=64500");
    expect(shown.stdout).toMatch(/network +promoted +100 % +canary/);
    await calm();
  });
});

describe("flag export and import", () => {
  it("brings definitions in, leaves flags alone, and gives both out", async () => {
    await create("made-here", "--set", "coloTtlS=1");
    const plain = { state: "ENABLED", variants: { on: true }, defaultVariant: "on" };
    const broken = { ...plain, targeting: { nonsense: [] } };
    const flags = { plain, broken, "made-here": plain };
    await place.write("flags.json", JSON.stringify({ flags }));
    const dry = await place.json(["flag", "import", "flags.json", "--dry-run"]);
    expect(dry.document).toMatchObject({
      added: ["plain", "broken"],
      kept: ["made-here"],
      unusable: ["broken"],
    });
    expect((await aviary("flag", "import", "flags.json")).code).toBe(0);
    expect((await aviary("flag", "export", "out.json")).code).toBe(0);
    const out = JSON.parse(await readFile(join(place.folder, "out.json"), "utf8")) as {
      flags: Record<string, { state: string; variants: object }>;
    };
    expect(out.flags["plain"]).toEqual(plain);
    expect(out.flags["made-here"]).toMatchObject({ state: "DISABLED", variants: { rest: {} } });
  });
});

describe("policy", () => {
  it("caps live flags and stops growth in a freeze, but no kill", async () => {
    await create("capped", "--set", "coloTtlS=1");
    await aviary("policy", "set", "--max-live", "0");
    const capped = await aviary("ramp", "capped", "1%", "--yes");
    expect(capped).toMatchObject({ code: 4 });
    expect(capped.stderr).toContain("At most 0 flags may be live");
    const freeze = "2020-01-01T00:00Z/2099-01-01T00:00Z";
    await aviary("policy", "set", "--max-live", "8", "--freeze", freeze);
    expect((await aviary("ramp", "capped", "1%", "--yes")).stderr).toContain("a freeze is on");
    expect((await aviary("kill", "capped")).code).toBe(0);
    expect((await aviary("policy", "set", "--unfreeze")).stdout).toContain("there is no freeze");
  });
});

describe("watch", () => {
  it("shows a flag until it is stopped", async () => {
    await create("watched", "--set", "coloTtlS=1");
    expect((await aviary("watch", "watched", "--once")).stdout).toContain("not on trial");
    await aviary("ramp", "watched", "10%", "--yes");
    const stopped = await place.aviary(["watch", "watched", "--interval", "1"], {
      started: (send) => setTimeout(() => send("SIGINT"), 8_000),
    });
    expect(stopped.code).toBe(130);
    expect(stopped.stdout.match(/flag watched/g)?.length).toBeGreaterThan(1);
    const once = await aviary("watch", "watched", "--once");
    expect(once.stdout).toMatch(/^control +10 % +0 +50\.0 %$/m);
    expect(once.stdout).toContain("No request was counted yet.");
    const { document } = await place.json(["watch", "watched"]);
    expect(document).toMatchObject({
      arms: { canary: 100_000, control: 100_000, rest: 800_000 },
      counts: [],
    });
    await calm();
  });
});

describe("preview", () => {
  it("prints a header field and how to send it", async () => {
    await create("looked-at", "--set", "coloTtlS=1");
    const { stdout } = await aviary("preview", "looked-at", "--minutes", "5");
    expect(stdout).toMatch(/^Aviary-Preview: looked-at=canary;[0-9a-z]+\.[\w-]{11}$/m);
    expect(stdout).toContain("curl -H");
  });

  it("shows several flags, each in the arm that is asked for", async () => {
    await create("also", "--set", "delayMs=1");
    const { document } = await place.json(["preview", "looked-at=control", "also=canary"]);
    expect(document["value"]).toMatch(/^looked-at=control,also=canary;/);
  });

  it.each([
    [["looked-at=blue"], "<flag=arm> looked-at has the arms canary, control, rest", 2],
    [["looked-at", "looked-at=rest"], "<flag=arm> looked-at was given twice", 2],
    [["X!=canary"], "<flag=arm> must be of a-z", 2],
    [[], "<flag=arm> is missing", 2],
    [["looked-at", ""], "<flag=arm> is empty", 2],
    [["nobody=canary"], "nobody: There is no such flag", 3],
  ])("is refused for %j", async (args, message, code) => {
    const refused = await aviary("preview", ...args);
    expect(refused).toMatchObject({ code, stdout: "" });
    expect(refused.stderr).toContain(message);
  });
});
