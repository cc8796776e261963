import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startAviary, type Started } from "../harness.ts";
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

describe("pipeline", () => {
  it("says of a system that nobody has sent a beacon to that nothing was taken", async () => {
    const { code, stdout } = await place.aviary(["pipeline"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ +beacons taken +0$/m);
    expect(stdout).toContain("No shard has taken anything yet.");
    expect(stdout).not.toContain("SHARD");
  });
});

describe("shards", () => {
  it("sets their number, which the same number again does not change", async () => {
    const { code, stdout } = await place.aviary(["shards", "4"]);
    expect({ code, stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/each region has 4 shards\n +since \d{4}-.* UTC/) as string,
    });
    const first = await place.json(["shards", "4"]);
    expect(first).toMatchObject({ code: 0, document: { epoch: 1, shards: 4 } });
    expect((await place.json(["shards", "4"])).document).toEqual(first.document);
  });

  it("says how long another change has to wait", async () => {
    const { code, stderr } = await place.aviary(["shards", "5"]);
    expect(code).toBe(4);
    expect(stderr).toContain("Shards are changing: The last change is over at 2");
  });

  it("takes the scope to operate", async () => {
    const { document } = await place.json(["token", "create", "reader", "--scope", "read"]);
    const env = { AVIARY_TOKEN: String(document["token"]) };
    expect(await place.aviary(["shards", "6"], { env })).toMatchObject({ code: 3 });
  });
});
