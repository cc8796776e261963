// What is asked of the evidence on one guardrail, and what is answered: the same for
// every kind of guardrail, so that the judge needs to know none of them.
import type { Guardrail } from "./guardrails.ts";
import type { Arms } from "./arms.ts";
import type { GuardrailEvidence, VerdictInput } from "./verdict-input.ts";

export type Question = {
  readonly guardrail: Guardrail;
  readonly evidence: GuardrailEvidence;
  readonly strata: VerdictInput["strata"];
  readonly crowding: number;
  /** The guardrail's part of the false-alarm budget. */
  readonly alphaHarm: number;
  /** Chance that harm beyond `advanceMargin` is overlooked. */
  readonly alphaAdvance: number;
  /** Harm that must be ruled out before the ramp goes on, relative. */
  readonly advanceMargin: number;
  /** How many times tests that begin anew with the ratio of the arms are begun. */
  readonly restarts: number;
};

export type Answer = {
  readonly units: Arms<number>;
  /** The metric itself, in its unit; 0 without units. */
  readonly levels: Arms<number>;
  /** ln E against "no harm beyond the margin"; 0 where there is nothing to say. */
  readonly lnE: number;
  /** Harm is shown where `lnE` reaches it. */
  readonly lnThreshold: number;
  /** Whether harm beyond the advance margin is ruled out. */
  readonly isUnharmed: boolean;
};

/** The canary's change relative to the control, −0.1 for ten per cent less. */
export type ChangeInterval = { readonly lower: number; readonly upper: number };

/** The canary's share of both; 0, which no test takes for a share, where there is nothing. */
export function canaryShare({ control, canary }: Arms<number>): number {
  return control + canary > 0 ? canary / (control + canary) : 0;
}
