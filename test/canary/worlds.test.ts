// Worlds in which unlike things are easily compared: a few of the ramps that
// `npm run bench:judge -- --world NAME` runs by the hundred, with seeds that never change.
import { describe, expect, it } from "vitest";
import { runRamp } from "../bench/worlds/run.ts";
import { worldNamed } from "../bench/worlds/worlds.ts";

/** Of a few ramps those that were taken back, and what each of them was taken back by. */
async function takenBack(name: string, runs: number): Promise<readonly string[]> {
  const causes: string[] = [];
  for (let seed = 1; seed <= runs; seed += 1) {
    const { rolledBackBy } = await runRamp(worldNamed(name), seed);
    if (rolledBackBy !== undefined) causes.push(rolledBackBy);
  }
  return causes;
}

describe("a harmless ramp is not taken back", () => {
  it.each([
    ["where SDKs poll beside the pages", "sdk-polls", 8],
    ["by a client that runs no script, however often it asks", "no-javascript", 8],
  ])("%s", async (_, name, runs) => {
    expect(await takenBack(name, runs)).toEqual([]);
  });
});
