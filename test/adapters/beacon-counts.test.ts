// Isolates' totals, told to the table of the shard that keeps them.
import { runInDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import { BeaconCounts } from "#src/adapters/beacon-counts.ts";
import { EdgeTable } from "#src/objects/edge-table.ts";
import { env } from "../isolate.ts";

const startMs = 1_795_000_000_000;
const hourMs = 3_600_000;

it("counts each beacon of an isolate once that was silent for hours", async () => {
  const stub = env.WINDOW.get(env.WINDOW.idFromName("silent"));
  await runInDurableObject(stub, async (_, { storage }) => {
    const table = new EdgeTable(storage.sql);
    let nowMs = startMs;
    const isolateOf = (isolate: string): BeaconCounts =>
      new BeaconCounts({
        shard: () => ({ tell: async (name, totals) => table.note(name, totals, nowMs) }),
        isolate,
        report: () => {},
      });
    const [quiet, busy, over] = [isolateOf("quiet"), isolateOf("busy"), isolateOf("over")];
    for (const isolate of [quiet, over]) {
      isolate.add("taken");
      await isolate.tell(nowMs);
    }
    for (let minutes = 0; minutes < 240; minutes += 10) {
      nowMs = startMs + minutes * 60_000;
      busy.add("taken");
      await busy.tell(nowMs);
    }
    nowMs += hourMs;
    quiet.add("taken");
    await quiet.tell(nowMs);
    quiet.add("duplicate");
    await quiet.tell(nowMs + 10_000);
    expect(table.sums()).toEqual({ taken: 27, duplicate: 1 });
  });
});
