// The Rollout object with the real Registry: batches in, transitions out.
import { abortAllDurableObjects, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { FlagChange } from "#src/adapters/flag-registry.ts";
import { judge } from "#src/canary/judge.ts";
import type { Env } from "#src/services.ts";
import { ask, kill, move, ramp } from "../control-flags.ts";
import {
  count,
  onTrial,
  pages,
  registry,
  shortPlan,
  type OnTrial,
  type Pages,
} from "./trial-flags.ts";

afterEach(async () => {
  vi.useRealTimers();
  await ask("/policy", {
    method: "PUT",
    headers: { "if-match": `"${(await registry().policy()).revision}"` },
    body: JSON.stringify({ maxLive: 8, freezes: [], automatic: true }),
  });
  await kill();
});

async function send(trial: OnTrial, what: Omit<Pages, "flag" | "epoch">, shard = "one") {
  const events = pages({ flag: trial.key, epoch: await trial.epoch(), ...what });
  return trial.rpc().take({ shard, events });
}

async function latest({ rpc }: OnTrial) {
  const [line] = await rpc().verdicts({ beforeSeq: null, limit: 1 });
  return line;
}

const alarmOf = ({ object }: OnTrial) =>
  runInDurableObject(object, (_, state) => state.storage.getAlarm());

describe("a flag on trial", () => {
  it("goes back when its canary is slower, through the Registry, and says why", async () => {
    const trial = await onTrial("slower");
    await send(trial, { units: 600, slower: 1.5 });
    expect(await trial.look()).toBe(true);
    expect(await trial.document()).toMatchObject({ state: "rolled_back", sharePpm: 0 });
    const [entry] = await registry().audit({
      target: "slower",
      actor: null,
      before: null,
      limit: 1,
    });
    expect(entry).toMatchObject({ who: "judge", action: "rollback", outcome: "done" });
    expect(entry?.why).toMatch(/^evaluation_p75 is \d+ % higher in the canary/);
  });

  it("goes on stage by stage while it does no harm, and is promoted after the last", async () => {
    const trial = await onTrial("harmless");
    await send(trial, { units: 3_000 });
    await trial.look();
    expect(await trial.document()).toMatchObject({ state: "ramping", stage: 1, sharePpm: 500_000 });
    expect(await latest(trial)).toMatchObject({ action: "advance", outcome: { outcome: "done" } });
    await trial.look();
    expect((await latest(trial))?.reasons[0]).toEqual({ reason: "no_data" });
    await send(trial, { units: 14_000, firstSeq: 10_001 });
    await trial.look();
    expect((await trial.document()).state).toBe("promoted");
  });

  it("counts a batch once that comes again, in whole or in part, also after a crash", async () => {
    const trial = await onTrial("again");
    const events = pages({ flag: "again", epoch: await trial.epoch(), units: 100 });
    await trial.rpc().take({ shard: "one", events: events.slice(0, 120) });
    await trial.rpc().take({ shard: "one", events });
    await abortAllDurableObjects();
    await trial.rpc().take({ shard: "one", events: events.slice(40) });
    await trial.rpc().take({ shard: "two", events: events.slice(0, 20) });
    const standing = await trial.rpc().standing();
    expect(standing?.input.strata[0]?.units).toEqual({ canary: 110, control: 110 });
  });

  it("knows after a crash where its evidence began anew, and sees late harm by it", async () => {
    const trial = await onTrial("began-anew");
    for (let batch = 0; batch < 10; batch += 1) {
      await send(trial, { units: 300, firstSeq: 1 + 600 * batch });
    }
    const bestSince = async () => (await trial.rpc().standing())?.input.evidence[0]?.since;
    await send(trial, { units: 150, firstSeq: 6_001, slower: 1.6 });
    const before = await bestSince();
    expect(before?.map(({ units }) => units)).toEqual([3_000]);
    await abortAllDurableObjects();
    expect(await bestSince()).toEqual(before);
    await send(trial, { units: 300, firstSeq: 6_301, slower: 1.6 });
    const standing = await trial.rpc().standing();
    const seen = standing && judge(standing.input).guardrails[0];
    expect(seen).toMatchObject({ isHarmed: true, sinceUnits: 3_000 });
  });

  it("begins its evidence no more anew where what is stored of that cannot be read", async () => {
    const trial = await onTrial("torn");
    for (let batch = 0; batch < 10; batch += 1) {
      await send(trial, { units: 300, firstSeq: 1 + 600 * batch });
    }
    await runInDurableObject(trial.object, (_, { storage }) => {
      storage.sql.exec("UPDATE evidence_restart SET bytes = x'63'");
    });
    await abortAllDurableObjects();
    await send(trial, { units: 150, firstSeq: 6_001, slower: 1.6 });
    await send(trial, { units: 300, firstSeq: 6_301, slower: 1.6 });
    const { strata, evidence } = (await trial.rpc().standing())?.input ?? {};
    expect(strata?.[0]?.units).toEqual({ canary: 3_450, control: 3_450 });
    expect(evidence?.[0]?.since).toEqual([]);
  });

  it("stores every verdict with its input, which gives it again", async () => {
    const trial = await onTrial("stored");
    await send(trial, { units: 50 });
    await trial.look();
    await send(trial, { units: 600, firstSeq: 1_001, slower: 2 });
    await trial.look();
    const lines = await trial.rpc().verdicts({ beforeSeq: null, limit: 10 });
    expect(lines.map(({ action }) => action)).toEqual(["rollback", "hold"]);
    for (const { atMs } of lines) {
      const stored = await trial.rpc().verdictAt(atMs);
      expect(stored && judge(stored.input)).toEqual(stored?.verdict);
    }
    expect(await trial.rpc().verdictAt((lines[1]?.atMs ?? 0) - 1)).toBeNull();
  });

  it.each([
    ["flag", { automatic: false }],
    ["policy", {}],
  ])("is only advised where automatic action is off: by its %s", async (by, over) => {
    const key = `advise-${by}`;
    const { guardrails } = shortPlan;
    const trial = await onTrial(key, { guardrails: { ...guardrails, ...over } });
    if (by === "policy") {
      const { revision } = await registry().policy();
      const body = JSON.stringify({ maxLive: 8, automatic: false });
      const headers = { "if-match": `"${revision}"` };
      await ask("/policy", { method: "PUT", headers, body });
    }
    await send(trial, { units: 600, slower: 1.5 });
    await trial.look();
    expect(await trial.document()).toMatchObject({ state: "ramping", sharePpm: 100_000 });
    expect(await latest(trial)).toMatchObject({
      action: "rollback",
      outcome: { outcome: "advised" },
    });
  });

  it("goes back when its canary falls silent and its control speaks on", async () => {
    const { guardrails } = shortPlan;
    const trial = await onTrial("silent", { guardrails: { ...guardrails, settledAfterMs: 0 } });
    await send(trial, { units: 150, atMs: Date.now() - 60_000 });
    await trial.look();
    expect((await trial.document()).state).toBe("ramping");
    await send(trial, { units: 60, firstSeq: 1_001, only: "control" });
    await trial.look();
    expect((await trial.document()).state).toBe("rolled_back");
    expect((await latest(trial))?.reasons[0]).toMatchObject({ reason: "silent" });
  });

  it("is held while assignments are not split as planned, however good it looks", async () => {
    const trial = await onTrial("broken");
    await send(trial, { units: 3_000 });
    await count(trial, { canary: 8_000, control: 10_000 });
    await trial.look();
    expect(await trial.document()).toMatchObject({ state: "ramping", stage: 0 });
    expect(await latest(trial)).toMatchObject({
      action: "hold",
      reasons: [{ reason: "sample_ratio_mismatch" }],
    });
  });

  it("believes the split though one client asks again and again: it is one visitor", async () => {
    const trial = await onTrial("asked-often");
    await send(trial, { units: 3_000 });
    const canary = Array<number>(64).fill(125);
    const control = canary.with(9, 2_125);
    await count(trial, { canary: 8_000, control: 10_000 }, { buckets: { canary, control } });
    await trial.look();
    expect(await trial.document()).toMatchObject({ state: "ramping", stage: 1 });
    const standing = await trial.rpc().standing();
    expect(standing?.input.assignedCrowding).toBeGreaterThan(100);
  });

  it("never goes on without news, however good the old news was", async () => {
    const { guardrails } = shortPlan;
    const trial = await onTrial("dead-sink", {
      guardrails: { ...guardrails, staleAfterMs: 30_000 },
      stages: [
        { sharePpm: 100_000, minTimeMs: 60_000, minViews: 200, mode: "judged" },
        { sharePpm: 500_000, minTimeMs: 60_000, minViews: 200, mode: "judged" },
      ],
    });
    await send(trial, { units: 3_000 });
    await trial.look();
    expect((await latest(trial))?.reasons).toMatchObject([{ reason: "too_early" }]);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 120_000 });
    await trial.look();
    expect((await latest(trial))?.reasons).toMatchObject([{ reason: "stale_evidence" }]);
    expect(await trial.document()).toMatchObject({ state: "ramping", stage: 0 });
  });

  it("belongs to the stage whose epoch its pages were assigned in, and to its attempt alone", async () => {
    const trial = await onTrial("epochs");
    const first = await trial.epoch();
    await ask("/flags/epochs/ramp", {
      method: "POST",
      headers: { "if-match": `"${(await trial.document()).revision}"` },
      body: JSON.stringify({ sharePpm: 500_000 }),
    });
    const second = await trial.epoch();
    const events = [first, second, first - 1, first].flatMap((epoch, at) =>
      pages({ flag: "epochs", epoch, units: 10, firstSeq: 1 + 20 * at }),
    );
    await trial.rpc().take({ shard: "one", events });
    const standing = await trial.rpc().standing();
    expect(standing?.input.strata.map(({ units }) => units.canary)).toEqual([20, 10]);
    expect(standing?.input.strata.map(({ allocation }) => allocation.canary)).toEqual([
      100_000, 500_000,
    ]);
  });
});

describe("its alarm", () => {
  it("is armed by the first request in an arm, and stays while the flag is live", async () => {
    const trial = await onTrial("armed");
    expect(await alarmOf(trial)).toBeNull();
    await count(trial, { canary: 1, control: 1 });
    expect(await alarmOf(trial)).not.toBeNull();
    await trial.look();
    expect(await alarmOf(trial)).not.toBeNull();
  });

  it("is gone once nothing is on trial", async () => {
    const trial = await onTrial("over");
    await send(trial, { units: 5 });
    await kill("/flags/over/kill");
    await trial.look();
    await trial.look();
    expect(await alarmOf(trial)).toBeNull();
    expect(await send(trial, { units: 5, firstSeq: 100 })).toEqual({ ok: true, value: "not_live" });
    expect(await alarmOf(trial)).toBeNull();
  });

  it("makes good what it asked for before a crash: the answer is read off the flag", async () => {
    const trial = await onTrial("crashed");
    await send(trial, { units: 600, slower: 1.5 });
    // The step is taken by the Registry, and the answer lost.
    await loseAnAnswer(trial);
    await trial.look();
    expect((await trial.document()).state).toBe("rolled_back");
    expect((await latest(trial))?.outcome).toEqual({ outcome: "asked" });
    await trial.look();
    expect((await latest(trial))?.outcome).toMatchObject({ outcome: "done" });
  });

  it("is bounded in what it stores and asks while the Registry refuses its step for hours", async () => {
    const { guardrails } = shortPlan;
    const trial = await onTrial("refused", {
      guardrails: { ...guardrails, staleAfterMs: 90 * 24 * 3_600_000 },
    });
    await send(trial, { units: 3_000 });
    let asked = 0;
    await standIn(trial, {
      changeFlag: async () => {
        asked += 1;
        return { ok: false, error: { reason: "frozen", untilMs: 0 } };
      },
    });
    const [startMs, looks] = [Date.now(), 360];
    vi.useFakeTimers({ toFake: ["Date"], now: startMs });
    for (let minutes = 1; minutes <= looks; minutes += 1) {
      vi.setSystemTime(startMs + minutes * 61_000);
      await trial.look();
    }
    const kept = await trial.rpc().verdicts({ beforeSeq: null, limit: 1_000 });
    expect(kept[0]).toMatchObject({ action: "advance", outcome: { outcome: "refused" } });
    expect(kept.length).toBeLessThan(140);
    expect(asked).toBeGreaterThan(20);
    expect(asked).toBeLessThan(32);
    // Whoever has touched the flag may have cleared the way.
    await move(trial.key, "hold");
    await move(trial.key, "resume");
    const before = asked;
    await trial.look();
    expect(asked).toBe(before + 1);
  });
});

describe("evidence", () => {
  it("of a new attempt is not undone by an answer about the old one that comes late", async () => {
    const trial = await onTrial("late-answer");
    await send(trial, { units: 10 });
    const told = Promise.withResolvers<void>();
    const old = await registry().onTrial(trial.key, (await trial.document()).code);
    let isFirst = true;
    await standIn(trial, {
      onTrial: async (flag, code) => {
        if (!isFirst) return registry().onTrial(flag, code);
        isFirst = false;
        await told.promise;
        return old;
      },
    });
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 10_000 });
    const late = send(trial, { units: 5, firstSeq: 1_001 }, "two");
    await expect.poll(() => isFirst).toBe(false);
    await move(trial.key, "rollback");
    await move(trial.key, "revive");
    await ramp(trial.key, 100_000);
    await send(trial, { units: 20, firstSeq: 2_001 });
    told.resolve();
    await late;
    const standing = await trial.rpc().standing();
    expect(standing?.input.rollout.attempt).toBe(2);
    expect(standing?.input.strata[0]?.units).toEqual({ canary: 20, control: 20 });
  });
});

type Registry = ReturnType<typeof registry>;

/** Lets the object's Registry answer some calls otherwise, until what it returns is called. */
function standIn({ object }: OnTrial, instead: Partial<Registry>): Promise<() => void> {
  return runInDurableObject(object, (instance) => {
    const own = instance as unknown as { env: Env };
    const { REGISTRY } = own.env;
    const stub = new Proxy(registry(), {
      get: (target, name) => Reflect.get(Object.hasOwn(instead, name) ? instead : target, name),
    });
    const altered = { idFromName: () => "", get: () => stub };
    own.env = { ...own.env, REGISTRY: altered as unknown as DurableObjectNamespace };
    return () => {
      own.env = { ...own.env, REGISTRY };
    };
  });
}

/** Lets the Registry take the next step and its answer be lost. */
async function loseAnAnswer(trial: OnTrial): Promise<void> {
  const restore = await standIn(trial, {
    changeFlag: async (change: FlagChange) => {
      restore();
      await registry().changeFlag(change);
      throw new Error("the answer was lost");
    },
  });
}
