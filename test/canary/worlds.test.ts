// Worlds in which unlike things are easily compared: a few of the ramps that
// `npm run bench:judge -- --world NAME` runs by the hundred, with seeds that never change.
import { describe, expect, it } from "vitest";
import { runRamp, type RampOutcome } from "../bench/worlds/run.ts";
import { worldNamed } from "../bench/worlds/worlds.ts";

/** A ramp is 50,000 page views, and the machine may have other things to do. */
const patienceMs = 60_000;

/** Of a few ramps those that were taken back, and what each of them was taken back by. */
async function takenBack(name: string, runs: number): Promise<readonly string[]> {
  const outcomes = await outcomesOf(name, runs);
  return outcomes.flatMap(({ rolledBackBy }) => (rolledBackBy === undefined ? [] : [rolledBackBy]));
}

async function outcomesOf(name: string, runs: number): Promise<readonly RampOutcome[]> {
  const outcomes: RampOutcome[] = [];
  for (let seed = 1; seed <= runs; seed += 1) {
    outcomes.push(await runRamp(worldNamed(name), seed));
  }
  return outcomes;
}

describe("a harmless ramp is not taken back", () => {
  it.each([
    ["where SDKs poll beside the pages", "sdk-polls", 6],
    ["by a client that runs no script, however often it asks", "no-javascript", 6],
    ["by a few visitors who come most of the time", "zipf-1.2", 8],
    ["by one visitor with fifty bad views among twenty honest ones", "one-bad-visitor", 10],
  ])(
    "%s",
    async (_, name, runs) => {
      expect(await takenBack(name, runs)).toEqual([]);
    },
    patienceMs,
  );
});

describe("a canary of few accounts that is broken outright", () => {
  it.each([
    ["fails", "accounts-12-throwing"],
    ["falls silent", "accounts-12-silent"],
  ])("%s, and somebody is told within the hour", async (_, name) => {
    const told = await outcomesOf(name, 6);
    expect(told.filter(({ toldAfterMinutes = Infinity }) => toldAfterMinutes <= 60)).toHaveLength(
      6,
    );
  });

  it.each([
    ["fails", "accounts-16-throwing"],
    ["falls silent", "accounts-16-silent"],
  ])(
    "%s, and is taken back from sixteen accounts on, unless the dice give an arm three of them",
    async (_, name) => {
      expect((await takenBack(name, 6)).length).toBeGreaterThanOrEqual(5);
    },
    patienceMs,
  );
});

describe("harm that comes after 50,000 clean views of the canary", () => {
  it(
    "is weighed by what came after it began",
    async () => {
      const views = (await outcomesOf("late-p75", 3)).map(({ canaryViews }) => canaryViews);
      // From the start alone it takes some 4,800.
      expect(Math.max(...views)).toBeLessThan(1_500);
    },
    patienceMs,
  );
});

describe("browsers that revalidate what they have", () => {
  it(
    "take back no change that only has other bytes",
    async () => {
      expect(await takenBack("returning-60", 4)).toEqual([]);
      expect(await takenBack("datafile-hundredth-60", 4)).toEqual([]);
    },
    patienceMs,
  );
});
