import { describe, expect, it } from "vitest";
import { quotasFrom } from "#src/adapters/quotas.ts";

describe("the usual quotas", () => {
  it("are those of the environment, and of what it leaves out the defaults", () => {
    const reports: unknown[] = [];
    const env = { QUOTA_IDS: "7", QUOTA_BYTES: "" };
    expect(quotasFrom(env, (...each) => void reports.push(each))).toEqual({
      ids: 7,
      bytes: 10_000_000_000,
      publishesPerHour: 1_000,
    });
    expect(reports).toEqual([]);
  });

  it("name every variable that is unusable with its rule, and go on without it", () => {
    const reports: unknown[] = [];
    const env = { QUOTA_IDS: "-1", QUOTA_BYTES: "1e9", QUOTA_PUBLISHES_PER_HOUR: "5" };
    const quotas = quotasFrom(env, (event, fields) => void reports.push([event, fields]));
    expect(quotas).toEqual({ ids: 1_000, bytes: 10_000_000_000, publishesPerHour: 5 });
    const rule = "must be a whole number of at most 15 digits";
    const problems = [`QUOTA_IDS ${rule}`, `QUOTA_BYTES ${rule}`];
    expect(reports).toEqual([["environment_unusable", { problems }]]);
  });
});
