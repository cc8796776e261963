import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startAviary, type Started } from "../harness.ts";
import { workplace, type Workplace } from "./run-aviary.ts";

let worker: Started;
let place: Workplace;

beforeAll(async () => {
  worker = await startAviary();
  place = await workplace(worker.url);
  await place.write("early.js", "self.early = 1;");
  await place.write("collector.js", "self.collector = 1;");
  await place.write("other.js", "self.collector = 2;");
  await place.write("broken.js", "}{");
  await place.write("engine.js", "self.engine = 1;");
  await place.write("payload.json", "{}");
  await place.aviary(["engine", "publish", "1.0.0", "engine.js"]);
  await place.aviary(["beacon", "publish", "1.0.0", "early.js", "collector.js"]);
});

afterAll(async () => {
  await place.remove();
  await worker.stop();
});

describe("beacon", () => {
  it("is published once: again changes nothing, other bytes are a conflict", async () => {
    const publish = ["beacon", "publish", "2.0.0", "early.js"];
    const first = await place.json([...publish, "collector.js"]);
    expect(first).toMatchObject({ code: 0, document: { version: "2.0.0", changed: true } });
    const again = await place.json([...publish, "collector.js"]);
    expect(again).toMatchObject({ code: 0, document: { changed: false } });
    const other = await place.json([...publish, "other.js"]);
    expect(other).toMatchObject({ code: 4, document: { error: { kind: "conflict" } } });
    const broken = await place.aviary(["beacon", "publish", "3", "broken.js", "collector.js"]);
    expect(broken.code).toBe(3);
    expect(broken.stderr).toMatch(/Not JavaScript: <early>/);
  });

  it("is shown, listed and served", async () => {
    const { document } = await place.json(["beacon", "show", "1.0.0"]);
    const { path } = document["collector"] as { path: string };
    expect(await (await fetch(worker.url + path)).text()).toBe("self.collector = 1;\n");
    const list = await place.aviary(["beacon", "list"]);
    expect(list.stdout).toMatch(/^VERSION +PUBLISHED +EARLY +COLLECTOR\n/);
    expect((await place.aviary(["beacon", "show", "9"])).code).toBe(3);
  });

  it("is what new snippets get once it is in use, and accounts can be muted and heard again", async () => {
    const used = await place.json(["beacon", "use", "1.0.0", "--sample-rate", "5"]);
    expect(used.document).toMatchObject({ current: "1.0.0", sampleRate: 5, mutedAccounts: [] });
    const muted = await place.json(["beacon", "mute", "acme"]);
    expect(muted.document).toMatchObject({ current: "1.0.0", mutedAccounts: ["acme"] });
    const heard = await place.json(["beacon", "unmute", "acme"]);
    expect(heard.document["mutedAccounts"]).toEqual([]);
    expect((await place.aviary(["beacon", "use", "9.9.9"])).code).toBe(3);
    expect((await place.aviary(["beacon", "use", "1.0.0", "--sample-rate", "x"])).code).toBe(2);
  });
});

describe("a snippet's beacon", () => {
  const publish = ["snippet", "publish", "shop", "--account", "acme", "--payload", "payload.json"];

  it("is chosen with its options, keeps them, and is off when that is said", async () => {
    const options = ["--beacon", "1.0.0", "--beacon-sample-rate", "3", "--marks", "theme,plan"];
    const switches = ["--templates", "/p/*", "--session", "on", "--inline-collector", "on"];
    const first = await place.json([...publish, ...options, ...switches]);
    const chosen = {
      version: "1.0.0",
      sampleRate: 3,
      earlyAlways: false,
      inlineCollector: true,
      session: true,
      marks: ["theme", "plan"],
      templates: ["/p/*"],
    };
    expect(first.document["beacon"]).toEqual(chosen);
    const next = await place.json([...publish, "--session", "off"]);
    expect(next.document["beacon"]).toEqual({ ...chosen, session: false });
    const text = await place.aviary(["snippet", "show", "shop"]);
    expect(text.stdout).toMatch(/beacon +1\.0\.0, 1 in 3, collector inlined/);
    const off = await place.json([...publish, "--beacon", "off"]);
    expect(off.document["beacon"]).toBe("off");
    const refused = await place.aviary([...publish, "--marks", "theme"]);
    expect([refused.code, refused.stderr]).toEqual([3, expect.stringContaining("--beacon")]);
  });
});
