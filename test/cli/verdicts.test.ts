// The judge's commands against a real Worker.
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

const aviary = (...args: string[]) => place.aviary(args);

describe("the judge's commands", () => {
  it("guardrails of a flag are the defaults with what its options changed", async () => {
    const made = await aviary(
      "flag",
      "create",
      "careful",
      "--set=delayMs=1",
      '--guardrail=evaluation_p75={"margin":0.05}',
      "--guardrail=flicker_mean=off",
      "--advise-only",
    );
    expect(made).toMatchObject({ code: 0, stderr: "" });
    const shown = await aviary("guardrails", "careful");
    expect(shown.stdout).toMatch(/^evaluation_p75 +primary .* \+5\.0 % /m);
    expect(shown.stdout).toMatch(/^ +judge +only advises$/m);
    expect(shown.stdout).not.toContain("flicker_mean");
  });

  it("a guardrail that cannot be is refused by its field", async () => {
    const refused = await aviary(
      "flag",
      "create",
      "careless",
      "--set=delayMs=1",
      '--guardrail=errors={"margin":-1}',
    );
    expect(refused.code).toBe(3);
    expect(refused.stderr).toContain("change.errors.margin");
  });

  it("a draft has no verdict; on trial it waits for its first unit, and watch draws it", async () => {
    await aviary("flag", "create", "watched", "--set=staleIfErrorS=60");
    const none = await aviary("verdict", "watched");
    expect(none).toMatchObject({ code: 3, stdout: "" });
    expect(none.stderr).toContain("No verdict");
    await aviary("ramp", "watched", "5%", "--yes");
    const watched = await aviary("watch", "watched", "--once");
    expect(watched).toMatchObject({ code: 0, stderr: "" });
    expect(watched.stdout).toMatch(/^ +verdict +wait {2}No unit of this share has come yet\.$/m);
    expect(watched.stdout).toMatch(/^evaluation_p75 +primary +0 +0 .* ░{10} /m);
    const { document } = await place.json(["verdict", "watched", "--input"]);
    expect(document).toMatchObject({ action: "hold", input: { version: 1 } });
    expect((await aviary("verdict", "watched", "--at", "noon")).code).toBe(2);
    expect((await aviary("verdict", "watched", "--at", "2020-01-01T00:00Z")).code).toBe(3);
  });

  it("verdicts are listed once there are some", async () => {
    await expect
      .poll(async () => (await aviary("verdicts", "watched")).stdout, { timeout: 20_000 })
      .toMatch(/hold +No unit of this share has come yet\.$/m);
  });

  it("advice only for all is set, and shown", async () => {
    expect((await aviary("policy", "set", "--judge", "maybe")).code).toBe(2);
    const set = await aviary("policy", "set", "--judge", "advise", "--max-live", "8");
    expect(set.stdout).toMatch(/^ +judge +only advises$/m);
    expect((await aviary("policy", "show")).stdout).toMatch(/^ +judge +only advises$/m);
  });
});
