// Sample-ratio mismatch: are the assignments split as they were meant to be?
// Counts are the edge's own, unsampled. A mismatch means that no other number can be trusted.
import { deviance } from "./deviance.ts";
import { finiteLnE } from "./finite-ln-e.ts";
import { HALF_LN_TWO_PI, stirlingRemainder } from "./special.ts";

/** Prior pseudo-assignments: 10,000 looks for mismatches of about a per cent (the default of optimizely/ssrm). */
const DEFAULT_KAPPA = 10_000;

/** ln E for units in an arm that was to get none. Large, and still safe to add up over stages. */
const IMPOSSIBLE = 1e9;

/** ln[Γ(N)/∏Γ(aⱼ) · ∏ sⱼ^aⱼ], N = Σ aⱼ, by deviances, so that billions of counts keep their digits. */
function lnDirichletPower(weights: readonly number[], shares: readonly number[]): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const whole = HALF_LN_TWO_PI - 0.5 * Math.log(total) + stirlingRemainder(total);
  return weights.reduce((sum, weight, arm) => {
    const expected = total * (shares[arm] ?? 0);
    const size = 0.5 * Math.log(weight) - HALF_LN_TWO_PI - stirlingRemainder(weight);
    return sum + size - deviance(weight, expected);
  }, whole);
}

/**
 * ln E against "assignments split as `shares` say": counts per arm, and the shares meant
 * for them (any positive scale), Dirichlet mixture of `kappa` pseudo-assignments about
 * the shares. Add over stages; alarm at E ≥ 1000, ln E ≥ 6.9. 0 without counts; 1e9 for
 * units in an arm whose share is 0.
 * Source: Lindon and Malek, "Anytime-valid inference for multinomial count data"
 * (arXiv 2011.03567), equation 8.
 * Example: `lnESampleRatio([49_549, 451], [0.99, 0.01])` is 1.2234679.
 */
export function lnESampleRatio(
  counts: readonly number[],
  shares: readonly number[],
  kappa: number = DEFAULT_KAPPA,
): number {
  const arms = counts.map((count, arm) => ({ count, share: shares[arm] ?? 0 }));
  if (arms.some(({ count, share }) => count > 0 && !(share > 0))) return IMPOSSIBLE;
  const open = arms.filter(({ share }) => share > 0);
  if (!open.some(({ count }) => count > 0)) return 0;
  const whole = open.reduce((sum, { share }) => sum + share, 0);
  const split = open.map(({ share }) => share / whole);
  const prior = split.map((share) => kappa * share);
  const posterior = open.map(({ count }, arm) => count + (prior[arm] ?? 0));
  return finiteLnE(lnDirichletPower(prior, split) - lnDirichletPower(posterior, split));
}
