// Whether a rollout may go live beside the others. Pure: asked before every
// change, and for dry runs. Kill, hold and roll-back are never refused here.
import { err, ok, type Result } from "#base/result.ts";
import { patchedParameters, type ParameterName } from "./parameters.ts";
import { isLive, type Freeze, type Rollout } from "./rollout.ts";
import { areOfTwoAccounts } from "./sole-account.ts";
import { frozenUntil } from "./transition.ts";

/** What holds for all rollouts together. */
export type Surroundings = {
  /** All rollouts; one of the same flag stands for the state before the change. */
  readonly others: readonly Rollout[];
  /** Most rollouts that may be live at once. */
  readonly maxLive: number;
  /** Freezes that hold for every rollout. */
  readonly freezes: readonly Freeze[];
  readonly nowMs: number;
};

export type AdmissionError =
  | { readonly reason: "frozen"; readonly untilMs: number }
  | {
      readonly reason: "too_many_canaries";
      readonly live: readonly string[];
      readonly most: number;
    }
  | { readonly reason: "duplicate_code"; readonly flag: string }
  | { readonly reason: "missing_prerequisite"; readonly flag: string }
  | { readonly reason: "circular_prerequisite"; readonly flags: readonly string[] }
  | { readonly reason: "too_many_prerequisites"; readonly count: number; readonly most: number }
  | {
      readonly reason: "parameter_conflict";
      readonly flag: string;
      readonly parameters: readonly ParameterName[];
    }
  | { readonly reason: "layer_overlap"; readonly flag: string; readonly layer: string }
  | { readonly reason: "layer_units_differ"; readonly flag: string; readonly layer: string };

type Admission = Result<Rollout, AdmissionError>;

/** Asks every question about `next`, the rollout as it would be; the first refusal counts. */
export function admit(next: Rollout, surroundings: Surroundings): Admission {
  const before = surroundings.others.find((each) => each.flag === next.flag);
  const others = surroundings.others.filter((each) => each.flag !== next.flag);
  const questions = [
    () => checkCode(next, others),
    () => checkFreezes(next, before, surroundings),
    () => checkCap(next, before, { others, most: surroundings.maxLive }),
    () => checkPrerequisites(next, others),
    () => checkConflicts(next, others),
  ];
  for (const question of questions) {
    const answer = question();
    if (!answer.ok) return answer;
  }
  return ok(next);
}

function checkCode(next: Rollout, others: readonly Rollout[]): Admission {
  const twin = others.find((each) => each.code === next.code);
  return twin === undefined ? ok(next) : err({ reason: "duplicate_code", flag: twin.flag });
}

function checkFreezes(
  next: Rollout,
  before: Rollout | undefined,
  { freezes, nowMs }: Surroundings,
): Admission {
  const untilMs = frozenUntil(freezes, nowMs);
  const grows = next.sharePpm > (before?.sharePpm ?? 0);
  return grows && untilMs !== undefined ? err({ reason: "frozen", untilMs }) : ok(next);
}

/** Refuses one live rollout more than may be; those that are live already stay. */
function checkCap(
  next: Rollout,
  before: Rollout | undefined,
  { others, most }: { readonly others: readonly Rollout[]; readonly most: number },
): Admission {
  if (before !== undefined && isLive(before)) return ok(next);
  const live = others.filter(isLive).map((each) => each.flag);
  if (!isLive(next) || live.length < most) return ok(next);
  return err({ reason: "too_many_canaries", live, most });
}

/** Refuses what waits for a flag that is not there, not under way, or waits for it in turn. */
function checkPrerequisites(next: Rollout, others: readonly Rollout[]): Admission {
  const all = new Map([...others, next].map((each) => [each.flag, each]));
  for (const flag of next.prerequisites) {
    const required = all.get(flag);
    const under = required !== undefined && (isLive(required) || required.state === "promoted");
    if (required === undefined || (isLive(next) && !under && flag !== next.flag)) {
      return err({ reason: "missing_prerequisite", flag });
    }
  }
  const circle = circleFrom(next.flag, all);
  if (circle !== undefined) return err({ reason: "circular_prerequisite", flags: circle });
  const count = countPrerequisites(next, all, new Map());
  if (count <= mostPrerequisites) return ok(next);
  return err({ reason: "too_many_prerequisites", count, most: mostPrerequisites });
}

/** In flagd's terms every prerequisite is written out wherever it is needed. */
const mostPrerequisites = 32;

function countPrerequisites(
  { flag, prerequisites }: Rollout,
  all: ReadonlyMap<string, Rollout>,
  known: Map<string, number>,
): number {
  let count = known.get(flag) ?? 0;
  if (known.has(flag)) return count;
  for (const name of prerequisites) {
    const required = all.get(name);
    count += 1 + (required === undefined ? 0 : countPrerequisites(required, all, known));
  }
  known.set(flag, count);
  return count;
}

/** A way from `flag` along prerequisites back to it. */
function circleFrom(
  flag: string,
  all: ReadonlyMap<string, Rollout>,
): readonly string[] | undefined {
  const seen = new Set<string>();
  const ways: (readonly string[])[] = [[flag]];
  for (let way = ways.pop(); way !== undefined; way = ways.pop()) {
    for (const required of all.get(way.at(-1) ?? "")?.prerequisites ?? []) {
      if (required === flag) return [...way, flag];
      if (!seen.has(required)) ways.push([...way, required]);
      seen.add(required);
    }
  }
  return undefined;
}

/**
 * Refuses two live rollouts on one parameter, unless ranges of one exclusion layer or audiences
 * of two accounts keep them apart; and ranges of one layer that are not apart.
 */
function checkConflicts(next: Rollout, others: readonly Rollout[]): Admission {
  if (!isLive(next)) return ok(next);
  for (const other of others.filter(isLive)) {
    const layer = next.layer?.name;
    if (layer !== undefined && layer === other.layer?.name) {
      const { flag } = other;
      if (other.unit !== next.unit) return err({ reason: "layer_units_differ", flag, layer });
      if (overlap(next, other)) return err({ reason: "layer_overlap", flag, layer });
    } else if (!areOfTwoAccounts(next, other)) {
      const parameters = sharedParameters(next, other);
      if (parameters.length > 0) {
        return err({ reason: "parameter_conflict", flag: other.flag, parameters });
      }
    }
  }
  return ok(next);
}

function overlap(next: Rollout, other: Rollout): boolean {
  const taken = other.layer?.ranges ?? [];
  return (next.layer?.ranges ?? []).some(([from, to]) =>
    taken.some(([start, end]) => from < end && start < to),
  );
}

function sharedParameters(next: Rollout, other: Rollout): readonly ParameterName[] {
  const taken = new Set(patchedParameters(other.patch));
  return patchedParameters(next.patch).filter((name) => taken.has(name));
}
