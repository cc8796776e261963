// The usual test, looked at again and again: what the judge must be better than. Fair to
// it otherwise: one stage at a time, one part of the budget for each guardrail.
import { measureKey } from "#src/canary/observe.ts";
import type { Arms } from "#src/canary/arms.ts";
import type { GuardrailEvidence, VerdictInput } from "#src/canary/verdict-input.ts";
import { quantilePosition } from "#src/stats/histogram.ts";
import { type ArmSums, variance } from "#src/stats/mean.ts";
import { lnNormalCdf } from "#src/stats/special.ts";

const fewestUnits = 100;

function zOf({ control, canary }: Arms<ArmSums>): number {
  if (Math.min(control.n, canary.n) < fewestUnits) return 0;
  const spread = variance(control) / control.n + variance(canary) / canary.n;
  return spread > 0 ? (canary.sum / canary.n - control.sum / control.n) / Math.sqrt(spread) : 0;
}

/** Units of which `sum` have a property. */
function share(n: number, sum: number): ArmSums {
  return { n, sum, sumSq: sum };
}

/** How many units of each arm lie beyond the control's quantile. */
function beyond({ bins }: GuardrailEvidence, p: number): Arms<ArmSums> {
  const none = { from: 0, counts: [] };
  const { control, canary } = bins ?? { control: none, canary: none };
  const edge = Math.ceil(control.from + quantilePosition(control.counts, p));
  const arm = ({ from, counts }: typeof control): ArmSums => {
    const n = counts.reduce((sum, count) => sum + count, 0);
    return share(
      n,
      counts.slice(Math.max(0, edge - from)).reduce((sum, count) => sum + count, 0),
    );
  };
  return { control: arm(control), canary: arm(canary) };
}

/** Whether any guardrail's z-test cries harm, at the budget that the judge has. */
export function zTestCries({ policy, evidence, strata }: VerdictInput): boolean {
  const lnAlpha = Math.log(policy.alpha / new Set(policy.guardrails.map(measureKey)).size);
  return policy.guardrails.some(({ measure, worse, role }, at) => {
    const found = evidence[at];
    const stage = found?.strata[strata.length - 1];
    if (found === undefined || stage === undefined || role === "watch") return false;
    const assigned = strata.at(-1)?.assignments ?? { control: 0, canary: 0 };
    const arms = {
      quantile: () => beyond(found, measure.kind === "quantile" ? measure.p : 0),
      mean: () => stage,
      rate: () => stage,
      share: () => stage,
      arrivals: () => ({
        control: share(assigned.control, stage.control.n),
        canary: share(assigned.canary, stage.canary.n),
      }),
    }[measure.kind]();
    const z = zOf(arms) * (worse === "higher" ? 1 : -1);
    return lnNormalCdf(-z) < lnAlpha;
  });
}
