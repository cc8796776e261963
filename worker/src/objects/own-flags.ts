// Changes by an author who may touch the flags of one account alone: those whose audience is
// that account and no other. Of the rest it is not told whether it is there, except that its
// keys are taken.
import { err, type Result } from "#base/result.ts";
import type { Command } from "#flags/change.ts";
import type { Rollout } from "#flags/rollout.ts";
import { isFlagOf } from "#flags/sole-account.ts";
import type { FlagReject } from "#src/adapters/flag-registry.ts";

type Outcome = Result<Rollout | null, FlagReject>;

type Deciding = {
  readonly before: Rollout | undefined;
  readonly command: Command;
  readonly others: () => readonly Rollout[];
  /** The change as one decides it who may touch all flags. */
  readonly decide: (before: Rollout | undefined) => Outcome;
};

/** What becomes of a change, and the flag before it as far as its author may see it. */
export function decideAsOf(
  account: string | null,
  { before, command, others, decide }: Deciding,
): { readonly before: Rollout | undefined; readonly outcome: Outcome } {
  if (account === null) return { before, outcome: decide(before) };
  if (before !== undefined && !isFlagOf(before, account)) {
    const reason = command.kind === "create" ? "key_taken" : "unknown_flag";
    return { before: undefined, outcome: err({ reason }) };
  }
  const plan = planIn(command);
  if (plan.layer !== undefined) {
    return { before, outcome: err({ reason: "not_own", field: "layer", account }) };
  }
  const own = new Set(
    others()
      .filter((each) => isFlagOf(each, account))
      .map(({ flag }) => flag),
  );
  const foreign = (plan.prerequisites ?? []).find((flag) => !own.has(flag));
  if (foreign !== undefined) {
    return { before, outcome: err({ reason: "missing_prerequisite", flag: foreign }) };
  }
  const outcome = decide(before);
  if (!outcome.ok) return { before, outcome: err(withoutForeign(outcome.error, own)) };
  const { value: after } = outcome;
  if (after !== null && !isFlagOf(after, account)) {
    return { before, outcome: err({ reason: "not_own", field: "audience", account }) };
  }
  return { before, outcome };
}

function planIn(command: Command): Partial<Pick<Rollout, "layer" | "prerequisites">> {
  return command.kind === "create" || command.kind === "amend" ? (command.plan as object) : {};
}

const another = "another flag";

/** A refusal without the names of flags that are not the author's. */
function withoutForeign(refusal: FlagReject, own: ReadonlySet<string>): FlagReject {
  const named = (flag: string): string => (own.has(flag) ? flag : another);
  if (refusal.reason === "too_many_canaries") {
    return { ...refusal, live: [...new Set(refusal.live.map(named))] };
  }
  if ("flags" in refusal) return { ...refusal, flags: [...new Set(refusal.flags.map(named))] };
  // These name what the author named.
  if (refusal.reason === "definition_exists" || refusal.reason === "missing_prerequisite") {
    return refusal;
  }
  return "flag" in refusal ? { ...refusal, flag: named(refusal.flag) } : refusal;
}
