import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { deadLettersIn } from "#src/adapters/sinks/dead-letters.ts";
import { batchOf } from "../adapters/sinks/events.ts";
import { startAviary, type Started } from "../harness.ts";
import { workplace, type Workplace } from "./run-aviary.ts";

let worker: Started;
let place: Workplace;

beforeAll(async () => {
  const sinks = [
    { name: "log", kind: "stdout" },
    { name: "archive", kind: "parquet" },
  ];
  worker = await startAviary({ bindings: { SINKS: JSON.stringify(sinks) } });
  place = await workplace(worker.url);
  const bucket = (await worker.miniflare.getR2Bucket("ARCHIVE")) as unknown as R2Bucket;
  for (let first = 1; first <= 60; first += 5) {
    await deadLettersIn(bucket).park("log", batchOf(5, first), "answers 500");
  }
});

afterAll(async () => {
  await place.remove();
  await worker.stop();
});

describe("aviary erase", () => {
  it("counts, erases nothing in a dry run, and names what is out of reach", async () => {
    const { code, stdout } = await place.aviary(["erase", "--account", "acme", "--dry-run"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/dead-letters:log +60 +0/);
    expect(stdout).toContain("sink:log is out of reach");
  });

  it("goes through all steps, says how far it is, and finds nothing when it is run again", async () => {
    const first = await place.aviary(["erase", "--account", "acme", "--yes", "--why", "asked"]);
    expect(first).toMatchObject({ code: 0 });
    expect(first.stdout).toMatch(/dead-letters:log +60 +60/);
    expect(first.stderr).toContain("dead-letters:log: 50 erased");
    const { document } = await place.json(["erase", "--account", "acme", "--dry-run"]);
    expect(document).toMatchObject({ dryRun: true, outOfReach: [{ name: "sink:log" }] });
    const again = await place.aviary(["erase", "--account", "acme", "--dry-run"]);
    expect(again.stdout).not.toMatch(/dead-letters:log +[1-9]/);
  });

  it("erases what is behind a file that cannot be read, names the file and ends with 5", async () => {
    const bucket = (await worker.miniflare.getR2Bucket("ARCHIVE")) as unknown as R2Bucket;
    const prefix = "events/";
    await bucket.put(`${prefix}date=2026-01-01/hour=00/torn.parquet`, "PAR1 and no more");
    await deadLettersIn(bucket).park("zoo", batchOf(5, 1), "answers 500");
    const { code, stderr } = await place.aviary(["erase", "--account", "acme", "--yes"]);
    expect(code).toBe(5);
    expect(stderr).toContain("torn.parquet: cannot be read as Parquet");
    await bucket.delete(`${prefix}date=2026-01-01/hour=00/torn.parquet`);
    const after = await place.aviary(["erase", "--account", "acme", "--dry-run"]);
    expect(after).toMatchObject({ code: 0 });
    expect(after.stdout).not.toMatch(/dead-letters:zoo +[1-9]/);
  });

  it.each([
    [[]],
    [["--from", "2026-11-23T00:00:00Z"]],
    [["--session", "me"]],
    [["--account", "acme", "--yse"]],
  ])("with %j is a wrong command line", async (args) => {
    expect(await place.json(["erase", ...args])).toMatchObject({ code: 2 });
  });
});
