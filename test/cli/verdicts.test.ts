// The judge's commands against a real Worker.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startAviary, type Started } from "../harness.ts";
import { startProxy } from "./proxy.ts";
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
    expect(watched.stdout).toMatch(/^evaluation_p75 +primary +░{10} {2}nothing yet$/m);
    const { document } = await place.json(["verdict", "watched", "--input"]);
    expect(document).toMatchObject({ action: "hold", input: { version: 2 } });
  });

  it.each(["noon", "5%", "1", "2026-11-25", "2026-11-25T08:00:00", "2026-11-25T25:00:00Z"])(
    "%s is no time, and nothing is asked",
    async (at) => {
      const refused = await aviary("verdict", "watched", "--at", at);
      expect(refused).toMatchObject({ code: 2, stdout: "" });
      expect(refused.stderr).toContain("--at must be a time, as in 2026-11-25T08:00:00Z");
    },
  );

  it("a time before the first verdict is refused in words", async () => {
    const refused = await aviary("verdict", "watched", "--at", "2020-01-01T00:00Z");
    expect(refused).toMatchObject({ code: 3, stdout: "" });
    expect(refused.stderr).toContain("No verdict was given on it by then.");
  });

  it("watch goes on while the server does not answer, and says since when", async () => {
    const proxy = await startProxy(worker.url, (_, { deliver, lose }) => {
      const isDown = proxy.seen.length > 2 && proxy.seen.length < 8;
      return isDown ? lose() : deliver();
    });
    const watched = await place.aviary(["watch", "watched", "--interval", "1"], {
      env: { AVIARY_URL: proxy.url },
      started: (kill) => {
        const timer = setInterval(() => {
          if (proxy.seen.length < 12) return;
          clearInterval(timer);
          kill("SIGINT");
        }, 50);
      },
    });
    await proxy.stop();
    expect(watched).toMatchObject({ code: 130, stderr: expect.stringContaining("stopped") });
    const looks = watched.stdout.split(/^(?=No answer|flag watched)/m).map((each) => each[0]);
    expect(looks.join("")).toMatch(/^f(?:Nf){5}f+$/);
    expect(new Set(watched.stdout.match(/^No answer since [\d-]+ [\d:]+ UTC/gm)).size).toBe(1);
  });

  it("watch of a flag that is not there is refused at once", async () => {
    const refused = await aviary("watch", "nobody");
    expect(refused).toMatchObject({ code: 3, stdout: "" });
  });

  it("verdicts are listed once there are some", async () => {
    await expect
      .poll(async () => (await aviary("verdicts", "watched")).stdout, { timeout: 20_000 })
      .toMatch(/hold +No unit of this share has come yet\.$/m);
  });

  it("a time as it is listed finds its verdict, the first one too", async () => {
    const [printed = ""] =
      (await aviary("verdicts", "watched")).stdout.match(/^.* UTC(?![^]* UTC)/m) ?? [];
    const then = await aviary("verdict", "watched", "--at", printed);
    expect(then).toMatchObject({ code: 0, stderr: "" });
    expect(then.stdout).toContain(`flag watched  ${printed}\n`);
    expect(then.stdout).toMatch(/^ +computed again +the same verdict$/m);
  });

  it("advice only for all is set, and shown", async () => {
    expect((await aviary("policy", "set", "--judge", "maybe")).code).toBe(2);
    const set = await aviary("policy", "set", "--judge", "advise", "--max-live", "8");
    expect(set.stdout).toMatch(/^ +judge +only advises$/m);
    expect((await aviary("policy", "show")).stdout).toMatch(/^ +judge +only advises$/m);
  });
});
