// What a flag's author is told of traffic: whom it reaches, and when its stages can end.
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { FlagChangedView } from "#src/admin/flag-contract.ts";
import { everything } from "#src/adapters/rollouts.ts";
import { adminToken, newIsolate, publish, type Isolate } from "../isolate.ts";

beforeAll(async () => {
  await publish("/engines/1.0.0", "self.engineRan = 1;");
  await publish("/beacons/1.0.0", '{"early":"0","collector":"0"}');
  const beacon = "beacon=1.0.0&beaconSampleRate=2";
  await publish(`/snippets/only?account=acme&engine=1.0.0&${beacon}`, "{}");
  await publish("/datafiles/polled?account=bird", "{}");
});

let isolate: Isolate;
let key = 0;

beforeEach(() => {
  isolate = newIsolate();
  key += 1;
});

async function ask(plan: object, dryRun = true): Promise<FlagChangedView> {
  const response = await isolate.fetch(`/api/v1/flags/told-${key}?dryRun=${dryRun}`, {
    method: "PUT",
    headers: { authorization: `Bearer ${adminToken}` },
    body: JSON.stringify(plan),
  });
  if (!response.ok) throw new Error(await response.text());
  return response.json();
}

async function load(times: number, path = "/js/only.js"): Promise<void> {
  for (let at = 0; at < times; at += 1) await (await isolate.fetch(path)).arrayBuffer();
}

const slower = { delayMs: 1 };

describe("a flag's author", () => {
  it("is told that nobody knows whom it reaches before there was a request", async () => {
    const told = await ask({ patch: slower });
    expect(told).toMatchObject({ requestsPerMinute: null, reach: null });
    expect(told.stagesAhead.map(({ unitsPerDay }) => unitsPerDay)).toEqual([
      null,
      null,
      null,
      null,
      null,
    ]);
  });

  it("is told of requests that came a moment ago, though no flag was there to count them", async () => {
    await load(40);
    await load(10, "/datafiles/polled.json");
    const told = await ask({ patch: slower, stages: [{ sharePpm: 100_000 }] });
    const { requestsPerMinute = 0, viewsPerMinute = 0, units } = told.reach ?? {};
    expect(units).toBeNull();
    // Of 50 requests within the first minute a tenth; one page view in two is measured.
    expect(requestsPerMinute).toBeCloseTo(5, 5);
    expect(viewsPerMinute).toBeCloseTo(2, 5);
    expect(told.stagesAhead).toMatchObject([{ sharePpm: 100_000, mode: "judged" }]);
    expect(told.stagesAhead[0]?.unitsPerDay).toBeCloseTo(2 * 1_440, 5);
  });

  it("is told that a share of one account is nobody, or all of it", async () => {
    await load(1);
    const audience = { "==": [{ var: "kind" }, "snippet"] };
    const stages = [{ sharePpm: 1 }];
    const told = await ask({
      patch: slower,
      unit: "account",
      audience,
      stages,
      seed: "seed-of-one",
    });
    expect(told.reach?.units).toEqual({
      known: 1,
      canary: 0,
      control: 0,
      names: [],
      leastPpm: null,
    });
    expect(told.reach?.requestsPerMinute).toBe(0);
  });

  it("is told of the stage that it is in at the share that it has", async () => {
    await load(50);
    await ask({ patch: { staleIfErrorS: 9 }, stages: [{ sharePpm: 100_000 }] }, false);
    const response = await isolate.fetch(`/api/v1/flags/told-${key}/ramp?dryRun=true`, {
      method: "POST",
      headers: { authorization: `Bearer ${adminToken}`, "if-match": '"1"' },
      body: JSON.stringify({ sharePpm: 200_000 }),
    });
    const told = await response.json<FlagChangedView>();
    expect(told.stagesAhead[0]?.sharePpm).toBe(200_000);
    expect(told.reach?.sharePpm).toBe(200_000);
  });

  it("gets stages that the traffic can end, and keeps those that were said", async () => {
    await load(20);
    const { after } = await ask({ patch: slower }, false);
    expect(after?.stages.length).toBeLessThan(5);
    key += 1;
    const told = await ask({ patch: slower, stages: [{ sharePpm: 7, minViews: 3 }] });
    expect(told.after?.stages).toMatchObject([{ sharePpm: 7, minViews: 3 }]);
  });
});

describe("the traffic of all ids", () => {
  it("is counted once where it is told twice, and an unknown id is none of it", async () => {
    const sums = isolate.services.rollouts(everything);
    const requests = async () =>
      (await sums.traffic())?.ids.reduce((sum, each) => sum + each.requests, 0) ?? 0;
    const before = await requests();
    await load(3);
    await load(3, "/js/nobody-knows-this.js");
    await isolate.services.traffic.flush(Date.now());
    await isolate.services.traffic.flush(Date.now());
    expect((await requests()) - before).toBe(3);
  });
});
