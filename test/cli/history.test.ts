import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startAviary, type Started } from "../harness.ts";
import { workplace, type Workplace } from "./run-aviary.ts";

let worker: Started;
let place: Workplace;

beforeAll(async () => {
  worker = await startAviary();
  place = await workplace(worker.url);
  await place.write("engine.js", "globalThis.engine = 1;\n");
  await place.aviary(["engine", "publish", "1.0.0", "engine.js"]);
});

afterAll(async () => {
  await place.remove();
  await worker.stop();
});

const publish = (stdin: string): Promise<unknown> =>
  place.aviary(["snippet", "publish", "shop", "--account", "acme", "--payload", "-"], { stdin });

type Revision = { revision: number; payloadSha256: string; current: boolean };

async function history(): Promise<readonly Revision[]> {
  const { document } = await place.json(["snippet", "history", "shop"]);
  return document["snippets"] as Revision[];
}

describe("rollback", () => {
  it("of the only revision is refused and changes nothing", async () => {
    await publish('{"n":1}');
    const refused = await place.json(["snippet", "rollback", "shop"]);
    expect(refused).toMatchObject({ code: 3, document: { error: { kind: "refused" } } });
    expect(await history()).toHaveLength(1);
  });

  it("goes to the revision before the current one, and a second one comes back", async () => {
    await publish('{"n":2}');
    const back = await place.json(["snippet", "rollback", "shop"]);
    expect(back.document).toMatchObject({ restored: 1, previous: 2, revision: 3, changed: true });
    const forth = await place.aviary(["snippet", "rollback", "shop"]);
    expect(forth.stdout).toMatch(/^✔ snippet shop is back to what revision 2 said, as revision 4/);
    const [fourth, third, second, first] = await history();
    expect(third?.payloadSha256).toBe(first?.payloadSha256);
    expect(fourth?.payloadSha256).toBe(second?.payloadSha256);
    expect(fourth?.payloadSha256).not.toBe(third?.payloadSha256);
  });

  it("--to goes to any revision, and to where it is already changes nothing", async () => {
    const first = await place.json(["snippet", "rollback", "shop", "--to", "1"]);
    expect(first.document).toMatchObject({ restored: 1, revision: 5, changed: true });
    const again = await place.json(["snippet", "rollback", "shop", "--to", "1"]);
    expect(again).toMatchObject({ code: 0, document: { revision: 5, changed: false } });
  });

  it("to a revision that never was is refused, and the message names --to", async () => {
    const { code, stderr } = await place.aviary(["snippet", "rollback", "shop", "--to", "99"]);
    expect(code).toBe(3);
    expect(stderr).toContain("--to 99 was never published");
  });

  it("leaves a private datafile private", async () => {
    const datafile = ["datafile", "publish", "key1", "-", "--account", "acme"];
    await place.aviary(datafile, { stdin: "{}" });
    const secret = ["--access-token", "a-token-for-the-sdk"];
    await place.aviary([...datafile, ...secret], { stdin: '{"n":2}' });
    const { document } = await place.json(["datafile", "rollback", "key1"]);
    expect(document).toMatchObject({ private: true, restored: 1, revision: 3 });
  });
});

describe("history", () => {
  it("marks the current revision alone, newest first", async () => {
    const revisions = await history();
    expect(revisions.map(({ revision }) => revision)).toEqual([5, 4, 3, 2, 1]);
    expect(revisions.map(({ current }) => current)).toEqual([true, false, false, false, false]);
    const { stdout } = await place.aviary(["snippet", "history", "shop"]);
    expect(stdout).toMatch(/^\* {2}5 +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/m);
    expect(stdout.match(/^\* {2}\d/gm)).toHaveLength(1);
  });

  it("--limit holds", async () => {
    const { document } = await place.json(["snippet", "history", "shop", "--limit", "2"]);
    expect(document["snippets"]).toHaveLength(2);
  });

  it.each(["show", "history", "rollback"])("%s of an unknown id is refused", async (verb) => {
    const { code, stderr } = await place.aviary(["datafile", verb, "nothing"]);
    expect(code).toBe(3);
    expect(stderr).toMatch(/there is no datafile nothing/i);
  });
});

describe("show", () => {
  it("tells the current revision in both forms", async () => {
    const { document } = await place.json(["snippet", "show", "shop"]);
    expect(document).toMatchObject({ id: "shop", revision: 5, account: "acme" });
    const { stdout } = await place.aviary(["snippet", "show", "shop"]);
    expect(stdout).toMatch(/^snippet shop is at revision 5\n/);
  });
});
