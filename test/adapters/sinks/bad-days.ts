// What every sink over HTTP has to bear, whatever its protocol.
import { expect, it } from "vitest";
import type { PostDependencies } from "#src/adapters/sinks/post.ts";
import type { Sink, SinkBatch } from "#src/adapters/sinks/sink.ts";
import { batchOf } from "./events.ts";
import { surviveOutage } from "./outage.ts";
import type { StandIn } from "./stand-in.ts";

const nowMs = Date.parse("2026-11-23T12:00:30.000Z");

/** The platform's fetch, a clock that stands still, and patience. */
export const dependencies: PostDependencies = { fetch, now: () => nowMs, timeoutMs: 20_000 };

type Started = {
  readonly server: StandIn;
  readonly sink: Sink;
  /** Ids of the events that it has taken, in any order; repeats are told as often as they came. */
  readonly received: () => readonly string[];
};

type Case = {
  readonly start: (own: PostDependencies) => Promise<Started>;
  /** What the protocol makes of a 500. */
  readonly afterInternalError?: "failed" | "taken";
  /** What it makes of a 400: of the events, or of what an operator can mend. */
  readonly afterBadRequest?: "failed" | "taken";
};

/** Declares the tests; `start` makes a stand-in and a sink that sends to it. */
export function itBearsBadDays(its: Case): void {
  const { start, afterInternalError = "failed", afterBadRequest = "taken" } = its;
  const batch: SinkBatch = batchOf(2);

  it("asks for the whole batch again, and says why, when no answer comes", async () => {
    const { server, sink } = await start({ ...dependencies, timeoutMs: 250 });
    server.mood = "slow";
    expect(await sink.send(batch)).toEqual({ outcome: "failed", why: "no answer within 250 ms" });
  });

  it("asks for the whole batch again, and says why, when the connection is cut", async () => {
    const { server, sink } = await start(dependencies);
    server.mood = "reset";
    expect(await sink.send(batch)).toEqual({
      outcome: "failed",
      why: expect.stringMatching(/reset|closed|terminated/i) as string,
    });
  });

  it.each([
    ["seconds", "7", 7_000],
    ["a date", "Mon, 23 Nov 2026 12:01:00 GMT", 30_000],
  ])("passes on how long a 429 asks to wait, in %s", async (_, value, retryAfterMs) => {
    const { server, sink } = await start(dependencies);
    server.mood = { status: 429, headers: { "retry-after": value }, body: "too\nmany" };
    expect(await sink.send(batch)).toEqual({
      outcome: "failed",
      why: "answers 429: too many",
      retryAfterMs,
    });
  });

  it.each([502, 503, 504])("asks for the whole batch again after a %i", async (status) => {
    const { server, sink } = await start(dependencies);
    server.mood = { status };
    expect(await sink.send(batch)).toEqual({ outcome: "failed", why: `answers ${status}` });
  });

  it("knows what a 500 means in its protocol", async () => {
    const { server, sink } = await start(dependencies);
    server.mood = { status: 500 };
    const outcome = await sink.send(batch);
    expect(outcome.outcome).toBe(afterInternalError);
    expect(JSON.stringify(outcome)).toContain("answers 500");
  });

  it("knows what a 400 means in its protocol, for each event of the batch", async () => {
    const { server, sink } = await start(dependencies);
    server.mood = { status: 400, body: "no such thing" };
    const why = "answers 400: no such thing";
    const refused = [1, 2].map((seq) => ({ seq, why }));
    expect(await sink.send(batch)).toEqual(
      afterBadRequest === "taken"
        ? { outcome: "taken", retry: [], refused }
        : { outcome: "failed", why },
    );
  });

  it("follows no redirect with its key", async () => {
    const { server, sink } = await start(dependencies);
    server.mood = { status: 307, headers: { location: `${server.url}/elsewhere` } };
    await sink.send(batch);
    expect(server.asked).toHaveLength(1);
  });

  it("sends the same bytes for the same batch", async () => {
    const { server, sink } = await start(dependencies);
    await sink.send(batch);
    await sink.send(batch);
    const [first, second] = server.asked;
    expect(second?.body).toEqual(first?.body);
    expect(second?.path).toEqual(first?.path);
  });

  it("comes through two hours of outage with every event once, and none parked", async () => {
    const { server, sink, received } = await start(dependencies);
    const turn = (isWell: boolean): void => {
      server.mood = isWell ? "well" : { status: 503 };
    };
    const { ids, ...rest } = await surviveOutage({ sink, turn });
    expect(rest).toMatchObject({ exported: 34, waiting: 0, parked: [] });
    expect(rest.retried).toBeGreaterThan(10);
    expect(received().toSorted()).toEqual(ids.toSorted());
  });
}
