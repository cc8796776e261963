import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import type { Channel, Outgoing } from "#src/adapters/notices/channel.ts";
import type { Posted } from "#src/adapters/sinks/post.ts";
import type { Notice } from "#src/canary/notice.ts";
import { NoticeOutbox } from "#src/objects/notice-outbox.ts";
import { env } from "../isolate.ts";

const notice = { version: 1, kind: "hold", flag: "f", title: "f waits" } as unknown as Notice;
const minuteMs = 60_000;

type Place = {
  readonly outbox: NoticeOutbox;
  readonly time: { nowMs: number };
  readonly sent: (Outgoing & { readonly channel: string })[];
  readonly given: string[];
  /** What channels answer now. */
  readonly mood: { posted: Posted };
  /** The same storage, as another isolate finds it. */
  readonly again: () => NoticeOutbox;
};

const accepted: Posted = { answer: "accepted", text: "" };
const failed: Posted = { answer: "failed", why: "answers 503" };

/** Runs `test` on an outbox of its own. */
async function inOutbox(test: (place: Place) => Promise<void>): Promise<void> {
  const object = env.ROLLOUT.get(env.ROLLOUT.newUniqueId());
  await runInDurableObject(object, async (_, { storage }) => {
    const time = { nowMs: 1_000_000 };
    const sent: Place["sent"] = [];
    const given: string[] = [];
    const mood = { posted: accepted };
    const channelOf = (name: Channel["name"]): Channel => ({
      name,
      send: async (outgoing) => {
        sent.push({ ...outgoing, channel: name });
        return mood.posted;
      },
    });
    let ids = 0;
    const again = (): NoticeOutbox =>
      new NoticeOutbox({
        storage,
        channels: [channelOf("slack"), channelOf("pagerduty")],
        report: (event) => given.push(event),
        now: () => time.nowMs,
        newId: () => `id-${(ids += 1)}`,
      });
    await test({ outbox: again(), time, sent, given, mood, again });
  });
}

describe("the outbox of notices", () => {
  it("sends a notice to every channel once, and then has nothing due", async () => {
    await inOutbox(async ({ outbox, sent }) => {
      outbox.put({ about: "a", notice });
      expect(outbox.counts()).toEqual({ pending: 2, failed: 0 });
      await outbox.send();
      await outbox.send();
      expect(sent.map(({ channel }) => channel).toSorted()).toEqual(["pagerduty", "slack"]);
      expect([outbox.dueAtMs(), outbox.counts()]).toEqual([null, { pending: 0, failed: 0 }]);
    });
  });

  it("tells nobody the same thing twice, until it has stood for hours", async () => {
    await inOutbox(async ({ outbox, sent, time }) => {
      for (const about of ["a", "b", "a"]) outbox.put({ about, notice });
      await outbox.send();
      expect(sent).toHaveLength(4);
      time.nowMs += 7 * 60 * minuteMs;
      outbox.put({ about: "a", notice });
      await outbox.send();
      expect(sent).toHaveLength(6);
    });
  });

  it("tries again under the same id, ever more seldom, also after a crash", async () => {
    await inOutbox(async ({ outbox, sent, mood, time, again }) => {
      mood.posted = failed;
      outbox.put({ about: "a", notice });
      const waits: number[] = [];
      for (let round = 0; round < 9; round += 1) {
        await outbox.send();
        waits.push((outbox.dueAtMs() ?? 0) - time.nowMs);
        time.nowMs = outbox.dueAtMs() ?? 0;
      }
      expect(waits.slice(0, 3)).toEqual([5_000, 10_000, 20_000]);
      expect(waits.at(-1)).toBe(10 * minuteMs);
      mood.posted = accepted;
      const other = again();
      await other.send();
      expect(new Set(sent.map(({ id }) => id))).toEqual(new Set(["id-1"]));
      expect(other.counts()).toEqual({ pending: 0, failed: 0 });
    });
  });

  it("waits as long as a channel asks, an hour at most", async () => {
    await inOutbox(async ({ outbox, mood, time }) => {
      mood.posted = { ...failed, retryAfterMs: 90_000 };
      outbox.put({ about: "a", notice });
      await outbox.send();
      expect((outbox.dueAtMs() ?? 0) - time.nowMs).toBe(90_000);
      time.nowMs += 90_000;
      mood.posted = { ...failed, retryAfterMs: 1e12 };
      await outbox.send();
      expect((outbox.dueAtMs() ?? 0) - time.nowMs).toBe(60 * minuteMs);
    });
  });

  it.each([
    ["that is refused for what it says", { answer: "refused", why: "answers 400" }, 0],
    ["that nobody takes for a day", failed, 25 * 60 * minuteMs],
  ] as const)(
    "gives up a notice %s, says so, and keeps it to be seen",
    async (_, posted, afterMs) => {
      await inOutbox(async ({ outbox, mood, time, given }) => {
        mood.posted = posted;
        outbox.put({ about: "a", notice });
        time.nowMs += afterMs;
        await outbox.send();
        expect(outbox.dueAtMs()).toBeNull();
        expect(outbox.counts()).toEqual({ pending: 0, failed: 2 });
        expect(given).toEqual(["notice_given_up", "notice_given_up"]);
      });
    },
  );
});
