// Ramps of whole accounts: half of the places is not half of the traffic, and what differs
// between accounts is no harm, however many page views show it.
import { describe, expect, it } from "vitest";
import { emptyEvidence, type EvidenceEvent } from "#src/canary/evidence.ts";
import { judge } from "#src/canary/judge.ts";
import { stratumOf, trialOf } from "#src/canary/trial.ts";
import { live } from "../flags/rollouts.ts";
import { seeded } from "../stats/seeded.ts";
import { fold, inputOf, policyOf, startMs } from "./trials.ts";

const policy = policyOf({
  guardrails: [
    {
      name: "errors",
      measure: { kind: "rate", of: { column: "errors", above: 0 } },
      against: "everyone",
    },
    { name: "time_p75", measure: { kind: "quantile", column: "ms", p: 0.75 } },
    { name: "bytes", measure: { kind: "mean", column: "bytes" } },
  ],
});

type World = { readonly seed: number; readonly accounts: number; readonly isBroken: boolean };

/** Whether any of twenty looks at one stage takes a ramp back. */
function isTakenBack({ seed, accounts, isBroken }: World, unit: "account" | "visitor"): boolean {
  const random = seeded(seed);
  const spread = (sigma: number) =>
    Math.exp(sigma * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()));
  const all = Array.from({ length: accounts }, (_, at) => ({
    id: `account-${seed}-${at}`,
    size: spread(1.5),
    slowness: spread(0.5),
    errors: 0.01 * spread(0.7),
    bytes: 10_000 * spread(0.4),
    isCanary: random() < 0.5,
  }));
  const views = all.flatMap((account) =>
    Array.from({ length: Math.ceil(40 * account.size) }, () => account),
  );
  const rollout = { ...live("trial", 500_000, { unit }), shareSetAtMs: startMs };
  const strata = [stratumOf(rollout, 1)];
  const trial = trialOf({ rollout, strata, policy });
  let evidence = emptyEvidence({ flag: "trial", attempt: 1 });
  let seq = 0;
  for (let look = 0; look < 20; look += 1) {
    const events = Array.from({ length: 400 }, (): EvidenceEvent => {
      const account = views[Math.floor(random() * views.length)] ?? views[0];
      const isCanary = account?.isCanary === true;
      const columns = {
        "account.id": account?.id,
        errors: (isCanary && isBroken) || random() < (account?.errors ?? 0) ? 1 : 0,
        ms: 60 * (account?.slowness ?? 1) * spread(0.4),
        bytes: account?.bytes,
      };
      const arms = { trial: isCanary ? "canary" : "control" } as const;
      const bucket = Math.floor(random() * 64);
      seq += 1;
      return { seq, kind: "page_view", atMs: startMs, epoch: 1, bucket, arms, columns };
    });
    evidence = fold(evidence, trial, events);
    const verdict = judge(inputOf(evidence, { rollout, strata, policy, nowMs: startMs + 1 }));
    if (verdict.action === "rollback") return true;
  }
  return false;
}

function takenBack(unit: "account" | "visitor", isBroken: boolean): number {
  const seeds = Array.from({ length: 20 }, (_, at) => at + 1);
  return seeds.filter((seed) => isTakenBack({ seed, accounts: 120, isBroken }, unit)).length;
}

describe("a ramp of whole accounts", () => {
  it("is not taken back for what differs between accounts, as one of visitors would be", () => {
    expect(takenBack("account", false)).toBe(0);
    expect(takenBack("visitor", false)).toBeGreaterThan(10);
  });

  it("is taken back where the canary breaks all of them", () => {
    expect(takenBack("account", true)).toBe(20);
  });
});
