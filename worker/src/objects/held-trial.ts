// A flag's trial as the Registry tells it, ready to fold events and to be judged.
import type { Rollout } from "#flags/rollout.ts";
import { isLive } from "#flags/rollout.ts";
import type { OnTrial } from "#src/adapters/flag-registry.ts";
import type { Report } from "#src/adapters/report.ts";
import { defaultPolicy, type Policy } from "#src/canary/guardrails.ts";
import { policyOf } from "#src/canary/rollout-policy.ts";
import { seenIn, stratumOf, trialOf, type Stratum, type Trial } from "#src/canary/trial.ts";

export type HeldTrial = {
  readonly rollout: Rollout;
  readonly isLive: boolean;
  readonly strata: readonly Stratum[];
  /** Of each stratum, in ppm. */
  readonly shares: readonly number[];
  readonly policy: Policy;
  readonly trial: Trial;
  readonly isAutomatic: boolean;
  /** Every change of flags up to this epoch is known. */
  readonly epoch: number;
};

/** Undefined where the flag is gone, or another has its key. */
export function heldTrial(told: OnTrial, report: Report): HeldTrial | undefined {
  if (told.rollout === null) return undefined;
  // What everybody may not do, this flag may not do either.
  const freezes = [...told.rollout.freezes, ...told.policy.freezes];
  const rollout = { ...told.rollout, freezes };
  const policy = policyFor(rollout, report);
  const strata = told.shares.map((since) => stratumOf(since, since.fromEpoch));
  return {
    rollout,
    isLive: isLive(rollout),
    strata,
    shares: told.shares.map(({ sharePpm }) => sharePpm),
    policy,
    trial: trialOf({ rollout, strata, policy }),
    isAutomatic: policy.automatic && told.policy.automatic,
    epoch: told.epoch,
  };
}

// Guardrails are checked when they are written; what an older version took must not leave a
// ramp unwatched, nor let it go on by rules that nobody chose.
function policyFor(rollout: Rollout, report: Report): Policy {
  const policy = policyOf(rollout);
  if (policy.ok) return policy.value;
  report("guardrails_unusable", { flag: rollout.flag, issues: policy.error.issues });
  return { ...defaultPolicy(seenIn(rollout)), automatic: false };
}
