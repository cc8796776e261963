// The Worker's process is killed while beacons come in; `npm run chaos` does more of it.
import { describe, expect, it } from "vitest";
import { faultsOf } from "../chaos/faults.ts";
import { runChaos } from "../chaos/run-chaos.ts";

describe("windows under SIGKILL", () => {
  it(
    "put every beacon that was answered into exactly one event",
    { timeout: 240_000 },
    async () => {
      const result = await runChaos({ beacons: 3_000, kills: 3, concurrency: 100, seed: 5 });
      const { answered, sent, seconds, sinks } = result;
      console.info(
        `${answered} of ${sent} beacons answered in ${seconds.toFixed(0)} s, ` +
          `${sinks[0]?.repeated} of ${sinks[0]?.events} events came again`,
      );
      expect(faultsOf(result)).toEqual([]);
      expect(result.kills).toBe(3);
      expect(answered).toBeGreaterThan(sent / 2);
    },
  );
});
