import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { WideEvent } from "#rum/wide-event.ts";
import { deadLettersIn } from "#src/adapters/sinks/dead-letters.ts";
import { batchOf } from "../adapters/sinks/events.ts";
import { startServer, type StandIn } from "../adapters/sinks/stand-in.ts";
import { startAviary, type Started } from "../harness.ts";
import { workplace, type Workplace } from "./run-aviary.ts";

let hook: StandIn & { readonly stop: () => void };
let worker: Started;
let place: Workplace;

beforeAll(async () => {
  hook = await startServer(({ path }) => {
    if (path.startsWith("/1/batch/")) return { status: 200, body: '[{"status":202}]' };
    return path === "/v1/traces" ? { status: 200, body: "{}" } : { status: 204 };
  });
  const sinks = [
    { name: "hook", kind: "webhook", url: hook.url, signingSecret: "HOOK_SECRET" },
    { name: "comb", kind: "honeycomb", url: hook.url, dataset: "x", apiKeySecret: "HOOK_SECRET" },
    { name: "traces", kind: "otlp", url: hook.url },
    { name: "archive", kind: "parquet" },
    { name: "house", kind: "clickhouse", url: hook.url, passwordSecret: "HOOK_SECRET" },
    { name: "log", kind: "stdout" },
    { name: "broken", kind: "honeycomb", dataset: "x", apiKeySecret: "MISSING" },
  ];
  const HOOK_SECRET = `whsec_${Buffer.from("k".repeat(24)).toString("base64")}`;
  worker = await startAviary({ bindings: { SINKS: JSON.stringify(sinks), HOOK_SECRET } });
  place = await workplace(worker.url);
});

afterAll(async () => {
  await place.remove();
  await worker.stop();
  hook.stop();
});

async function park(first: number, count: number, sink = "hook"): Promise<void> {
  const bucket = (await worker.miniflare.getR2Bucket("ARCHIVE")) as unknown as R2Bucket;
  await deadLettersIn(bucket).park(sink, batchOf(count, first), "answers 500");
}

function eventsOf(body: Buffer): readonly WideEvent[] {
  const lines = body.toString().trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line) as WideEvent);
}

describe("sinks", () => {
  it("lists what is configured, what is wrong with it, and the judge's own", async () => {
    const { document } = await place.json(["sinks", "list"]);
    const none = { events: 0, letters: 0, more: false, why: null };
    expect(document).toMatchObject({
      sinks: [
        { name: "hook", kind: "webhook", state: "ready", target: new URL(hook.url).host },
        ...["comb", "traces", "archive", "house", "log"].map((name) => ({ name, state: "ready" })),
        {
          name: "broken",
          state: "unusable",
          target: null,
          problems: ["apiKeySecret: names a secret that is not there"],
          parked: none,
        },
        { name: "evidence", kind: "built-in", state: "ready" },
      ],
    });
    const { stdout } = await place.aviary(["sinks", "list"]);
    expect(stdout).toMatch(/^hook +webhook +ready +0 +127\.0\.0\.1:\d+$/m);
    expect(stdout).toMatch(/^broken +honeycomb +unusable +0 +apiKeySecret: names a secret/m);
  });

  it("sends one marked event, and says what the sink said", async () => {
    const { code, document } = await place.json(["sinks", "test", "hook"]);
    expect({ code, document }).toMatchObject({ code: 0, document: { outcome: "taken" } });
    const [event] = eventsOf(hook.asked.at(-1)?.body ?? Buffer.of());
    expect(event).toMatchObject({
      "event.id": document["eventId"],
      "user_agent.synthetic.type": "test",
    });
    hook.mood = { status: 403, body: "who are you?" };
    const refused = await place.aviary(["sinks", "test", "hook"]);
    hook.mood = "well";
    expect(refused).toMatchObject({ code: 3, stdout: "" });
    expect(refused.stderr).toContain("hook failed the event: answers 403: who are you?");
  });

  it("works inside workerd, whatever its kind", async () => {
    for (const name of ["comb", "traces", "archive", "house", "log", "evidence"]) {
      const { document } = await place.json(["sinks", "test", name]);
      expect(document).toMatchObject({ name, outcome: "taken", detail: "" });
    }
    const bucket = await worker.miniflare.getR2Bucket("ARCHIVE");
    const { objects } = await bucket.list({ prefix: "events/date=" });
    expect(objects.map(({ key }) => key)).toEqual([
      expect.stringMatching(/^events\/date=[\d-]{10}\/hour=\d\d\/test-1-1\.parquet$/),
    ]);
  });

  it.each([
    ["nobody", 3, "sinks list"],
    ["broken", 4, "apiKeySecret: names a secret that is not there"],
    ["Not A Name", 2, "must be of a-z"],
  ])("says what is wrong with %s", async (name, code, text) => {
    const finished = await place.aviary(["sinks", "test", name]);
    expect(finished.code).toBe(code);
    expect(finished.stderr).toContain(text);
  });

  it("replays what was parked, each event once, and nothing the second time", async () => {
    for (let letter = 0; letter < 12; letter += 1) await park(1 + letter * 3, 3);
    const before = hook.asked.length;
    const listed = await place.aviary(["sinks", "list"]);
    expect(listed.stdout).toMatch(/^hook +webhook +ready +36 /m);
    const replayed = await place.json(["sinks", "replay", "hook", "--why", "mended"]);
    expect(replayed).toMatchObject({ code: 0, document: { delivered: 36, kept: 0 } });
    expect(replayed.stderr).toContain("30 of 36 events");
    const ids = hook.asked
      .slice(before)
      .flatMap(({ body }) => eventsOf(body).map((each) => each["event.id"]));
    expect(ids).toHaveLength(36);
    expect(new Set(ids).size).toBe(36);
    const again = await place.json(["sinks", "replay", "hook"]);
    expect(again.document).toMatchObject({ delivered: 0, kept: 0 });
    expect((await place.aviary(["sinks", "replay", "hook"])).stdout).toBe(
      "= nothing of hook is parked\n",
    );
  });

  it("keeps what a sink that is down does not take", async () => {
    await park(1, 3);
    hook.mood = { status: 503 };
    const failed = await place.aviary(["sinks", "replay", "hook"]);
    hook.mood = "well";
    expect(failed.code).toBe(5);
    expect(failed.stderr).toContain("hook failed: answers 503");
    const { document } = await place.json(["sinks", "replay", "hook"]);
    expect(document).toMatchObject({ delivered: 3 });
  });

  it("shows what is parked of a sink that was taken out, and how to get at it", async () => {
    await park(1, 3, "lake");
    const listed = await place.aviary(["sinks", "list"]);
    expect(listed.stdout).toMatch(/^lake +removed +removed +3 +is not in SINKS any more/m);
    const replayed = await place.aviary(["sinks", "replay", "lake"]);
    expect(replayed.code).toBe(4);
    expect(replayed.stderr).toContain("put it back to replay what is parked");
  });

  it("pauses and goes on, says so in the list and in the audit log, and replays nothing meanwhile", async () => {
    const paused = await place.json(["sinks", "pause", "hook", "--why", "a new receiver"]);
    expect(paused.document).toMatchObject({ name: "hook", state: "paused" });
    const listed = await place.aviary(["sinks", "list"]);
    expect(listed.stdout).toMatch(/^hook +webhook +paused /m);
    expect(await place.json(["sinks", "replay", "hook"])).toMatchObject({ code: 4 });
    await place.aviary(["sinks", "pause", "hook"]);
    const resumed = await place.json(["sinks", "resume", "hook"]);
    expect(resumed.document).toMatchObject({ state: "ready" });
    const { document } = await place.json(["audit"]);
    expect(document["entries"]).toContainEqual(
      expect.objectContaining({
        target: "/api/v1/sinks/hook/pause",
        why: "a new receiver",
        outcome: "done",
      }),
    );
  });

  it("needs the scope to operate for all but looking", async () => {
    const { document } = await place.json(["token", "create", "reader", "--scope", "read"]);
    const env = { AVIARY_TOKEN: String(document["token"]) };
    expect(await place.json(["sinks", "list"], { env })).toMatchObject({ code: 0 });
    for (const action of ["test", "pause", "resume", "replay"]) {
      expect(await place.json(["sinks", action, "hook"], { env })).toMatchObject({ code: 3 });
    }
  });
});
