// Verdicts in plain words with their numbers: for the audit log, for notices and for whoever
// asks. Says what is known and nothing more.
import type { GuardrailNumbers } from "./judge-guardrail.ts";
import type { Reason, Verdict } from "./judge.ts";

/** One reason as a sentence. `guardrails` are the numbers that it may be about. */
export function sentenceFor(reason: Reason, guardrails: readonly GuardrailNumbers[]): string {
  switch (reason.reason) {
    case "not_live":
      return `It is ${reason.state.replace("_", " ")}: nothing is on trial.`;
    case "sample_ratio_mismatch": {
      const { canary, control } = reason.assignments;
      return `Requests are not split as planned (${count(canary)} canary, ${count(control)} control): no other number can be trusted. Look for what routes, blocks or repeats one arm's requests.`;
    }
    case "harmed":
      return harm(reason, guardrails);
    case "silent":
      return `The canary's pages no longer speak: ${count(reason.controlUnits)} units of the control have come since its last one, and ${count(reason.enough)} would have been enough.`;
    case "broken":
      return `The canary is ${signs[reason.sign]}: ${marks(reason.marked.canary, reason.units.canary)} of its units, and ${marks(reason.marked.control, reason.units.control)} of the others (evidence e^${reason.lnE.toFixed(1)}, and e^${reason.lnThreshold.toFixed(1)} is enough).`;
    case "seems_broken":
      return `The canary seems to be ${signs[reason.sign]}, and its units are too few to be sure: ${marks(reason.marked.canary, reason.units.canary)} of them, and ${marks(reason.marked.control, reason.units.control)} of the others. Look at one of its pages.`;
    case "no_data":
      return "No unit of this share has come yet.";
    case "stale_evidence":
      return `The newest evidence is of ${time(reason.latestAtMs)}: nothing goes on without news.`;
    case "too_early":
      return `The stage lasts until ${time(reason.untilMs)} at least.`;
    case "too_few_units":
      return `${count(reason.units)} of ${count(reason.needed)} units have come.`;
    case "few_witnesses":
      return `Too few different visitors or accounts for ${list(reason.guardrails)}.`;
    case "undecided":
      return `Not yet shown to be unharmed: ${list(reason.guardrails)}.`;
    case "time_is_up":
      return `The stage was to be decided by ${time(reason.sinceMs)} and is not: somebody must decide.`;
    case "held":
      return "It is held by hand.";
    case "manual_stage":
      return `Stage ${reason.stage + 1} is left by hand.`;
    case "frozen":
      return `Nothing grows until ${time(reason.untilMs)}: a freeze is on.`;
    case "baking":
      return `The last stage lasts until ${time(reason.untilMs)} at least.`;
    case "unharmed":
      return "Every primary guardrail is shown to be unharmed.";
  }
}

const signs = { failing: "failing outright", silent: "silent, though its requests go on" } as const;

function marks(marked: number, units: number): string {
  return `${count(marked)} of ${count(units)}`;
}

/** A verdict's reasons, one sentence each, the weightiest first. */
export function sentencesFor({ reasons, guardrails }: Verdict): readonly string[] {
  return reasons.map((reason) => sentenceFor(reason, guardrails));
}

/** `48 % higher`, `0.4 % lower`, `the same`; null where there is nothing to compare with. */
export function changeText(change: number | null): string {
  if (change === null) return "not comparable";
  const percent = Math.abs(change * 100);
  if (percent < 0.05) return "the same";
  const digits = percent < 10 ? 1 : 0;
  return `${percent.toFixed(digits)} % ${change > 0 ? "higher" : "lower"}`;
}

type Harm = Extract<Reason, { reason: "harmed" }>;

function harm(
  { guardrail: name, change, lnE, lnThreshold }: Harm,
  guardrails: readonly GuardrailNumbers[],
): string {
  const odds = `evidence e^${lnE.toFixed(1)}, and e^${lnThreshold.toFixed(1)} is enough`;
  const what = change === null ? "not as the control's" : `${changeText(change)} in the canary`;
  const known = guardrails.find((each) => each.name === name);
  if (known === undefined) return `${name} is ${what} (${odds}).`;
  const { levels, units } = known;
  const values = `${level(levels.canary)} against ${level(levels.control)} of the control`;
  return `${name} is ${what}: ${values}, over ${count(units.canary)} units of the canary (${odds}).`;
}

/** A level with three significant digits: it is an estimate. */
function level(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString("en", { maximumFractionDigits: 6 });
}

function count(units: number): string {
  return Math.round(units).toLocaleString("en");
}

function list(names: readonly string[]): string {
  return names.join(", ");
}

function time(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}
