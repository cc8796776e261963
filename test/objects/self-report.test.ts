// When a shard tells of itself, with a clock that is told what time it is.
import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import type { Reading } from "#rum/pipeline-events.ts";
import { SelfReport } from "#src/objects/self-report.ts";
import { stateFrom } from "#src/objects/shard-state.ts";
import { env } from "../isolate.ts";

const startMs = 1_795_000_000_000;
const minuteMs = 60_000;

const { counts } = stateFrom(undefined);

function readingAt(atMs: number, taken: number, lastFailure = ""): Reading {
  const lane = { exported: 0, parked: 0, retried: 0, waiting: 0, oldestUnsentMs: null };
  return {
    atMs,
    counts: { ...counts, taken },
    edge: {},
    openViews: 0,
    storedBytes: 0,
    sinks: [{ name: "lake", ...lane, lastFailure }],
  };
}

type Open = () => SelfReport;

/** Runs with the database of an object of its own; `open` is what a restart does. */
async function withDatabase(name: string, run: (open: Open) => void): Promise<void> {
  const stub = env.WINDOW.get(env.WINDOW.idFromName(`self-report-${name}`));
  await runInDurableObject(stub, (_, { storage }) => {
    run(() => new SelfReport(storage.sql, name));
  });
}

describe("a shard's report of itself", () => {
  it("comes a minute after work began, once, and again only after more work", () =>
    withDatabase("once", (open) => {
      const report = open();
      expect(report.isOwed).toBe(false);
      report.owe(startMs);
      report.owe(startMs + minuteMs - 1);
      expect(report.take(startMs + minuteMs - 1, () => readingAt(0, 5))).toEqual([]);
      const events = report.take(startMs + minuteMs, () => readingAt(startMs + minuteMs, 5));
      expect(events).toHaveLength(2);
      expect(report.isOwed).toBe(false);
      report.owe(startMs + 2 * minuteMs);
      expect(report.take(startMs + 3 * minuteMs, () => readingAt(startMs, 5))).toEqual([]);
    }));

  it("counts on after a crash from what was told last, and takes up what was not", () =>
    withDatabase("crash", (open) => {
      const before = open();
      before.owe(startMs);
      before.take(startMs + minuteMs, () => readingAt(startMs + minuteMs, 5));
      const idle = open();
      idle.resume(readingAt(startMs + 2 * minuteMs, 5));
      expect(idle.isOwed).toBe(false);
      const after = open();
      after.resume(readingAt(startMs + 2 * minuteMs, 12));
      const [event] = after.take(startMs + 3 * minuteMs, () =>
        readingAt(startMs + 3 * minuteMs, 12),
      );
      expect(event).toMatchObject({ "pipeline.taken": 7 });
    }));

  it("goes on while a sink fails, though nothing else happens", () =>
    withDatabase("failing", (open) => {
      const report = open();
      report.owe(startMs);
      const failing = (nowMs: number) =>
        report.take(nowMs, () => readingAt(nowMs, 5, "answered 500"));
      expect(failing(startMs + minuteMs)).toHaveLength(2);
      expect(failing(startMs + 2 * minuteMs)).toHaveLength(2);
      const well = readingAt(startMs + 3 * minuteMs, 5);
      expect(report.take(well.atMs, () => well)).toEqual([]);
      expect(report.isOwed).toBe(false);
    }));

  it("goes on after a crash about a sink that failed before and fails still", () =>
    withDatabase("still-failing", (open) => {
      const before = open();
      before.owe(startMs);
      before.take(startMs + minuteMs, () => readingAt(startMs + minuteMs, 5, "answered 500"));
      const waiting = readingAt(startMs + 2 * minuteMs, 5);
      const after = open();
      after.resume({
        ...waiting,
        sinks: waiting.sinks.map((sink) => Object.assign(sink, { waiting: 3 })),
      });
      const failing = readingAt(startMs + 3 * minuteMs, 5, "answered 500");
      expect(after.take(failing.atMs, () => failing)).toHaveLength(2);
    }));
});
