import { describe, expect, it } from "vitest";
import type { ArmOfFlag } from "#flags/assignment.ts";
import { ArmCounts } from "#src/adapters/arm-counts.ts";
import type { CountBatch } from "#src/adapters/rollouts.ts";
import { unitBucket } from "#src/canary/trial.ts";

function armOf(unit: ArmOfFlag["unit"]): ArmOfFlag {
  const at = { stage: 0, attempt: 1, sharePpm: 1_000, body: false };
  return { ...at, flag: unit, code: "f", arm: "canary", unit, mark: "f_c" };
}

const visitor = armOf("visitor");
const account = armOf("account");
const asking = { named: { bucket: 7 }, context: { account: "acme" } };

/** What is sent of some requests, by the flag's object. */
async function sent(count: (counts: ArmCounts) => void): Promise<Record<string, CountBatch>> {
  const batches: Record<string, CountBatch> = {};
  const counts = new ArmCounts({
    isolate: "one",
    report: () => {},
    rollout: (flag) => ({
      count: async (batch) => {
        batches[flag] = batch;
      },
    }),
  });
  count(counts);
  await counts.flush(0);
  return batches;
}

describe("counts of arms", () => {
  it("are kept apart by kind of delivery", async () => {
    const batches = await sent((counts) => {
      counts.add([visitor], { kind: "snippet", isVisit: true }, asking);
      for (let poll = 0; poll < 3; poll += 1)
        counts.add([visitor], { kind: "datafile", isVisit: true }, asking);
    });
    const told = batches["visitor:f"]?.counts.map(({ kind, requests }) => [kind, requests]);
    expect(told).toEqual([
      ["snippet", 1],
      ["datafile", 3],
    ]);
  });

  it("say of each request the bucket of the unit that was assigned, as evidence has it", async () => {
    const batches = await sent((counts) =>
      counts.add([visitor, account], { kind: "snippet", isVisit: true }, asking),
    );
    const filled = (flag: string) =>
      batches[flag]?.counts.map(({ buckets = [] }) => buckets.findIndex((count) => count === 1));
    expect(filled("visitor:f")).toEqual([7]);
    expect(filled("account:f")).toEqual([unitBucket("acme")]);
  });

  it("count whoever cannot be told apart, in no bucket", async () => {
    const nobody = { named: undefined, context: {} };
    const batches = await sent((counts) =>
      counts.add([visitor, account], { kind: "snippet", isVisit: true }, nobody),
    );
    for (const flag of ["visitor:f", "account:f"]) {
      const [counted] = batches[flag]?.counts ?? [];
      expect(counted).toMatchObject({ requests: 1, buckets: Array<number>(64).fill(0) });
    }
  });
});
